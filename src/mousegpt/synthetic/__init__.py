"""A mouse whose truth is known."""
