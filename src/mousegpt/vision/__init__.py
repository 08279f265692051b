"""Boxes around the mouse and mosaics of orthogonal views."""
