"""Turn videos and poses of mice into words, numbers and figures.

The rooms of the house, from the ground up (a room imports only from below):

``core``
    Nouns: skeleton, recording, calibration, poses, posture facts, descriptions, table schemas.
``io`` · ``stats`` · ``ports``
    Files; statistics of labels; the small protocols through which models enter.
``geometry`` · ``kinematics`` · ``vision`` · ``description`` · ``behavior`` · ``plots`` · …
    Pure functions that do not know each other (also ``synthetic``), and ``backends``, the home of
    model libraries.
``pipeline``
    A project on disk and the one staircase of steps.
``cli``
    The thin face.
"""

__version__ = "0.1.0"
