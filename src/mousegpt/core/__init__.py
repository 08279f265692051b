"""Nouns: frozen, validated, free of input and output."""
