"""How the mouse holds and moves itself: clean poses, floor, speeds, facts, states, activity."""
