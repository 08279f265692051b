import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from mousegpt.core.errors import DataError
from mousegpt.plots.pose_errors import plot_pck, plot_pose_errors


def make_keypoints(views: tuple[str, ...]) -> pd.DataFrame:
    rows = [(view, name) for view in views for name in ("Snout", "Hip", "TailEnd")]
    table = pd.DataFrame(rows, columns=["view", "keypoint"]).assign(unit="mm")
    for name, value in {"q25": 1.0, "median": 2.0, "q75": 3.0, "q95": 6.0}.items():
        table[f"error_{name}"] = value * np.arange(1, len(table) + 1)
    return table


def make_curves(views: tuple[str, ...]) -> pd.DataFrame:
    fractions = np.linspace(0, 0.3, 7)
    return pd.concat(
        pd.DataFrame({"view": view, "keypoint": name, "fraction": fractions, "pck": fractions})
        for view in views
        for name in ("all", "Snout", "Hip", "TailEnd")
    )


@pytest.mark.parametrize("views", [("top",), ("top", "left", "right")])
def test_every_view_and_keypoint_has_its_marks(views: tuple[str, ...]) -> None:
    keypoints = make_keypoints(views)
    ax = plot_pose_errors(keypoints)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Snout", "Hip", "TailEnd"]
    assert ax.get_xlabel().startswith("Error (mm)")
    drawn = np.concatenate(
        [line.get_xdata() for line in ax.lines if line.get_marker() not in ("|", "None")]
    )
    np.testing.assert_allclose(np.sort(drawn), keypoints["error_median"])
    assert (ax.get_legend() is None) == (len(views) == 1)


def test_a_keypoint_never_found_has_no_mark() -> None:
    keypoints = make_keypoints(("top",))
    keypoints.loc[1, [c for c in keypoints if c.startswith("error")]] = np.nan
    assert len(plot_pose_errors(keypoints).get_yticks()) == 3


def test_of_one_view_the_parts_of_the_body_are_drawn() -> None:
    legend = plot_pck(make_curves(("top",))).get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["all", "body", "head", "tail"]


def test_of_several_views_each_has_a_line() -> None:
    ax = plot_pck(make_curves(("top", "left")))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["top", "left"]
    assert ax.get_ylim()[0] == 0


def test_given_axes_are_used_and_empty_tables_refused() -> None:
    ax = Figure().add_subplot()
    assert plot_pck(make_curves(("top",)), ax=ax) is ax
    other = Figure().add_subplot()
    assert plot_pose_errors(make_keypoints(("top",)), ax=other) is other
    with pytest.raises(DataError, match="at least one row"):
        plot_pck(make_curves(("top",)).iloc[:0])
