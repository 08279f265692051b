"""Calibrating a rig from a folder of pictures or videos: reading, fitting, reporting."""
