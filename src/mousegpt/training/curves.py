"""The picture of how a training went."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from mousegpt.io.atomic import write_atomically
from mousegpt.plots.curves import plot_curves
from mousegpt.plots.style import publication_style


@publication_style()
def draw_curves(log: pd.DataFrame, path: Path) -> None:
    """Draw losses over the epochs into a PNG, the same bytes for the same log."""
    stream = io.BytesIO()
    figure = plot_curves(log).figure
    figure.canvas.print_figure(stream, format="png", dpi=200, metadata={"Software": None})
    write_atomically(path, stream.getvalue())
