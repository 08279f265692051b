"""Words for frames."""
