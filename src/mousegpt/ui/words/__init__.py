"""The page on which descriptions are read, every clause with its verdict."""
