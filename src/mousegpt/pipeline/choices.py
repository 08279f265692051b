"""Which back ends a project uses; who finds the poses of a recording, and who describes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

from mousegpt.backends import registry
from mousegpt.backends.registry import SHIPPED, NetworkKind, find_network
from mousegpt.core.errors import BackendError, ProjectError
from mousegpt.core.recording import Recording
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import hash_file, load_provenance

NETWORKS: Final[tuple[NetworkKind, ...]] = get_args(NetworkKind)
NO_NETWORK: Final = "none"

#: Describers: a grammar that words poses, our own small model that looks at pictures; and, for
#: each recording, the first where there are poses and the second where there are none.
KINEMATIC: Final = "kinematic"
NANO: Final = "nano"
AUTOMATIC: Final = "auto"

#: The embedded back end of each port; ``[backends]`` in mousegpt.toml names another.
DEFAULT_BACKENDS: Final = {
    "embedder": "bge-small",
    "labeler": "rules",
    "describer": AUTOMATIC,
    "judge": "none",
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


def locate_model(project: Project, name: str) -> Path:
    """Return where a model of this machine lies: "KIND:PLACE", or "KIND" for the shipped one."""
    kind, _, place = name.partition(":")
    return project.folder / place if place else registry.WEIGHTS / f"{kind}.zip"


def choose_model(project: Project, describer: str) -> str:
    """Return the name of the describer that looks at pictures; "" when there is none."""
    if describer == KINEMATIC:
        return ""
    if describer != AUTOMATIC:
        return describer
    return NANO if locate_model(project, NANO).is_file() else ""


def plan_recording(project: Project, recording: Recording, names: Mapping[str, str]) -> Recording:
    """Say where the poses of a recording will be, and who describes it.

    Where networks have looked and found no mouse, and there is a model that needs no poses, the
    recording is ``unseen`` and does without them.
    """
    planned = plan_poses(project, recording, names)
    model = choose_model(project, names["describer"]) if planned.videos else ""
    unseen = planned.estimated and bool(model) and list_seen(project, planned) == []
    by_poses = names["describer"] in (AUTOMATIC, KINEMATIC) and planned.poses and not unseen
    describer = KINEMATIC if by_poses else model
    return planned.model_copy(update={"unseen": unseen, "describer": describer})


def list_seen(project: Project, recording: Recording) -> list[str] | None:
    """Return the views in which networks found a mouse; None when they have not looked yet."""
    record = load_provenance(project.provenance("poses2d", recording.id))
    return None if record is None else list(record.notes["views_used"])


def tell_describer(project: Project, planned: Recording, names: Mapping[str, str]) -> str:
    """Say who describes a recording, from what; or why nobody does."""
    describer, model = names["describer"], choose_model(project, names["describer"])
    if planned.describer == KINEMATIC:
        told = f"{KINEMATIC}, from poses"
        if planned.estimated and model:
            told += f"; {model}, from pictures, where networks find no mouse"
        return told
    if planned.describer:
        return f"{planned.describer}, from pictures"
    if not planned.videos:
        return f"nobody: there is no video, which '{model}' needs" if planned.poses else "nobody"
    if describer == KINEMATIC:
        return "nobody: there are no poses, which [backends] describer = 'kinematic' needs"
    return (
        "nobody: there are no poses, and this installation has no model that does without "
        f"({locate_model(project, NANO)} is missing; docs/nano.md); name one: [backends] describer"
    )
