"""Labelling: a recording's pictures and predictions, and what a person says about them."""
