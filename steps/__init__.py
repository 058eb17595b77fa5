"""Given, When, Then: a module a noun. A step is a sentence; what it does stands in `Story`."""
