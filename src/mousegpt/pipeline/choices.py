"""Which back ends a project uses, and which of its recordings get their poses from networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from mousegpt.backends.registry import SHIPPED, NetworkKind, find_network
from mousegpt.core.errors import BackendError, ProjectError
from mousegpt.core.recording import Recording
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import hash_file

NETWORKS: Final[tuple[NetworkKind, ...]] = get_args(NetworkKind)
NO_NETWORK: Final = "none"

#: The embedded back end of each port; ``[backends]`` in mousegpt.toml names another.
DEFAULT_BACKENDS: Final = {
    "embedder": "bge-small",
    "labeler": "rules",
    "describer": "kinematic",
    "detector": SHIPPED,
    "pose": SHIPPED,
}


def choose_backends(project: Project, given: Mapping[str, Any]) -> dict[str, str]:
    """Return the name of the back end of each port; of a network's file, its whole path.

    Parameters
    ----------
    given
        The table ``[backends]`` of the project's settings.

    Raises
    ------
    ProjectError
        When it names a port that does not exist, or a file of a network that is not there.
    """
    unknown = sorted(set(given) - set(DEFAULT_BACKENDS))
    if unknown:
        raise ProjectError(
            f"[backends] in {project.settings} has no entry '{unknown[0]}'; it has "
            f"{', '.join(DEFAULT_BACKENDS)}."
        )
    names = {port: str(name) for port, name in {**DEFAULT_BACKENDS, **given}.items()}
    for port in NETWORKS:
        if names[port] not in (SHIPPED, NO_NETWORK):
            path = project.folder / names[port]  # an absolute path stays as it is
            names[port] = str(find_network(port, str(path)))
    return names


def identify_backends(names: Mapping[str, str]) -> dict[str, str]:
    """Return what makes one back end differ from another: networks are known by their bytes."""
    identities = dict(names)
    for port in NETWORKS:
        try:
            if names[port] != NO_NETWORK:
                identities[port] = hash_file(find_network(port, names[port]))[:16]
        except BackendError:
            identities[port] = "missing"
    return identities


def explain_no_networks(names: Mapping[str, str]) -> str | None:
    """Say why no poses can be estimated from videos; None when they can."""
    off = [port for port in NETWORKS if names[port] == NO_NETWORK]
    if off:
        return f"networks are turned off ([backends] {off[0]} = '{NO_NETWORK}')"
    try:
        for port in NETWORKS:
            find_network(port, names[port])
    except BackendError as error:
        return str(error)
    return None


def plan_poses(project: Project, recording: Recording, names: Mapping[str, str]) -> Recording:
    """Say where the poses of a recording will be: its files, or those estimated from its videos."""
    if recording.poses or not recording.videos or explain_no_networks(names):
        return recording
    file = project.table("poses2d", recording.id, "arrays")
    return recording.model_copy(update={"poses": {"": file}, "pose_unit": "px", "estimated": True})
