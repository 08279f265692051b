"""The thin face: parse, call, print."""
