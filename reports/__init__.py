"""Verdicts from a run folder, and documents from the verdicts. Nothing here knows the rig that made the run."""
