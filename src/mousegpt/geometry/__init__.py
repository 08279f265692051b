"""Several views and one space: calibration, triangulation, and checks by projection."""
