import numpy as np
import pytest

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.synthetic.behaviors import BEHAVIORS, ETHOGRAM
from mousegpt.synthetic.transitions import FOLLOWS, limit_visits, solve_transitions

MEANS_S = np.array([ETHOGRAM[name].mean_s for name in BEHAVIORS])


def share_time(odds: FloatArray) -> FloatArray:
    """Shares of time of a semi-Markov chain, from the eigenvector of its transition matrix."""
    values, vectors = np.linalg.eig(odds.T)
    visits = np.real(vectors[:, np.argmin(np.abs(values - 1))])
    time = visits / visits.sum() * MEANS_S
    return np.asarray(time / time.sum())


def share_with_walking(of_visits: float) -> FloatArray:
    """Shares of time where walking makes up this share of all bouts."""
    visits = np.full(len(BEHAVIORS), (1 - of_visits) / (len(BEHAVIORS) - 1))
    visits[BEHAVIORS.index("walking")] = of_visits
    time = visits * MEANS_S
    return np.asarray(time / time.sum())


@pytest.mark.parametrize("seed", range(5))
def test_time_is_shared_exactly_as_wanted(seed: int) -> None:
    visits = np.random.default_rng(seed).dirichlet(np.full(len(BEHAVIORS), 3.0))
    shares = visits * MEANS_S / np.sum(visits * MEANS_S)
    odds = solve_transitions(shares)
    np.testing.assert_allclose(odds.sum(axis=1), 1, atol=1e-14)
    np.testing.assert_allclose(share_time(odds), shares, rtol=0, atol=1e-12)


def test_nothing_follows_itself() -> None:
    odds = solve_transitions(MEANS_S)
    assert (np.diag(odds) == 0).all()
    assert (odds[~np.eye(len(BEHAVIORS), dtype=bool)] > 0).all()


def test_preferences_survive_as_odds_ratios() -> None:
    odds = solve_transitions(MEANS_S)
    groom, lick, walk, jump = map(
        BEHAVIORS.index, ("face grooming", "body grooming", "walking", "jumping")
    )
    ratio = odds[groom, lick] * odds[walk, jump] / (odds[groom, jump] * odds[walk, lick])
    assert ratio == pytest.approx(FOLLOWS["face grooming", "body grooming"])


def test_what_has_no_time_is_never_entered() -> None:
    shares = MEANS_S.copy()
    shares[BEHAVIORS.index("jumping")] = 0
    odds = solve_transitions(shares)
    assert (odds[:, BEHAVIORS.index("jumping")] == 0).all()
    np.testing.assert_allclose(odds.sum(axis=1), 1)


def test_many_budgets_are_solved_at_once() -> None:
    budgets = np.random.default_rng(0).dirichlet(np.full(len(BEHAVIORS), 5.0), 3) * MEANS_S
    together = solve_transitions(budgets)
    for budget, odds in zip(budgets, together, strict=True):
        np.testing.assert_allclose(odds, solve_transitions(budget), atol=1e-10)


@pytest.mark.parametrize("of_visits", [0.45, 0.489])
def test_one_behavior_may_make_up_nearly_half_of_all_bouts(of_visits: float) -> None:
    shares = share_with_walking(of_visits)
    np.testing.assert_allclose(share_time(solve_transitions(shares)), shares, rtol=0, atol=1e-12)


def test_half_of_all_bouts_is_too_much_for_one_behavior() -> None:
    with pytest.raises(DataError, match="but walking would make up 60%"):
        solve_transitions(share_with_walking(0.6))
    with pytest.raises(DataError, match="walking"):
        solve_transitions(np.stack([MEANS_S, share_with_walking(0.6)]))


def test_only_what_fills_too_many_bouts_is_cut() -> None:
    fine, rash = share_with_walking(0.44), share_with_walking(0.6)
    np.testing.assert_allclose(limit_visits(fine), fine)
    np.testing.assert_allclose(limit_visits(rash), share_with_walking(0.45))


def test_preferences_name_known_behaviors() -> None:
    assert {name for pair in FOLLOWS for name in pair} <= set(BEHAVIORS)
    assert all(before != after and weight > 0 for (before, after), weight in FOLLOWS.items())
