"""Statistics of labels over time: proportions, bouts, occurrence."""
