"""A project on disk and the one staircase of steps."""
