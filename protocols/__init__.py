"""Bytes and values: what travels on each wire of the bench, and the event that all evidence is made of.

Pure: no input or output, no clock, no threads, no YAML. Everything else in the house may import from here.
"""
