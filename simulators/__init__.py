"""The virtual twins of everything on the bench. Each is handed an `emit` and tells what it sees."""
