# ruff: noqa: E402  (imports follow the question whether the libraries are there)
"""A tiny model learns by heart, goes on after it was stopped, and answers through the port."""

import json
import shutil

import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is missing: pip install 'mousegpt[vlm]'")
pytest.importorskip("transformers", reason="no transformers: pip install 'mousegpt[vlm]'")
pytest.importorskip("peft", reason="peft is missing: pip install 'mousegpt[vlm]'")

from tiny_llava import N_PATCHES, save_tiny_llava
from tuned import WORDS, write_all, write_pictures
from typer.testing import CliRunner

from mousegpt.backends.transformers import TransformersModel, load_folder
from mousegpt.cli.main import app
from mousegpt.core.chat import Message
from mousegpt.core.errors import BackendError, ProjectError, UsageError
from mousegpt.description.parse import parse_reply
from mousegpt.training.checkpoints import FILE, LOG, load_checkpoint
from mousegpt.training.lora.adapters import attach_adapters, list_trained
from mousegpt.training.lora.checks import check_tuning
from mousegpt.training.lora.lessons import IGNORED, encode_lesson, read_lessons
from mousegpt.training.lora.tuning import tune_describer
from mousegpt.training.tuning.recipes import find_tuning_recipe

pytestmark = pytest.mark.filterwarnings("ignore")  # of libraries that warn about themselves
RECIPE = find_tuning_recipe("lite", tuner="lora", rate=0.01).model_copy(
    update={"n_gpus": 1, "save_steps": 2, "weight_decay": 0.0}
)
N_STEPS = 60  # saved after every second


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Records of six animals in ``records``, a base model in ``base``."""
    folder = tmp_path_factory.mktemp("study")
    write_all(folder, write_pictures(folder, n_frames=1))
    lesson = read_lessons(folder / "records", "train")[0]
    save_tiny_llava(folder / "base", texts=(lesson.question, lesson.answer), width=64)
    return folder


@pytest.fixture(scope="module")
def whole(study, tmp_path_factory):
    """A training that nothing stopped."""
    out = tmp_path_factory.mktemp("whole")
    return tune_describer(study / "base", study / "records", out, RECIPE, n_steps=N_STEPS).parent


def ask(model, lesson):
    message = Message(lesson.question, pictures=(lesson.picture.read_bytes(),))
    return model.chat([message], max_tokens=200)


def test_only_the_answer_and_its_end_are_learnt(study):
    processor, _ = load_folder(study / "base")
    lesson = read_lessons(study / "records", "train")[0]
    encoded = encode_lesson(processor, lesson)
    ids, labels = encoded["input_ids"][0], encoded["labels"][0]
    learnt = labels != IGNORED
    assert processor.tokenizer.decode(ids[learnt]) == lesson.answer + "</s>"
    assert torch.equal(ids[learnt], labels[learnt])
    assert encoded["attention_mask"].shape == encoded["input_ids"].shape
    asked = processor.tokenizer.decode(ids[~learnt])
    assert asked == f"<s>user: {'<image>' * N_PATCHES}{lesson.question}</s>assistant: "


def test_adapters_are_in_the_language_model_only(study):
    _, model = load_folder(study / "base")
    tuned = attach_adapters(model, rank=4)
    names = list_trained(tuned)
    assert names
    assert all("lora_" in name and "language_model" in name for name in names)
    assert {name.split(".")[-4] for name in names} == {
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"
    }  # fmt: skip


def test_it_learns_by_heart_and_says_it_through_the_port(study, whole):
    lesson = read_lessons(study / "records", "train")[0]
    before = ask(TransformersModel(study / "base", device="cpu"), lesson)
    assert parse_reply(before.text).description is None
    log = pd.read_csv(whole / LOG)
    assert log["loss"].iloc[0] > 2
    assert log["loss"].iloc[-1] < 0.1
    assert log["validation_loss"].iloc[-1] < 0.1
    assert (whole / "curves.png").stat().st_size > 0
    after = ask(TransformersModel(whole / "merged", device="cpu"), lesson)
    assert after.finish_reason == "stop"
    assert parse_reply(after.text).description.model_dump() == WORDS


def test_adapters_alone_give_what_is_merged(study, whole):
    from peft import PeftModel

    lesson = read_lessons(study / "records", "train")[0]
    processor, base = load_folder(study / "base")
    _, merged = load_folder(whole / "merged")
    inputs = encode_lesson(processor, lesson)
    plain = base(**inputs).logits
    alone = PeftModel.from_pretrained(base, whole / "adapter")(**inputs).logits
    together = merged(**inputs).logits
    torch.testing.assert_close(alone, together, rtol=1e-3, atol=1e-4)
    assert (plain - together).abs().max() > 0.1


def test_stopped_anywhere_it_ends_with_the_same_bits(study, whole, tmp_path):
    """It is stopped in the third step: after a save, and before the next."""

    def stop(done, total, message):
        if done == 3:
            raise KeyboardInterrupt

    def tune(report):
        data = study / "records"
        tune_describer(study / "base", data, tmp_path, RECIPE, n_steps=N_STEPS, report=report)

    with pytest.raises(KeyboardInterrupt):
        tune(stop)
    assert load_checkpoint(tmp_path / FILE)["step"] == 2
    steps = []
    tune(lambda done, total, message: steps.append(done))
    assert steps == list(range(3, N_STEPS + 1))
    again, once = (load_checkpoint(folder / FILE) for folder in (tmp_path, whole))
    for name, weight in once["weights"].items():
        assert torch.equal(weight, again["weights"][name]), name
    assert (tmp_path / LOG).read_bytes() == (whole / LOG).read_bytes()
    names = ["adapter/adapter_model.safetensors", "merged/model.safetensors"]
    assert all((tmp_path / name).read_bytes() == (whole / name).read_bytes() for name in names)


def test_gradients_are_averaged_over_a_step(study, tmp_path):
    """With one lesson, a step that sees it twice is the step that sees it once."""
    data = shutil.copytree(study / "records", tmp_path / "records")
    lines = (data / "train.jsonl").read_text().splitlines(keepends=True)
    (data / "train.jsonl").write_text(lines[0])
    (tmp_path / "frames").symlink_to(study / "frames")
    weights = []
    for n in (1, 2):
        recipe = RECIPE.model_copy(update={"n_gpus": n})
        tune_describer(study / "base", data, tmp_path / str(n), recipe, n_steps=2)
        weights.append(load_checkpoint(tmp_path / str(n) / FILE)["weights"])
    torch.testing.assert_close(*weights)


def test_another_training_in_the_same_folder_is_refused(study, whole):
    other = RECIPE.model_copy(update={"learning_rate": 1e-3})
    with pytest.raises(ProjectError, match="another learning_rate, steps"):
        tune_describer(study / "base", study / "records", whole, other, n_steps=N_STEPS + 1)


def test_what_is_wrong_is_known_before_it_starts(study, tmp_path):
    def grade(base):
        findings = check_tuning(base, study / "records", RECIPE)
        return {each.name: each.grade for each in findings if each.grade != "ok"}

    assert grade(study / "base") == {}
    assert grade(tmp_path / "nothing") == {"model": "fault"}
    folder = shutil.copytree(study / "base", tmp_path / "base")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"auto_map": {}}))
    assert grade(folder) == {"model": "warning"}
    (folder / "model.safetensors").unlink()
    assert grade(folder) == {"model": "fault"}
    with pytest.raises(BackendError, match="save_pretrained"):
        load_folder(folder)


def run(study, *arguments):
    words = ("train", "describer", "--data", study / "records", "--with", "transformers")
    return CliRunner().invoke(app, [*map(str, (*words, *arguments))])


def test_the_command_trains_and_tells_how_to_use_it(study, tmp_path):
    out = tmp_path / "out"
    arguments = ("--out", out, "--model", study / "base", "--steps", 1)
    dry = run(study, *arguments, "--dry-run", "--json")
    assert dry.exit_code == 0, dry.output
    assert json.loads(dry.output)["recipe"]["learning_rate"] == 1e-4
    assert not out.exists()
    done = run(study, *arguments)
    assert done.exit_code == 0, done.output
    assert "vllm serve" in (out / "serving.txt").read_text()
    assert f'describer = "transformers:{out / "merged"}"' in done.output.replace("\n", "")


@pytest.mark.parametrize(
    "arguments", [("--model", "no-folder"), ("--gpus", 4, "--model", "."), ("--tuner", "full")]
)
def test_what_it_cannot_do_is_told(study, tmp_path, arguments):
    done = run(study, "--out", tmp_path / "out", *arguments)
    assert isinstance(done.exception, UsageError)
    assert "--with" in str(done.exception)
