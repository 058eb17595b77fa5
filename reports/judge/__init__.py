"""The judge: criteria and auditors as pure functions of a timeline and a market."""
