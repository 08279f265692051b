"""Several views and one space: triangulation and checks by projection."""
