from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.synthetic.behaviors import BEHAVIORS, Bout
from mousegpt.synthetic.script import (
    PlantedEvent,
    compute_budgets,
    draw_animal,
    write_script,
)
from mousegpt.synthetic.study import DESIGNS, Design, plan_study, script_recording
from mousegpt.synthetic.treatments import TREATMENTS

RESTING = ("still", "crouched", "lying")
#: the groups of the paper's statistics
FOUR = {
    "saline": 5,
    "LSD 2 mg/kg": 4,
    "MK-801 0.3 mg/kg": 5,
    "psilocybin 3 mg/kg": 6,
}


def measure_shares(script: list[Bout]) -> FloatArray:
    seconds = np.zeros(len(BEHAVIORS))
    for bout in script:
        seconds[BEHAVIORS.index(bout.behavior)] += bout.duration_s
    return np.asarray(seconds / seconds.sum())


@cache
def measure_group(treatment: str) -> FloatArray:
    """Mean shares of time, measured on the scripts of 30 mice of 20 min."""
    plan = plan_study(Design({treatment: 30}), planted={}, seed=7)
    scripts = [script_recording(plan, recording) for recording in plan.recordings]
    return np.asarray(np.mean([measure_shares(script) for script in scripts], axis=0))


def measure_behaviors(treatment: str, *behaviors: str) -> float:
    return float(measure_group(treatment)[[BEHAVIORS.index(name) for name in behaviors]].sum())


def classify_left_out(features: FloatArray, groups: list[str]) -> float:
    """Share of animals that are nearest to the mean of the others of their own group."""
    names = np.array(groups)
    right = 0
    for i, name in enumerate(names):
        others = np.arange(len(names)) != i
        means = {g: features[others & (names == g)].mean(axis=0) for g in sorted(set(groups))}
        right += min(means, key=lambda g: float(np.linalg.norm(features[i] - means[g]))) == name
    return right / len(names)


def classify_budgets(seed: int, effect_size: float) -> float:
    plan = plan_study(Design(FOUR), effect_size=effect_size, planted={}, seed=seed)
    minutes = np.arange(20) + 0.5
    budgets = [compute_budgets(r.animal, minutes, effect=effect_size) for r in plan.recordings]
    groups = [recording.animal.treatment.name for recording in plan.recordings]
    return classify_left_out(np.mean(budgets, axis=1), groups)


def test_group_sizes_are_the_papers() -> None:
    drugs = Counter(r.animal.treatment.name for r in plan_study("drugs").recordings)
    assert FOUR.items() <= drugs.items() and drugs.total() == 31
    assert (drugs["LSD 0.2 mg/kg"], drugs["psilocybin 1 mg/kg"]) == (5, 4)
    assert drugs["psilocybin 10 mg/kg"] == 2
    depression = Counter(r.animal.treatment.name for r in plan_study("depression").recordings)
    assert depression == {"CRS": 16, "control": 8}
    assert DESIGNS["drugs"].duration_s == DESIGNS["depression"].duration_s == 1200
    demo = plan_study("demo").recordings
    assert len({r.animal.treatment for r in demo}) == 2
    assert 60 < sum(r.duration_s for r in demo) < 600


def test_a_script_fills_its_session() -> None:
    plan = plan_study("demo", seed=3)
    for recording in plan.recordings:
        script = script_recording(plan, recording)
        total = sum(bout.duration_s for bout in script)
        assert total == pytest.approx(recording.duration_s, abs=1e-9)


def test_the_same_seed_gives_the_same_study_and_another_seed_another() -> None:
    plan, again, other = (plan_study("demo", seed=seed) for seed in (1, 1, 2))
    assert plan == again and plan.recordings != other.recordings
    first, same = (
        script_recording(plan, plan.recordings[0]),
        script_recording(again, again.recordings[0]),
    )
    assert first == same
    assert first != script_recording(other, other.recordings[0])


def test_an_animal_does_not_depend_on_the_others() -> None:
    alone = plan_study(Design({"CRS": 2}), planted={}).recordings
    among = plan_study(Design({"saline": 3, "CRS": 9}), planted={}).recordings
    assert alone == tuple(r for r in among if r.id in ("CRS-1", "CRS-2"))


def test_recordings_have_names_of_their_own_that_files_can_have() -> None:
    names = [recording.id for recording in plan_study("drugs").recordings]
    assert len(set(names)) == len(names) and {"LSD-0.2-5", "MK-801-0.3-1"} <= set(names)
    assert not any(sign in name for name in names for sign in "/ ")


def test_animals_differ() -> None:
    animals = [recording.animal for recording in plan_study("drugs").recordings]
    assert len({animal.body_seed for animal in animals}) == len(animals)
    assert len({animal.habits for animal in animals}) == len(animals)


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_in_the_null_a_mouse_is_the_same_whatever_its_group(treatment: str) -> None:
    # the same draws give the same mouse in every group: so the groups have one distribution
    saline, ours = (draw_animal(TREATMENTS[t], seed=5) for t in ("saline", treatment))
    assert replace(ours, treatment=saline.treatment) == saline
    scripts = [write_script(a, duration_s=600, effect=0.0, seed=5) for a in (saline, ours)]
    assert scripts[0] == scripts[1]


def test_a_long_script_shares_its_time_as_its_budgets_say() -> None:
    animal = draw_animal(TREATMENTS["CRS"], seed=2)
    hours = 20
    script = write_script(animal, duration_s=3600 * hours, seed=2)
    target = compute_budgets(animal, np.arange(60 * hours) + 0.5).mean(axis=0)
    counts = Counter(bout.behavior for bout in script)
    measured = measure_shares(script)
    for name, wanted, found in zip(BEHAVIORS, target, measured, strict=True):
        # bout lengths vary by less than their mean, so a share by less than sqrt(2 / bouts)
        allowed = 4 * wanted * np.sqrt(2 / max(counts[name], 1))
        assert abs(found - wanted) < allowed, name
    assert abs(measured[BEHAVIORS.index("crouched")] / target[1] - 1) < 0.1


def test_a_new_place_wears_off_as_in_real_mice() -> None:
    animal = draw_animal(TREATMENTS["saline"], habit_sd=0, activity_sd=0)
    budgets = compute_budgets(animal, np.array([0.5, 9.5]))
    change = dict(zip(BEHAVIORS, budgets[1] / budgets[0], strict=True))
    assert change["supported rearing"] == pytest.approx(0.16 / 0.21, abs=0.05)
    assert change["walking"] < 1 < min(change["rearing"], change["still"])


def test_lsd_sedates_more_than_psilocybin_and_mk801_excites() -> None:
    rest = {name: measure_behaviors(name, *RESTING) for name in FOUR}
    assert rest["MK-801 0.3 mg/kg"] < rest["saline"]
    assert rest["saline"] + 0.05 < rest["psilocybin 3 mg/kg"]
    assert rest["psilocybin 3 mg/kg"] + 0.1 < rest["LSD 2 mg/kg"]
    travel = {name: measure_behaviors(name, "walking", "running", "circling") for name in FOUR}
    assert travel["MK-801 0.3 mg/kg"] > 1.5 * travel["saline"]
    assert sorted(travel, key=lambda name: travel[name]) == [
        *("LSD 2 mg/kg", "psilocybin 3 mg/kg", "saline", "MK-801 0.3 mg/kg")
    ]


@pytest.mark.parametrize(
    "doses",
    [
        ("saline", "psilocybin 1 mg/kg", "psilocybin 3 mg/kg", "psilocybin 10 mg/kg"),
        ("saline", "LSD 0.2 mg/kg", "LSD 2 mg/kg"),
    ],
)
def test_rest_and_head_twitches_rise_with_the_dose(doses: tuple[str, ...]) -> None:
    assert (np.diff([measure_behaviors(dose, *RESTING) for dose in doses]) > 0).all()
    assert (np.diff([measure_behaviors(dose, "head twitch") for dose in doses]) > 0).all()


def test_stressed_mice_rest_more_and_rear_less() -> None:
    assert measure_behaviors("CRS", *RESTING) > 2 * measure_behaviors("control", *RESTING)
    assert measure_behaviors("CRS", "rearing") < 0.6 * measure_behaviors("control", "rearing")


def test_drugs_can_be_told_from_true_budgets_but_not_always() -> None:
    accuracy = np.mean([classify_budgets(seed, 1.0) for seed in range(12)])
    assert 0.7 < accuracy < 0.9  # 0.81 over 40 seeds; chance is near 0.25
    assert np.mean([classify_budgets(seed, 0.0) for seed in range(12)]) < 0.4


def test_a_planted_jump_is_the_only_one_and_shows_in_one_or_two_frames() -> None:
    plan = plan_study("drugs", seed=4)
    assert len(plan.events) == 2 and len({event.recording for event in plan.events}) == 2
    for recording in plan.recordings:
        script = script_recording(plan, recording)
        starts = np.cumsum([0.0, *(bout.duration_s for bout in script)])
        jumps = [starts[i] for i, bout in enumerate(script) if bout.behavior == "jumping"]
        wanted = [event.start_s for event in plan.events if event.recording == recording.id]
        assert jumps == pytest.approx(wanted, abs=1e-9)
    assert all(len(event.frames(fps=5)) in (1, 2) for event in plan.events)


def test_planted_behaviors_may_happen_of_themselves_when_asked() -> None:
    plan = plan_study(Design({"MK-801 0.3 mg/kg": 3}), only_planted=False, planted={"jumping": 1})
    assert plan.without == ()
    jumps = [
        b for r in plan.recordings for b in script_recording(plan, r) if b.behavior == "jumping"
    ]
    assert len(jumps) > 1


def test_frames_of_an_event_are_those_inside_it() -> None:
    event = PlantedEvent("mouse", "jumping", start_s=2.0, duration_s=0.4)
    assert list(event.frames(fps=5)) == [10, 11]
    assert [f for f in range(100) if 2.0 <= f / 5 < 2.4] == [10, 11]


def test_sides_follow_the_bias_of_the_animal() -> None:
    animal = replace(draw_animal(TREATMENTS["saline"]), left_share=0.8)
    sides = [bout.side for bout in write_script(animal, duration_s=3600)]
    assert np.mean(np.array(sides) == 1) == pytest.approx(0.8, abs=0.03)


def test_the_largest_effect_still_makes_a_script() -> None:
    plan = plan_study("drugs", effect_size=10.0)
    assert all(script_recording(plan, recording) for recording in plan.recordings)


@pytest.mark.parametrize(
    ("start_s", "duration_s"), [(-1.0, 0.3), (59.9, 0.3), (10.1, 0.3), (9.9, 0.3)]
)
def test_events_that_overlap_or_leave_the_session_are_refused(
    start_s: float, duration_s: float
) -> None:
    events = [
        PlantedEvent("mouse", "jumping", 10.0, 0.3),
        PlantedEvent("mouse", "wet-dog shake", start_s, duration_s),
    ]
    with pytest.raises(DataError, match="one after the other between 0 and 60 s"):
        write_script(draw_animal(TREATMENTS["saline"]), duration_s=60, events=events)


def test_wrong_requests_are_told() -> None:
    with pytest.raises(DataError, match="'sleep'"):
        plan_study("sleep")
    with pytest.raises(DataError, match="'caffeine'"):
        plan_study(Design({"caffeine": 1}))
    with pytest.raises(DataError, match="7 are to show 'jumping'"):
        plan_study("demo", planted={"jumping": 7})
    with pytest.raises(DataError, match="'flying'"):
        plan_study("demo", planted={"flying": 1})
    mouse = draw_animal(TREATMENTS["saline"])
    with pytest.raises(DataError, match="a duration above 0 s"):
        write_script(mouse, duration_s=0.0)
    with pytest.raises(DataError, match="but found flying"):
        write_script(mouse, duration_s=10.0, without=["flying"])
