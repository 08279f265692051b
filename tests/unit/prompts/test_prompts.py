"""Prompts are files that never change once they are published."""

import hashlib

import pytest

from mousegpt.core.description import ELEMENTS
from mousegpt.prompts import list_prompts, load_prompt

#: What was published: a better wording is a new version, and a new line here.
PUBLISHED = {
    "describe_frame-1": "05d6a65ca569dcaa",
    "describe_moments-1": "d4cb770ab576665c",
    "describe_moments-2": "1083c5055f94b0cc",
    "probe-1": "b22439319727754e",
    "rate_description-1": "c1b418a05ceb9960",
}


def test_published_prompts_do_not_change():
    ours = [load_prompt(name, n) for name, versions in list_prompts().items() for n in versions]
    found = {p.label: hashlib.sha256(p.text.encode()).hexdigest()[:16] for p in ours}
    assert found == PUBLISHED


@pytest.mark.parametrize("name", ["describe_frame", "describe_moments"])
def test_all_six_elements_are_asked_for(name):
    text = load_prompt(name).text
    assert [element for element in ELEMENTS if f'"{element}":' not in text] == []


def test_an_open_place_is_an_error():
    with pytest.raises(KeyError, match="speeds"):
        load_prompt("describe_frame").fill(views="")


def test_an_unknown_version_is_an_error():
    with pytest.raises(KeyError, match="not 99"):
        load_prompt("describe_frame", 99)
