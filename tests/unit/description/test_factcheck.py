"""The fact checker against cases made by hand, and on true and planted sentences."""

import re
from pathlib import Path

import pandas as pd
import pytest

from mousegpt.core.description import ELEMENTS, FrameDescription
from mousegpt.core.errors import DataError
from mousegpt.core.facts import STATES
from mousegpt.description.factcheck import (
    check_descriptions,
    judge_claim,
    measure_hallucination,
    read_claims,
)
from mousegpt.description.factcheck.borders import SCALES, list_ranges
from mousegpt.description.factcheck.claims import read_element
from mousegpt.description.factcheck.clauses import split_clauses
from mousegpt.description.factcheck.lexicon import load_lexicon
from mousegpt.description.kinematic import describe_states
from mousegpt.kinematics.thresholds import BANDS, PACE

BODY_LENGTH = 8.0
VALUES = {state.name: state.values for state in STATES}


def load_cases():
    lines = (Path(__file__).parents[2] / "data/factcheck_cases.txt").read_text("utf-8").splitlines()
    return [tuple(line.split(" | ")) for line in lines if line and not line.startswith("#")]


def make_frame(known):
    frame = {"body_length": BODY_LENGTH}
    for item in known.split(", "):
        name, _, value = item.partition("=")
        number = re.fullmatch(r"(-?[\d.]+)±([\d.]+)", value)
        if number:
            frame |= {name: float(number[1]), f"{name}_sd": float(number[2])}
        else:
            assert value in (*VALUES[name], "unknown")
            frame[f"state_{name}"] = value
    return frame


def judge_text(element, text, frame):
    words = {judge_claim(claim, frame).word for claim in read_element(element, text)}
    return next(w for w in ("contradicted", "supported", "not checkable") if w in words)


CASES = load_cases()


def test_there_are_enough_cases():
    assert len(CASES) >= 100
    assert {case[3] for case in CASES} == {"supported", "contradicted", "not checkable"}


@pytest.mark.parametrize("case", CASES, ids=[f"{c[1][:50]}-{c[2][:40]}" for c in CASES])
def test_case(case):
    element, text, known, expected = case
    assert judge_text(element, text, make_frame(known)) == expected


@pytest.mark.parametrize("bands", [*BANDS.items(), ("pace", PACE)], ids=lambda item: item[0])
def test_whatever_the_describer_says_lies_in_the_fair_range(bands):
    state, band = bands
    scale = SCALES[state]
    assert (scale.fact, scale.values) == (band.fact, band.values)
    edges = (float("-inf"), *band.edges, float("inf"))
    for value, low, high in zip(band.values, edges[:-1], edges[1:], strict=True):
        ((fair_low, fair_high),) = list_ranges(scale, (value,))
        assert fair_low <= low and high <= fair_high


def test_lexicon_names_states_that_exist():
    paws = {f"{pair}_{side}" for pair in ("forepaw", "hindpaw") for side in ("left", "right")}
    for entry in (e for entries in load_lexicon().values() for e in entries):
        for part in entry.says.split(" / "):
            state, _, values = part.partition(": ")
            if state == "activity":
                continue
            names = {f"{state}_left"} if state in ("forepaw", "hindpaw") else {state}
            names = paws if state == "allpaws" else names
            legal = {value for name in names for value in VALUES[name]}
            for value in re.split(", | ~ ", values):
                sides = [value.format(side=side) for side in ("left", "right")]
                assert legal.issuperset(sides), entry.says


def test_reason_tells_value_border_and_margin():
    claim = read_element("head", "The head is pointing up.")[0]
    verdict = judge_claim(claim, {"head_pitch": -60.0, "head_pitch_sd": 3.0})
    assert (verdict.measured, verdict.sd, verdict.unit) == (-60.0, 3.0, "deg")
    assert (verdict.threshold, verdict.margin) == (0.0, -60.0)
    inside = judge_claim(claim, {"head_pitch": 25.0, "head_pitch_sd": 3.0})
    assert (inside.word, inside.margin) == ("supported", 25.0)


def test_uncertainty_withholds_a_verdict():
    claim = read_element("head", "The head is pointing up.")[0]
    words = [
        judge_claim(claim, {"head_pitch": -20.0, "head_pitch_sd": sd}).word for sd in (1.0, 30.0)
    ]
    assert words == ["contradicted", "not checkable"]


def test_mirrored_text_on_mirrored_frame_has_the_same_verdict():
    def mirror(text):
        return re.sub(
            r"(?<![a-z])(left|right)(?![a-z])",
            lambda m: {"left": "right", "right": "left"}[m[0]],
            text,
        )

    for element, text, known, expected in CASES:
        if "clockwise" in text or "±" in known:
            continue
        assert judge_text(element, mirror(text), make_frame(mirror(known))) == expected


def test_sentences_of_the_grammar_are_never_contradicted_by_their_own_states():
    for number in range(60):
        states = {s.name: s.values[(number + i) % len(s.values)] for i, s in enumerate(STATES)}
        for name in [name for i, name in enumerate(states) if (i + number) % 5]:
            states.pop(name)
        description = describe_states(states, seed=number)
        frame = {f"state_{name}": value for name, value in states.items()}
        for element in ELEMENTS:
            for claim in read_element(element, getattr(description, element)):
                if claim.kind != "activity":
                    verdict = judge_claim(claim, frame)
                    assert verdict.word != "contradicted", (claim, verdict)


def test_unknown_words_claim_nothing():
    texts = dict.fromkeys(ELEMENTS, "The zorble quaffs a lambent frond.")
    claims = read_claims(FrameDescription(**texts))
    assert len(claims) == 6
    assert not any(claim.kind for claim in claims)


def test_empty_and_strange_texts():
    assert split_clauses("head", "") == []
    for text in ("...", ",,, and while", "It", "with", "\n\n", "left right one", ": no", "é" * 99):
        for claim in read_element("head", text):
            assert judge_claim(claim, {}).word == "not checkable"


def make_tables():
    posture = pd.DataFrame(
        {
            "recording": "r", "individual": "m", "frame": [0, 12, 24],
            "state_head_pitch": ["up", "down", "unknown"], "state_pace": "still",
        }
    )  # fmt: skip
    texts = {
        **dict.fromkeys(ELEMENTS, ""),
        "overall": "It is still.",
        "head": "The head is tilted up.",
    }
    descriptions = posture[["recording", "individual", "frame"]].assign(
        time_s=0.0, status=["ok", "ok", "ok"], **texts
    )
    return descriptions, posture


def test_table_has_a_row_for_each_claim():
    claims = check_descriptions(*make_tables())
    assert claims["verdict"].tolist() == [
        "supported", "supported", "supported", "contradicted", "supported", "not checkable",
    ]  # fmt: skip
    assert not claims.duplicated(["recording", "individual", "frame", "number"]).any()


def test_failed_and_foreign_frames_claim_nothing():
    descriptions, posture = make_tables()
    descriptions.loc[0, "status"] = "refused"
    claims = check_descriptions(descriptions, posture.iloc[:2])
    assert set(claims["frame"]) == {12}
    with pytest.raises(DataError, match="same frames"):
        check_descriptions(descriptions, posture.assign(recording="another"))


def test_rate_counts_checkable_claims_and_draws_animals():
    rows = [
        (animal, kind, verdict)
        for animal, wrong in (("a", 0), ("b", 2), ("c", 4))
        for kind, verdict in [("pace", "supported")] * (8 - wrong)
        + [("pace", "contradicted")] * wrong
        + [("", "not checkable")] * 3
    ]
    claims = pd.DataFrame(rows, columns=["recording", "kind", "verdict"]).assign(individual="m")
    table = measure_hallucination(claims)
    whole = table.iloc[0]
    assert (whole["n_animals"], whole["n_clauses"], whole["n_checkable"]) == (3, 33, 24)
    assert whole["rate"] == 6 / 24
    assert 0 <= whole["low"] < 0.25 < whole["high"] <= 0.5
    assert measure_hallucination(claims[claims["recording"] == "a"])["low"].isna().all()
    assert measure_hallucination(claims).equals(table)
