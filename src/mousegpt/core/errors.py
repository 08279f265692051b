"""Errors a user can cause or meet.

Each message is one sentence or two: what was expected, what was found, what to do. ::

    MouseGPTError
    ├── DataError (ValueError)     a table, a video or a pose file is not what it should be
    ├── CalibrationError           a calibration is unusable
    ├── DescriptionError           a description cannot be made or read
    ├── BackendError               a model or a service is missing or fails
    ├── ProjectError               a project folder, its lock or its settings
    └── UsageError                 the command line was used wrongly (exit status 2)
"""


class MouseGPTError(Exception):
    """Base of every error that mousegpt raises on purpose."""


class DataError(MouseGPTError, ValueError):
    """A file or an array is not what it should be."""


class CalibrationError(MouseGPTError):
    """A calibration is missing or unusable."""


class DescriptionError(MouseGPTError):
    """A description cannot be made or read."""


class BackendError(MouseGPTError):
    """A model or a service is missing or fails."""


class ProjectError(MouseGPTError):
    """A project folder, its lock or its settings are not usable."""


class UsageError(MouseGPTError):
    """A command or an option was used wrongly; the command line exits with 2."""
