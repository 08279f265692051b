"""Figures: ``plot_*(…, ax=None) -> Axes``; never shows, never saves."""
