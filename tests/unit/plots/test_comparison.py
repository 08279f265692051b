import numpy as np
import pandas as pd

from mousegpt.plots.comparison import plot_comparison


def make_scores():
    rows = [
        (model, metric, value, value - 0.05, value + 0.05)
        for model, value in (("before", 0.4), ("after", 0.8), ("blind", 0.1))
        for metric in ("right behavior", "hallucination", "correct", "correct head", "words")
    ]
    return pd.DataFrame(rows, columns=["model", "metric", "value", "low", "high"])


def test_every_share_has_a_mark_and_an_interval_a_describer():
    ax = plot_comparison(make_scores())
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["behaviour", "hallucination rate", "without contradiction", "… in head"]
    headings = [text.get_text() for text in ax.texts]
    assert headings == [
        "Attributes told rightly", "Claims contradicted (less is better)", "Descriptions"
    ]  # fmt: skip
    marks = [line.get_xdata() for line in ax.lines if line.get_marker() not in ("None", "")]
    np.testing.assert_allclose(marks, [[0.4] * 4, [0.8] * 4, [0.1] * 4])
    ends = [path.vertices[:, 0] for group in ax.collections for path in group.get_paths()]
    np.testing.assert_allclose(ends, [[0.35, 0.45]] * 4 + [[0.75, 0.85]] * 4 + [[0.05, 0.15]] * 4)


def test_what_is_unknown_has_no_mark():
    scores = make_scores()
    scores.loc[scores["metric"] == "hallucination", ["value", "low", "high"]] = np.nan
    marks = [
        line for line in plot_comparison(scores).lines if line.get_marker() not in ("None", "")
    ]
    assert all(np.isnan(line.get_xdata()[1]) for line in marks)
