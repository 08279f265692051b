import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from mousegpt.core.errors import DataError
from mousegpt.synthetic.behaviors import BEHAVIORS, CUT_SD, ETHOGRAM, Bout, draw_lengths


def test_the_table_has_the_names_that_all_rooms_use() -> None:
    assert set(BEHAVIORS) == {
        *("still", "crouched", "lying", "sniffing", "head scanning", "walking", "running"),
        *("backing", "turning", "rearing", "supported rearing", "wall exploration"),
        *("face grooming", "body grooming", "scratching", "head twitch", "wet-dog shake"),
        *("jumping", "stretch-attending", "digging", "circling"),
    }
    assert tuple(ETHOGRAM) == BEHAVIORS


@pytest.mark.parametrize("name", BEHAVIORS)
def test_the_mean_is_the_integral_of_the_cut_log_normal(name: str) -> None:
    row = ETHOGRAM[name]
    kept = norm.cdf(CUT_SD) - norm.cdf(-CUT_SD)
    integral, _ = quad(
        lambda z: row.median_s * np.exp(row.log_sd * z) * norm.pdf(z) / kept, -CUT_SD, CUT_SD
    )
    assert row.mean_s == pytest.approx(integral, rel=1e-9)


@pytest.mark.parametrize("name", BEHAVIORS)
def test_drawn_lengths_keep_to_their_range_and_their_mean(name: str) -> None:
    row = ETHOGRAM[name]
    lengths = draw_lengths(name, 20_000, np.random.default_rng(0))
    shortest, longest = row.range_s
    assert shortest <= lengths.min() and lengths.max() <= longest
    assert np.median(lengths) == pytest.approx(row.median_s, rel=0.03)
    assert lengths.mean() == pytest.approx(row.mean_s, rel=0.03)


def test_fast_events_are_as_fast_as_in_real_mice() -> None:
    shortest, longest = ETHOGRAM["head twitch"].range_s
    assert shortest == pytest.approx(0.06, abs=0.005) and longest == pytest.approx(0.1, abs=0.005)
    # a jump shows in one or two frames of a clock of 5 frames a second
    assert ETHOGRAM["jumping"].range_s[0] >= 0.2 and ETHOGRAM["jumping"].range_s[1] <= 0.4


def test_only_backing_goes_backward() -> None:
    assert [name for name in BEHAVIORS if ETHOGRAM[name].speed_cm_s[1] < 0] == ["backing"]
    assert all(row.speed_cm_s[0] <= row.speed_cm_s[1] for row in ETHOGRAM.values())
    assert not ETHOGRAM["still"].moves and ETHOGRAM["backing"].moves


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"behavior": "flying"}, "'flying'"),
        ({"duration_s": 0.0}, "a length above 0 s"),
        ({"duration_s": float("nan")}, "a length above 0 s"),
        ({"vigor": -1.0}, "a vigor above 0"),
        ({"side": 0}, "the side 1 or -1"),
        ({"hunch": float("inf")}, "a finite hunch"),
        ({"sway": 1.5}, "a sway from 0 to 1"),
    ],
)
def test_a_bout_that_cannot_be_is_told(change: dict[str, object], words: str) -> None:
    bout: dict[str, object] = {"behavior": "still", "duration_s": 1.0}
    with pytest.raises(DataError, match=words):
        Bout(**(bout | change))  # type: ignore[arg-type]
