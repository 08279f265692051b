import pytest

from mousegpt.backends.offline import RuleLabeler


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rearing", ["rearing", "rear up", "two-legged standing", "standing on hind legs"]),
        ("supported rearing", ["supported rearing", "wall rearing", "leaning on the wall"]),
        ("grooming", ["grooming", "licking paw", "face washing", "self-grooming"]),
        ("body grooming", ["body grooming", "licking its flank", "grooming its body"]),
        ("scratching", ["scratching", "hind paw scratching"]),
        ("head twitching", ["head twitch", "head twitching", "twitching its head"]),
        ("shaking", ["wet-dog shake", "shaking", "body shake"]),
        ("digging", ["digging", "digging at the floor", "burrowing"]),
        ("circling", ["circling", "circling left", "walking in circles"]),
        ("exploring the wall", ["wall exploration", "exploring the wall", "wall sniffing"]),
        ("crouching", ["crouching", "crouched"]),
        ("lying", ["lying", "lying down", "sleeping"]),
        ("walking", ["walking", "locomotion", "ambulation", "slow walk"]),
        ("running", ["running", "darting"]),
        ("turning", ["turning", "turning left", "body turning right", "pivoting"]),
        ("backing", ["backing up", "walking backward"]),
        ("sniffing", ["sniffing", "ground exploration"]),
        ("head scanning", ["head scanning", "looking around"]),
        ("stretch-attending", ["stretch-attend posture", "stretch-attending"]),
        ("jumping", ["jumping", "leaping"]),
        ("still", ["still", "stationary", "immobile", "motionless", "at rest", "freezing"]),
        ("shifting posture", ["posture shift", "shifting posture"]),
    ],
)
def test_words_of_one_meaning_have_one_name(name, words):
    assert RuleLabeler().label_clusters([[word] for word in words]) == [name] * len(words)


@pytest.mark.parametrize(
    "words",
    [
        "head turned left",
        "hind paws on ground",
        "rear paw raised",
        "resting tail",
        "tail lying on the ground",
        "near the wall",
    ],
)
def test_postures_are_no_activities(words):
    assert RuleLabeler().label_clusters([[words]]) == [words]


def test_stillness_denies_nothing():
    assert RuleLabeler().label_clusters([["stationary", "head down", "grooming"]]) == ["grooming"]


def test_a_named_activity_outweighs_a_posture_that_suggests_one():
    assert RuleLabeler().label_clusters([["forepaws on wall", "walking"]]) == ["walking"]
    assert RuleLabeler().label_clusters([["forepaws on wall"]]) == ["supported rearing"]


def test_the_first_activity_counts_most():
    assert RuleLabeler().label_clusters([["running", "head up", "walking"]]) == ["running"]


def test_unknown_words_name_a_cluster_by_the_first_two():
    words = ["alert", "tail raised", "ears upright and forward"]
    assert RuleLabeler().label_clusters([words]) == ["alert, tail raised"]


@pytest.mark.parametrize(
    ("sentence", "key"),
    [
        ("The front paws are lifted in the air.", "forepaws in air"),
        ("Its tail is being raised.", "tail raised"),
        ("The whiskers fan out widely.", "whiskers fan out"),
    ],
)
def test_postures_are_filed_by_their_words(sentence, key):
    keys = ["forepaws in air", "forepaws on ground", "tail raised"]
    assert RuleLabeler().name_posture(sentence, "limb", keys)[0] == key
