"""Files only: videos, poses, calibrations, tables and the manifest. Never computes."""
