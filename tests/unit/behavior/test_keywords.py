import pandas as pd

from mousegpt.behavior.keywords import count_keywords, extract_keywords, select_top_keywords
from mousegpt.behavior.postures import PostureDictionary


def test_cards_are_clean_and_keep_the_order_written(study):
    table = study[0].head(1).assign(keywords="Rearing;  Head up., rearing\nTAIL raised,,")
    assert extract_keywords(table)["keywords"][0] == ["rearing", "head up", "tail raised"]


def test_frames_without_description_have_empty_cards(study):
    table = study[0].head(2).assign(status=["ok", "failed"])
    cards = extract_keywords(table)
    assert cards["keywords"][0]
    assert cards["keywords"][1] == []


def test_a_dictionary_stands_in_for_missing_keywords(study):
    table = study[0].head(1).assign(keywords="", head="The head is up.", limb="The paws step.")
    dictionary = PostureDictionary(
        parts={"head": {"head up": ("up",)}, "limb": {"stepping": ("step",), "still": ("still",)}}
    )
    assert extract_keywords(table)["keywords"][0] == []
    assert extract_keywords(table, dictionary)["keywords"][0] == ["head up", "stepping"]


def test_counts_are_of_frames_and_sorted(study):
    counts = count_keywords(extract_keywords(study[0]))
    assert counts["keyword"].head(3).tolist() == ["walking", "grooming", "head left"]
    assert counts["n_frames"].head(3).tolist() == [60, 30, 28]
    assert counts["share"][0] == 60 / 110


def test_top_keywords_set_clusters_apart():
    cards = pd.DataFrame(
        {"keywords": [["tail down", "walking"]] * 8 + [["tail down", "rearing"]] * 2}
    )
    top = select_top_keywords(cards, [0] * 8 + [1] * 2, n_keywords=2)
    assert top == {0: ["walking", "tail down"], 1: ["rearing", "tail down"]}


def test_unassigned_frames_name_no_cluster():
    cards = pd.DataFrame({"keywords": [["a"], ["b"], []]})
    assert select_top_keywords(cards, [-1, 0, 1]) == {0: ["b"], 1: []}


def test_ties_are_alphabetical():
    cards = pd.DataFrame({"keywords": [["b", "a", "c"], ["z"]]})
    assert select_top_keywords(cards, [0, 1], n_keywords=2)[0] == ["a", "b"]
