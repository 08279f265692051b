"""Judge and fact checker side by side."""

import numpy as np
import pandas as pd
import pytest

from mousegpt.description.agreement import measure_agreement


def make_curated(rows):
    """Rows of recording, accuracy (None: not rated), supported and contradicted claims."""
    columns = ["recording", "accuracy", "n_supported", "n_contradicted"]
    table = pd.DataFrame(rows, columns=columns).assign(individual="m")
    table["lowest"] = table["accuracy"].astype(float)
    return table.assign(good=table["lowest"] >= 6)


def test_two_that_always_agree():
    found = measure_agreement(make_curated([("a", 9, 3, 0), ("a", 2, 3, 1), ("b", 8, 2, 0)]))
    assert (found.n, found.both_good, found.both_object) == (3, 2, 1)
    assert (found.share, found.low, found.high, found.kappa, found.ranked) == (1, 1, 1, 1, 1)


def test_two_that_know_nothing_of_each_other():
    rows = [("ab"[i % 2], accuracy, 3, wrong)
            for i, (accuracy, wrong) in enumerate([(9, 0), (9, 1), (2, 0), (2, 1)])]  # fmt: skip
    found = measure_agreement(make_curated(rows))
    assert (found.judge_objects, found.pose_objects) == (1, 1)
    assert (found.share, found.kappa, found.ranked) == (0.5, 0, 0.5)


def test_kappa_takes_chance_away():
    rows = [("a", 9, 1, 0)] * 8 + [("a", 9, 1, 1), ("a", 2, 1, 1)]
    found = measure_agreement(make_curated(rows))
    assert found.share == 0.9
    assert found.kappa == pytest.approx((0.9 - 0.74) / 0.26)
    assert np.isnan(found.low)  # one animal


def test_what_only_one_could_judge_does_not_count():
    rows = [("a", 9, 0, 0), ("a", None, 3, 1), ("a", 9, 1, 0)]
    assert measure_agreement(make_curated(rows)).n == 1


def test_nothing_to_compare():
    found = measure_agreement(make_curated([("a", None, 0, 0)]))
    assert found.n == 0
    assert np.isnan([found.share, found.kappa, found.ranked, found.low]).all()
    alike = measure_agreement(make_curated([("a", 9, 1, 0), ("b", 9, 1, 0)]))
    assert alike.share == 1
    assert np.isnan([alike.kappa, alike.ranked]).all()
