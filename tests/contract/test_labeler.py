"""What every labeler owes; run on each one that is registered."""

import re

import pytest

from mousegpt.backends.registry import LABELERS, load_labeler

CLUSTERS = [
    ["walking", "slow movement", "head level"],
    ["grooming", "forepaws at the face"],
    ["walking", "rapid movement"],
    [],
    ["tail raised", "ears upright and alert"],
]
SENTENCES = [
    "The ears are upright.",
    "It (slowly) turns its head [left] + up.",
    "The head is lifted; the whiskers are spread. The eyes are open.",
    "...",
    "头",
]


@pytest.fixture(params=LABELERS)
def labeler(request):
    return load_labeler(request.param)


def test_every_cluster_gets_a_name(labeler):
    names = labeler.label_clusters(CLUSTERS)
    assert len(names) == len(CLUSTERS)
    assert all(names)
    assert names == labeler.label_clusters(CLUSTERS)


def test_equal_meanings_get_equal_names(labeler):
    names = labeler.label_clusters(CLUSTERS)
    assert names[0] == names[2] != names[1]


def test_no_cluster_needs_no_name(labeler):
    assert labeler.label_clusters([]) == []


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_pattern_matches_its_sentence(labeler, sentence):
    key, pattern = labeler.name_posture(sentence, "head", ["head up", "head left"])
    assert key
    assert re.search(pattern, sentence, re.IGNORECASE)


def test_a_near_sentence_is_filed_under_the_key_that_exists(labeler):
    key, _ = labeler.name_posture("The head is pointed left.", "head", ["head up", "head left"])
    assert key == "head left"
