"""How near a result is to the truth: scores, and where they are bad."""
