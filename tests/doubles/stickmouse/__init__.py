"""A mouse of sticks and balls in closed form: a second opinion on kinematics, for tests alone.

It shares no code with the synthetic mouse of the package, and needs no graphics to be drawn.
"""
