"""From poses to speeds, posture facts and the states they support."""
