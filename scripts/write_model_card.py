"""Writes docs/model_card.md from the JSON of ``python -m benchmarks pose`` and the written part.

    python -m scripts.write_model_card results.json [--pictures] [--status TEXT]

With ``--pictures`` the worst synthetic pictures are drawn into docs/img (the same networks must be
named as in the benchmark; rendered scenes are taken from its folder). Pictures of real mice are
never written.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from benchmarks._pose_scenes import SIZE
from benchmarks._pose_synthetic import measure_lengths, rank_pictures
from benchmarks.pose import estimate_scenes, find_networks

from mousegpt.vision.contact import draw_pose_pair, make_contact_sheet

ROOT = Path(__file__).parents[1]
WORDS = Path(__file__).with_name("model_card_words.md")
FAILURES = Path(__file__).with_name("model_card_failures.md")
CARD, PICTURE = ROOT / "docs" / "model_card.md", ROOT / "docs" / "img" / "pose_worst.png"
VARIANTS = {"real": "as shipped", "real_zero_shot": "zero-shot", "real_finetuned": "fine-tuned"}
N_WORST = 12

Cells = list[list[str]]


def make_table(head: list[str], rows: Cells) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def tell(value: Any, digits: int = 2, unit: str = "") -> str:
    if value is None:
        return "–"
    return f"{value:.{digits}f}{unit}" if isinstance(value, float) else f"{value}{unit}"


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def tabulate_synthetic(scores: dict[str, Any]) -> str:
    names = {
        "visible_keypoints": "visible keypoints",
        "all_keypoints": "all keypoints, hidden ones too",
        "visible_keypoints_true_boxes": "visible, in the true boxes",
        "visible_keypoints_blind": "visible, blind",
    }
    flat = [
        [name, percent(row["pck_0.05"]), percent(row["pck_0.1"]), tell(row["median_px"], 1),
         percent(row["median_share"]), str(row["n"])]
        for name, row in ((names[key], scores[key]) for key in names)
    ]  # fmt: skip
    solids = {
        "space": "eight views, our triangulation",
        "space_true_boxes": "the same in the true boxes",
        "space_plain_dlt": "plain DLT of the same keypoints",
    }
    solid = [
        [name, tell(row["mpjpe_mm"]), tell(row["median_mm"]), tell(row["p95_mm"]),
         percent(row["refused_share"]), percent(row["pck_0.05"])]
        for name, row in ((solids[key], scores[key]) for key in solids)
    ]  # fmt: skip
    box = scores["detector"]
    return "\n\n".join(
        [
            f"Detector: the mouse is found (IoU ≥ 0.5) in {percent(box['found_share'])} of "
            f"{box['n_pictures']} pictures; median IoU {tell(box['iou_median'])}. Left and right "
            f"ear are exchanged in {percent(scores['ears']['swapped_share'])} of the pictures that "
            f"show both, hind paws in {percent(scores['hindpaws']['swapped_share'])}.",
            make_table(
                ["in pictures", "PCK@0.05", "PCK@0.1", "median px", "of the body", "n"], flat
            ),
            make_table(
                ["in space", "MPJPE mm", "median mm", "95 % mm", "refused", "PCK@0.05"], solid
            ),
        ]
    )


def tabulate_keypoints(scores: dict[str, Any]) -> str:
    rows = []
    for name, flat in scores["by_keypoint"].items():
        solid = scores["space_by_keypoint"][name]
        rows.append(
            [name, percent(flat["pck_0.05"]), percent(flat["pck_0.1"]), tell(flat["median_px"], 1),
             tell(solid["mpjpe_mm"]), tell(solid["median_mm"]), percent(solid["refused_share"])]
        )  # fmt: skip
    head = ["keypoint", "PCK@0.05", "PCK@0.1", "median px", "MPJPE mm", "median mm", "refused"]
    return make_table(head, rows)


def pick_variants(results: dict[str, Any], part: str) -> dict[str, dict[str, Any]]:
    """Return a part of the real results of each kind of networks that was judged on it."""
    real = {name: results[key] for key, name in VARIANTS.items() if key in results}
    return {
        name: each[part] for name, each in real.items() if isinstance(each, dict) and part in each
    }


def tabulate_real(results: dict[str, Any]) -> str:
    head = ["networks", "found", "PCK@0.05", "PCK@0.1", "median px",
            "PCK@0.05 in true boxes", "PCK@0.1 in true boxes", "ears exchanged",
            "MPJPE mm", "refused"]  # fmt: skip
    rows = []
    for name, each in pick_variants(results, "cylinder").items():
        sure, given, solid = (
            each["sure_keypoints"], each["sure_keypoints_true_boxes"], each["space_two_views"],
        )  # fmt: skip
        rows.append(
            [name, percent(each["detector"]["found_share"]), percent(sure["pck_0.05"]),
             percent(sure["pck_0.1"]), tell(sure["median_px"], 1), percent(given["pck_0.05"]),
             percent(given["pck_0.1"]), percent(each["ears"]["swapped_share"]),
             tell(solid["mpjpe_mm"]), percent(solid["refused_share"])]
        )  # fmt: skip
        blind = each["sure_keypoints_blind"]
    if not rows:
        return "Not measured: the recordings were not there."
    rows.append(["blind", "–", "–", "–", "–", percent(blind["pck_0.05"]),
                 percent(blind["pck_0.1"]), "–", "–", "–"])  # fmt: skip
    return make_table(head, rows)


def tabulate_real_keypoints(results: dict[str, Any]) -> str:
    variants = pick_variants(results, "cylinder")
    head = ["keypoint", "n", *(f"{name}: PCK@0.05, @0.1, px" for name in variants)]
    names = next(iter(variants.values()))["by_keypoint"] if variants else {}
    rows = []
    for name in names:
        cells = [each["by_keypoint"][name] for each in variants.values()]
        told = [
            f"{percent(row['pck_0.05'])}, {percent(row['pck_0.1'])}, {tell(row['median_px'], 1)}"
            for row in cells
        ]
        rows.append([name, str(cells[0]["n"]), *told])
    return make_table(head, rows) if rows else "–"


def tabulate_clip(results: dict[str, Any]) -> str:
    rows = []
    for name, alone in pick_variants(results, "clip").items():
        ways = {"alone": alone} | ({"agreed": alone["agreed"]} if "agreed" in alone else {})
        for way, each in ways.items():
            found = ", ".join(
                f"{view[-1]} {percent(row['confirmed_share'])}"
                for view, row in each["views"].items()
            )
            expected = ", ".join(
                f"{view[-1]} {percent(row['expected_share'])}"
                for view, row in each["views"].items()
                if row.get("expected_share")
            )
            rows.append(
                [name, way, found, expected or "none", percent(each["triangulated_share"]),
                 tell(each["reprojection_median_px"], 1), percent(each["bone_variation_median"]),
                 tell(each["body_length_mm"], 0)]
            )  # fmt: skip
    head = ["networks", "views", "found in view", "of all, only expected",
            "keypoints triangulated", "reprojection px", "bones vary",
            "body mm (labels: 74.5)"]  # fmt: skip
    return make_table(head, rows) if rows else "–"


def tabulate_openfield(results: dict[str, Any]) -> str:
    rows = [
        [name, percent(each["box_around_labels_share"]), percent(each["keypoints"]["pck_0.05"]),
         percent(each["keypoints"]["pck_0.1"]), tell(each["keypoints"]["median_px"], 1),
         percent(each["ears"]["swapped_share"])]
        for name, each in pick_variants(results, "openfield").items()
    ]  # fmt: skip
    head = ["networks", "box around the labels", "PCK@0.05", "PCK@0.1", "median px",
            "ears exchanged"]  # fmt: skip
    return make_table(head, rows) if rows else "–"


def draw_worst(n_worst: int, *, quick: bool = False) -> None:
    """Draw the worst synthetic pictures, at most two of a moment."""
    networks = find_networks()
    if networks is None:
        raise SystemExit("No networks: name them as for the benchmark.")
    estimates = estimate_scenes(networks, quick)
    tiles, captions, taken = [], [], {}
    for error, place, view, moment in rank_pictures(estimates):
        each = estimates[place]
        taken[place, moment] = taken.get((place, moment), 0) + 1
        if taken[place, moment] > 2:
            continue
        truth = np.where(each.scene.visible[view, moment, :, None], each.scene.pixels[view, moment],
                         np.nan)  # fmt: skip
        found = each.shape(each.own)[view, moment, :, :2]
        least = float(measure_lengths(each.scene).max())
        image = each.scene.read(view, moment)
        tiles.append(draw_pose_pair(image, truth, found, size_px=280, least_px=least))
        captions.append(f"scene {place}, {each.scene.rig.views[view]}: {100 * error:.0f} % of body")
        if len(tiles) == n_worst:
            break
    heading = "rings: truth (visible), crosses: prediction; the worst pictures first"
    sheet = make_contact_sheet(tiles, captions, heading=heading)
    cv2.imwrite(str(PICTURE), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def describe_networks(results: dict[str, Any]) -> dict[str, str]:
    """Return the names of the networks, and what their files say of their training."""
    told = {"detector": str(results["detector"]), "pose": str(results["pose"])}
    for kind in ("detector", "pose"):
        about = results.get(f"{kind}_about", {})
        told[f"{kind}_sources"] = about.get("sources", "–")
        told[f"{kind}_steps"] = about.get("steps", "–")
    return told


def write_card(results: dict[str, Any], status: str) -> str:
    synthetic = results["synthetic"]
    cylinder, clip, openfield = (
        next(iter(pick_variants(results, part).values()), {})
        for part in ("cylinder", "clip", "openfield")
    )
    picture = (
        "![The worst synthetic pictures](img/pose_worst.png)\n\n"
        "The twelve worst of the synthetic pictures, at most two of a moment."
        if PICTURE.exists()
        else ""
    )
    card = WORDS.read_text("utf-8").format(
        status=status,
        picture_size=f"{SIZE[0]} × {SIZE[1]} px",
        n_pictures=results["n"],
        n_pairs=cylinder.get("space_two_views", {}).get("n", 0),
        every=clip.get("every", 25),
        n_openfield=openfield.get("n_frames", 0),
        synthetic=tabulate_synthetic(synthetic),
        synthetic_keypoints=tabulate_keypoints(synthetic),
        real=tabulate_real(results),
        real_keypoints=tabulate_real_keypoints(results),
        clip=tabulate_clip(results),
        openfield=tabulate_openfield(results),
        failures=FAILURES.read_text("utf-8").strip(),
        picture=picture,
        **describe_networks(results),
    )
    return card.rstrip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, help="JSON of the benchmark")
    parser.add_argument("--pictures", action="store_true", help="draw the worst synthetic pictures")
    parser.add_argument("--status", default="", help="a sentence that stands first")
    asked = parser.parse_args()
    results = json.loads(asked.results.read_text("utf-8"))
    if "skipped" in results:
        raise SystemExit(f"The benchmark was skipped ({results['skipped']}).")
    if asked.pictures:
        draw_worst(N_WORST)
    CARD.write_text(write_card(results, asked.status), "utf-8")
    print(f"Model card: {CARD}")


if __name__ == "__main__":
    main()
