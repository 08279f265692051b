"""The files of a calibration: cameras in the formats asked for, figures, and a page to judge it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from mousegpt.core.errors import UsageError
from mousegpt.geometry.quality import Verdict, count_shared, judge_fit, summarize_cameras
from mousegpt.geometry.sheets import SHEET_SHOT, measure_sheet
from mousegpt.io.atomic import write_atomically
from mousegpt.io.calibration import save_calibration
from mousegpt.pipeline.calibration.calibrating import FolderFit, count_found
from mousegpt.pipeline.drawings import encode_figure
from mousegpt.pipeline.pictures import get_figure
from mousegpt.plots.calibration import plot_coverage, plot_rig

#: name on the command line -> format, and what is added to the name of the json
FORMATS: Final[Mapping[str, tuple[str, str]]] = {
    "anipose": ("Anipose toml", ".toml"),
    "opencv": ("OpenCV yml", "_opencv"),
    "easymocap": ("EasyMocap yml", "_easymocap"),
    "label3d": ("Label3D mat", "_label3d.mat"),
    "metashape": ("Metashape xml", "_metashape.xml"),
}


@dataclass(frozen=True, eq=False)
class CalibrationReport:
    """What is said about a calibration.

    Parameters
    ----------
    cameras
        A row a view.
    shared
        Boards that pairs of views saw together.
    sheet
        Distances on the sheet; a row a side.
    world
        What fixes the world, in one sentence.
    """

    verdict: Verdict
    cameras: pd.DataFrame
    shared: pd.DataFrame
    sheet: pd.DataFrame
    world: str


def report_calibration(result: FolderFit) -> CalibrationReport:
    """Judge a calibration and gather its numbers."""
    cameras = summarize_cameras(result.fit)
    counts = count_found(result.found)
    told = {
        view: ", ".join(f"{name} {text}" for name, text in row.items())
        for view, row in counts.items()
    }
    cameras = cameras.assign(found=cameras["view"].map(told))
    return CalibrationReport(
        judge_fit(result.fit, cameras),
        cameras,
        count_shared(result.fit),
        _measure_sides(result),
        _explain_world(result),
    )


def check_formats(formats: Sequence[str]) -> None:
    """Refuse a format that does not exist.

    Raises
    ------
    UsageError
        When it does not.
    """
    unknown = [name for name in formats if name not in (*FORMATS, "all")]
    if unknown:
        raise UsageError(
            f"--format: expected {', '.join((*FORMATS, 'all'))}, found {', '.join(unknown)}."
        )


def write_calibration(
    result: FolderFit, report: CalibrationReport, path: Path, *, formats: Sequence[str] = ()
) -> list[Path]:
    """Write the cameras as json and in other formats, the figures and the report.

    Parameters
    ----------
    path
        The json; other files have its name with something added.
    formats
        Names of `FORMATS`, or "all".

    Returns
    -------
    list of Path
        What was written: files, and folders of formats with a file a camera.
    """
    check_formats(formats)
    calibration, stem = result.fit.calibration, path.with_suffix("")
    save_calibration(calibration, path)
    written = [path]
    for name in FORMATS if "all" in formats else dict.fromkeys(formats):
        form, ending = FORMATS[name]
        other = stem.with_name(stem.name + ending)
        save_calibration(calibration, other, form=form)
        written.append(other)
    figures = _draw_figures(result)
    page = _render_page(result, report, figures).encode()
    files = {f"_{name}.png": content for name, content in figures.items()}
    for ending, content in {**files, "_report.html": page}.items():
        written.append(stem.with_name(stem.name + ending))
        write_atomically(written[-1], content)
    return written


def _measure_sides(result: FolderFit) -> pd.DataFrame:
    """Compare the sides of the sheet with what they should be, cm."""
    fit, sheet = result.fit, result.plan.sheet
    sightings = [s for s in fit.placement.sightings if s.shot == SHEET_SHOT]
    pairs = measure_sheet(fit.placement.cameras, sightings, sheet)
    rows = []
    for name, span in zip(("long side", "short side"), sheet.span_cm, strict=True):
        side = pairs[np.isclose(pairs["expected_cm"], span)]
        if len(side):
            rows.append(
                {
                    "side": name,
                    "pairs": len(side),
                    "expected_cm": span,
                    "measured_cm": side["measured_cm"].mean(),
                    "spread_cm": np.ptp(side["measured_cm"]),
                }
            )
    return pd.DataFrame(rows, columns=["side", "pairs", "expected_cm", "measured_cm", "spread_cm"])


def _explain_world(result: FolderFit) -> str:
    fit = result.fit
    if fit.anchor != SHEET_SHOT:
        axes = "origin in its middle, x along its long side, z out of its face"
        return (
            f"There is no sheet of markers: the world is the board of the picture '{fit.anchor}' "
            f"({axes}); lay the board on the floor in the first shared picture to get z up."
        )
    world = "The world is the sheet: origin at its dot, x along its long side, z up, in cm."
    if fit.sheet_scale is None:
        return f"{world} One camera alone sees the sheet, so its size could not be checked."
    whose = "boards" if result.plan.scale_by == "boards" else "sheet"
    off = 100 * abs(fit.sheet_scale - 1)
    return f"{world} Its scale is that of the {whose}; sheet and boards differ by {off:.2f} %."


def _draw_figures(result: FolderFit) -> dict[str, bytes]:
    """Draw the figures of the report as PNG."""
    fit = result.fit
    sizes = {view: camera.size for view, camera in fit.placement.cameras.items()}
    middles = [t[:2] for shot, (_, t) in fit.placement.boards.items() if shot.startswith("shared")]
    boards = pd.DataFrame(np.array(middles).reshape(-1, 2), columns=["x", "y"])
    axes = {
        "coverage": plot_coverage(fit.points, sizes),
        "rig": plot_rig(fit.calibration, boards),
    }
    return {name: encode_figure(get_figure(ax))["png"] for name, ax in axes.items()}


def _render_page(result: FolderFit, report: CalibrationReport, figures: Mapping[str, bytes]) -> str:
    environment = Environment(
        loader=PackageLoader("mousegpt.pipeline"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pictures = {
        name: "data:image/png;base64," + base64.b64encode(content).decode()
        for name, content in figures.items()
    }
    return environment.get_template("calibration.html.j2").render(
        report=report,
        cameras=report.cameras.to_dict("records"),
        shared=report.shared.to_dict("index"),
        sheet=report.sheet.to_dict("records"),
        sets=list(dict.fromkeys(result.found["set"])),
        found=count_found(result.found),
        pictures=pictures,
        plan=result.plan,
    )
