"""Synthetic studies as folders on disk: recordings as a laboratory has them, and their truth."""
