import json

import numpy as np
import pytest
from tuned import WORDS, write_all, write_pictures

from mousegpt.core.errors import DataError
from mousegpt.description.vlm import write_question
from mousegpt.training.records import load_split, read_manifest, read_records
from mousegpt.training.sft import (
    IMAGE_TAG,
    build_record,
    convert_to_sharegpt,
    read_record,
    select_examples,
)


@pytest.fixture
def study(tmp_path):
    return write_pictures(tmp_path)


def test_a_record_gives_back_picture_question_and_answer(study):
    example = select_examples(*study).examples[4]
    picture, question, answer = read_record(build_record(example))
    assert picture == example.query.picture
    assert question == write_question(example.query)
    assert answer.model_dump() == WORDS


def test_sharegpt_says_the_same(study):
    record = build_record(select_examples(*study).examples[0])
    converted = convert_to_sharegpt(record)
    assert [turn["from"] for turn in converted["conversations"]] == ["human", "gpt"]
    assert [turn["value"] for turn in converted["conversations"]] == [
        message["content"] for message in record["messages"]
    ]
    assert converted["images"] == record["images"]


def test_what_is_left_out_has_a_reason(study):
    table, queries, subjects, _ = study
    table = table.assign(kept=True)
    table.loc[0, "status"] = "truncated"
    table.loc[1, "kept"] = False
    table.loc[3, "head"] = np.nan
    table.loc[4, "torso"] = "round and " * 40
    selection = select_examples(table, [q for q in queries if q.frame != 2], subjects | {"r5": ""})
    reasons = selection.dropped["reason"].value_counts().to_dict()
    assert reasons == {
        "status: truncated": 1,
        "not kept by curation": 1,
        "an element is missing": 1,
        "not read back": 1,
        "no picture": 6,
        "no animal named": 2,
    }
    assert len(selection.examples) + len(selection.dropped) == len(table)


def test_the_order_of_the_rows_does_not_count(tmp_path, study):
    table, queries, subjects, groups = study
    write_all(tmp_path, study)
    before = {p.name: p.read_bytes() for p in (tmp_path / "records").iterdir() if p.is_file()}
    write_all(tmp_path, (table.iloc[::-1], queries[::-1], subjects, groups))
    after = {p.name: p.read_bytes() for p in (tmp_path / "records").iterdir() if p.is_file()}
    assert before == after


def test_files_hold_all_frames_of_their_animals_and_no_others(tmp_path, study):
    manifest = write_all(tmp_path, study)
    parts = load_split(tmp_path / "records")
    n = 0
    for part in ("train", "validation", "test"):
        records = list(read_records(tmp_path / "records" / f"{part}.jsonl"))
        assert {parts[record["subject"]] for record in records} <= {part}
        assert manifest.counts[part] == len(records)
        n += len(records)
        shared = (tmp_path / "records/sharegpt" / f"{part}.jsonl").read_text().splitlines()
        assert [json.loads(line) for line in shared] == [convert_to_sharegpt(r) for r in records]
    assert n == 18
    assert read_manifest(tmp_path / "records") == manifest


def test_an_added_recording_moves_no_animal_and_joins_its_own(tmp_path, study):
    table, queries, subjects, groups = study
    before = tmp_path / "before"
    fewer = table[table["recording"] != "r5"]
    write_all(tmp_path, (fewer, queries, subjects | {"r5": "m0"}, groups))
    (tmp_path / "records").rename(before)
    write_all(tmp_path, (table, queries, subjects | {"r5": "m0"}, groups))
    assert load_split(tmp_path / "records") == load_split(before)
    part = load_split(before)["m0"]
    lines = read_records(tmp_path / "records" / f"{part}.jsonl")
    assert sum(record["id"].startswith("r5/") for record in lines) == 3


def test_a_missing_picture_is_counted(tmp_path, study):
    (tmp_path / study[1][0].picture).unlink()
    manifest = write_all(tmp_path, study)
    assert manifest.dropped == {"picture is not on disk": 1}


def test_a_changed_picture_is_refused(tmp_path, study):
    (tmp_path / study[1][0].picture).write_bytes(b"another")
    with pytest.raises(DataError, match="not the one that was described"):
        write_all(tmp_path, study)


def test_nothing_to_train_on_is_an_error(tmp_path, study):
    with pytest.raises(DataError, match="to train on"):
        write_all(tmp_path, study, status="empty")


@pytest.mark.parametrize(
    "change",
    [
        {"images": []},
        {"images": ["a.jpg", "b.jpg"]},
        {"messages": []},
        {"messages": [{"role": "user", "content": "no picture"}] * 2},
    ],
)
def test_a_record_that_is_none_is_refused(study, change):
    record = build_record(select_examples(*study).examples[0])
    with pytest.raises(DataError):
        read_record(record | change)


def test_the_picture_comes_before_the_words_once(study):
    for example in select_examples(*study).examples:
        text = build_record(example)["messages"][0]["content"]
        assert text.startswith(IMAGE_TAG)
        assert text.count(IMAGE_TAG) == 1


def test_a_line_that_is_no_json_is_named(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n{"a": \n')
    with pytest.raises(DataError, match="Line 2"):
        list(read_records(tmp_path / "a.jsonl"))
