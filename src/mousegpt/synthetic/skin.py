"""The skin of a mouse: fitted to its bones once, posed at every moment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.mesh import RawMesh
from mousegpt.synthetic.anatomy import BONES, N_TAIL, NECK, TAIL, Body
from mousegpt.synthetic.appendages import add_appendages
from mousegpt.synthetic.arena import SyntheticArena, find_wall_normal, measure_wall_distance
from mousegpt.synthetic.binding import bind_axis, bind_limbs, join_weights
from mousegpt.synthetic.body import Figure, pose_bind
from mousegpt.synthetic.coat import (
    comb_fur,
    lay_flat,
    mark_nose,
    mark_paws,
    mark_tail,
    measure_fur,
)  # fmt: skip
from mousegpt.synthetic.limbs import stretch_limbs
from mousegpt.synthetic.meshwork import compute_normals, smooth_shape
from mousegpt.synthetic.sculpting import (
    FLIP,
    clean_mesh,
    find_twins,
    measure_share,
    smooth_step,
    stretch_axis,
)  # fmt: skip
from mousegpt.synthetic.surface import Skin, Surface

FIRM, SOFT = 0.05, 0.28  # cm: how early naked and furry skin gives way to the floor
SKIN_SLACK, FACE_SLACK = 0.35, 0.06  # cm over which the skin of trunk and face smooths its bumps


def straighten_bind(body: Body) -> Figure:
    """Put the legs of ``pose_bind`` below a mouse whose neck, head and tail lie along x.

    Of the keypoints those of the limbs hold; head and tail have moved.
    """
    bind = pose_bind(body)
    origins, frames = bind.origins.copy(), bind.frames.copy()
    neck, skull, rump = (BONES.index(name) for name in ("spine_f", "skull", "rump"))
    frames[0, [neck, skull]] = np.eye(3)
    origins[0, skull] = origins[0, neck] + (NECK * body.size, 0, 0)
    for i in range(N_TAIL):
        bone = BONES.index(f"tail_{i + 1}")
        frames[0, bone] = np.diag([-1.0, -1.0, 1.0])
        origins[0, bone] = origins[0, rump] - (i * TAIL * body.size * body.tail, 0, 0)
    return replace(bind, origins=origins, frames=frames)


def fit_skin(rodent: RawMesh, body: Body) -> Skin:
    """Make a mouse of that build out of the rodent.

    Parameters
    ----------
    rodent
        As ``io.rodent.load_rodent`` returns it.

    Raises
    ------
    DataError
        When the mesh is not dm_control's rodent.

    Notes
    -----
    Departs from the rodent: everything but the topology and the paws. Dimensions follow adult
    C57BL/6J mice; see ``sculpting.SECTIONS``.
    """
    mesh, bind = clean_mesh(rodent), straighten_bind(body)
    hip = bind.origins[0, BONES.index("pelvis")]
    vertices = hip + stretch_axis(mesh, body.size, body.tail)
    vertices = stretch_limbs(mesh, vertices, bind, body.size)
    vertices = _round_off(mesh, vertices, body.size)
    limbs = bind_limbs(mesh, vertices, body.size)
    swell = _find_swell(vertices, limbs, bind)
    vertices = vertices + (body.girth - 1) * swell
    normals = compute_normals(vertices, mesh.faces)
    tail = mark_tail(vertices, mesh, bind, body.size)
    paw, nose = mark_paws(mesh), mark_nose(vertices, body.size)
    naked = np.minimum(tail + paw + nose, 1)
    trunk = Skin(
        vertices=vertices,
        faces=mesh.faces,
        normals=normals,
        groom=comb_fur(normals, limbs, bind),
        weights=join_weights(bind_axis(vertices, bind.origins[0], body.size), limbs),
        swell=swell,
        origins=bind.origins[0],
        frames=bind.frames[0],
        fur=measure_fur(vertices, mesh, naked, body.size),
        ear=np.zeros(len(vertices)),
        tail=tail,
        paw=paw,
        nose=nose,
        eye=np.zeros(len(vertices)),
    )
    return add_appendages(trunk, body)


def _round_off(mesh: RawMesh, vertices: FloatArray, size: float) -> FloatArray:
    """Drape loose skin over trunk, haunches and shoulders; spare face, paws and tail."""
    thin = measure_share(mesh, "vertebra_C", "lower", "hand", "finger", "foot", "toe")
    head = measure_share(mesh, "skull", "jaw")
    loose = np.clip(1 - thin - head, 0, 1)
    spread = SKIN_SLACK * loose + FACE_SLACK * np.minimum(head, 1)
    smooth = smooth_shape(vertices, mesh.faces, size * spread)
    return np.asarray((smooth + smooth[find_twins(mesh)] * FLIP) / 2)


def _find_swell(vertices: FloatArray, limbs: FloatArray, bind: Figure) -> FloatArray:
    """Let the trunk grow away from the spine's landmarks; head, tail and paws stay as they are."""
    rump, chest, nape = (
        bind.origins[0, BONES.index(name)] for name in ("rump", "spine_f", "skull")
    )
    x = vertices[:, 0]
    trunk = smooth_step(rump[0], 0.5 * rump[0], x) * smooth_step(nape[0], chest[0] - 0.5, x)
    trunk = trunk * (1 - limbs.sum(axis=1))
    return np.asarray(trunk[:, None] * (vertices - rump) * (0, 1, 1))


def pose_skin(
    skin: Skin, figure: Figure, index: int = 0, *, arena: SyntheticArena | None = None
) -> Surface:
    """Pose the skin at one moment of a figure.

    The flesh gives way softly to the floor and, where an arena is given, to its walls.

    Parameters
    ----------
    index
        Which moment of ``figure``.
    """
    turns = figure.frames[index] @ skin.frames.transpose(0, 2, 1)
    shifts = figure.origins[index] - np.einsum("bij,bj->bi", turns, skin.origins)
    motion = np.concatenate([turns, shifts[..., None]], axis=2).reshape(-1, 12)
    blend = (skin.weights @ motion).reshape(-1, 3, 4)
    rest = skin.vertices + (figure.girth[index] - 1) * skin.swell
    places = np.einsum("vij,vj->vi", blend[..., :3], rest) + blend[..., 3]
    places = press_flesh(places, FIRM + (SOFT - FIRM) * skin.fur, arena)
    normals = compute_normals(places, skin.faces)
    groom = lay_flat(np.einsum("vij,vj->vi", blend[..., :3], skin.groom), normals)
    return Surface(*(part.astype(np.float32) for part in (places, normals, groom)))


def press_flesh(
    places: FloatArray, softness: FloatArray, arena: SyntheticArena | None = None
) -> FloatArray:
    """Flatten flesh against the floor and the walls; what is farther than its softness stays.

    Parameters
    ----------
    softness
        Distance at which a vertex begins to give way, cm, shape (V,).
    """
    pressed = places.copy()
    pressed[:, 2] = yield_softly(places[:, 2], softness)
    if arena is None or arena.wall == "none":
        return pressed
    xy = places[:, :2]
    gap = measure_wall_distance(arena, xy)
    near = (gap < softness) & (pressed[:, 2] < arena.wall_height_cm)
    push = yield_softly(gap[near], softness[near]) - gap[near]
    pressed[near, :2] -= push[:, None] * find_wall_normal(arena, xy[near])
    return pressed


def yield_softly(gap: FloatArray, softness: FloatArray) -> FloatArray:
    """Keep gaps above ``softness`` and squeeze all others into a tenth of it and above.

    Examples
    --------
    >>> yield_softly(np.array([2.0, 1.0, -9.0]), np.array([1.0, 1.0, 1.0])).round(2).tolist()
    [2.0, 1.0, 0.1]
    """
    rest = 0.1 * softness
    room = softness - rest
    squeezed = rest + room * np.exp(np.minimum(gap - softness, 0) / room)
    return np.where(gap < softness, squeezed, gap)
