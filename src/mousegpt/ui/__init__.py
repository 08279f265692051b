"""Faces in the browser: they show what the pipeline gives, and hand back what a person does."""
