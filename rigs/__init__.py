"""The bench: rig and market files, drivers of devices, the recorder, self-test and lease."""
