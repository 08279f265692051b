import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.synthetic.behaviors import BEHAVIORS, ETHOGRAM
from mousegpt.synthetic.treatments import (
    TREATMENTS,
    blend_manner,
    compute_effect,
    find_treatment,
)

FULL = np.array([1.0])


def measure_rate_per_min(treatment: str, behavior: str, effect: float) -> float:
    manner = blend_manner(TREATMENTS[treatment], np.array([effect]))
    share = np.exp(manner.log_shares[0, BEHAVIORS.index(behavior)])
    return float(share / ETHOGRAM[behavior].mean_s * 60)


@pytest.mark.parametrize("name", TREATMENTS)
def test_no_effect_is_the_same_for_all(name: str) -> None:
    ours = blend_manner(TREATMENTS[name], np.zeros(1))
    saline = blend_manner(TREATMENTS["saline"], np.zeros(1))
    np.testing.assert_array_equal(ours.log_shares, saline.log_shares)
    assert [ours.vigor[0], ours.hunch_deg[0], ours.sway[0]] == [1, 0, 0]


@pytest.mark.parametrize("name", TREATMENTS)
@pytest.mark.parametrize("effect", [0.0, 1.0])
def test_the_states_share_all_time(name: str, effect: float) -> None:
    manner = blend_manner(TREATMENTS[name], np.array([effect]))
    assert np.exp(manner.log_shares).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("treatment", "effect", "per_min"),
    [("saline", 0, 0.1), ("LSD 2 mg/kg", 1, 3), ("psilocybin 10 mg/kg", 1, 2)],
)
def test_heads_twitch_at_the_rate_of_the_table(
    treatment: str, effect: float, per_min: float
) -> None:
    assert measure_rate_per_min(treatment, "head twitch", effect) == pytest.approx(per_min)


def test_psychedelics_alone_make_heads_twitch() -> None:
    rates = {name: measure_rate_per_min(name, "head twitch", 1.0) for name in TREATMENTS}
    psychedelic = {name for name in rates if name.startswith(("LSD", "psilocybin"))}
    assert {name for name, rate in rates.items() if rate > 1} == psychedelic


@pytest.mark.parametrize("compound", ["LSD", "psilocybin"])
def test_a_higher_dose_does_more_to_every_behavior(compound: str) -> None:
    doses = [t for t in TREATMENTS.values() if t.compound == compound]
    assert [t.dose_mg_per_kg for t in doses] == sorted(t.dose_mg_per_kg or 0 for t in doses)
    manners = [blend_manner(t, np.array([t.strength])) for t in doses]
    start = blend_manner(TREATMENTS["saline"], np.zeros(1)).log_shares[0]
    shifts = np.abs([manner.log_shares[0] - start for manner in manners])
    assert (np.diff(shifts, axis=0)[:, shifts[-1] > 1e-9] > 0).all()
    assert (np.diff([manner.hunch_deg[0] for manner in manners]) > 0).all()
    assert (np.diff([manner.vigor[0] for manner in manners]) < 0).all()


def test_only_mk801_circles_and_sways() -> None:
    circling = BEHAVIORS.index("circling")
    manners = {name: blend_manner(TREATMENTS[name], FULL) for name in TREATMENTS}
    shares = {name: np.exp(manner.log_shares[0, circling]) for name, manner in manners.items()}
    assert shares.pop("MK-801 0.3 mg/kg") > 0.15 and max(shares.values()) < 1e-6
    assert max(manners, key=lambda name: manners[name].sway[0]) == "MK-801 0.3 mg/kg"


def test_stressed_mice_are_the_most_hunched() -> None:
    hunch = {name: blend_manner(TREATMENTS[name], FULL).hunch_deg[0] for name in TREATMENTS}
    assert max(hunch, key=lambda name: hunch[name]) == "CRS"


def test_an_effect_peaks_once_and_at_its_strength() -> None:
    lsd = TREATMENTS["LSD 0.2 mg/kg"]
    assert lsd.course is not None
    peak = lsd.course.rise_min * np.log(1 + lsd.course.fall_min / lsd.course.rise_min)
    around = compute_effect(lsd, np.array([peak - 1, peak, peak + 1]))
    assert around[1] == pytest.approx(lsd.strength)
    assert around[1] > max(around[0], around[2])


def test_there_is_no_effect_before_the_injection() -> None:
    np.testing.assert_array_equal(
        compute_effect(TREATMENTS["LSD 2 mg/kg"], np.array([-5.0, 0.0])), 0
    )


def test_an_unknown_treatment_is_told() -> None:
    with pytest.raises(DataError, match="'caffeine'"):
        find_treatment("caffeine")
