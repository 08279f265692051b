import hashlib
import json
import os
import sys
import tomllib
from pathlib import Path

import pytest
from tuned import write_all, write_pictures

from mousegpt.backends.openai_compatible import Endpoint
from mousegpt.core.errors import BackendError, DataError, ProjectError
from mousegpt.training.records import read_records
from mousegpt.training.tuning.checks import Plan, check_plan
from mousegpt.training.tuning.command import build_command, check_options, load_options
from mousegpt.training.tuning.memory import estimate_memory
from mousegpt.training.tuning.recipes import (
    BASE_MODELS,
    TUNING_RECIPES,
    count_image_tokens,
    find_tuning_recipe,
)
from mousegpt.training.tuning.running import find_checkpoint, hash_records, run_tuning
from mousegpt.training.tuning.serving import plan_serving

ROOT = Path(__file__).parents[3]
FAKE = ROOT / "tests/doubles/fake_swift.py"


def make_command(folder, n_gpus=32, *, recipe="lite", steps=None, swift="swift", tuner=None):
    data = folder / "records"
    return build_command(
        find_tuning_recipe(recipe, tuner=tuner), train=data / "train.jsonl",
        validation=data / "validation.jsonl", pictures=folder, out=folder / "out",
        n_gpus=n_gpus, n_steps=steps, swift=swift,
    )  # fmt: skip


@pytest.mark.parametrize("tuner", ["full", "lora"])
@pytest.mark.parametrize("model", BASE_MODELS)
@pytest.mark.parametrize("name", TUNING_RECIPES)
def test_ms_swift_knows_every_word(tmp_path, name, model, tuner):
    recipe = find_tuning_recipe(name, model=model, tuner=tuner)
    command = build_command(
        recipe, train=tmp_path / "t", validation=tmp_path / "v", pictures=tmp_path, out=tmp_path,
        n_gpus=16, n_nodes=2,
    )  # fmt: skip
    assert check_options([*command.argv, "--resume_from_checkpoint", "x"]) == []
    serving = plan_serving(recipe, tmp_path / "checkpoint-5")
    for line in (serving.merge, serving.swift):
        assert check_options(line.split() if line else ["swift", "export"]) == []


def test_the_papers_numbers_reach_the_command(tmp_path):
    argv = make_command(tmp_path, 8, recipe="large").argv
    options = dict(zip(argv[2::2], argv[3::2], strict=True))
    paper = {
        "--learning_rate": "1e-05", "--lr_scheduler_type": "cosine", "--warmup_ratio": "0.05",
        "--torch_dtype": "bfloat16", "--attn_impl": "flash_attn", "--max_steps": "18000",
        "--per_device_train_batch_size": "1", "--gradient_accumulation_steps": "4",
    }  # fmt: skip
    assert paper.items() <= options.items()


@pytest.mark.parametrize("n_gpus", [1, 2, 8, 32])
def test_the_effective_batch_does_not_depend_on_the_gpus(n_gpus):
    assert find_tuning_recipe("lite").accumulate(n_gpus) * n_gpus == 32


def test_faults_of_options_are_named():
    assert "tuner_type?" in check_options(["swift", "sft", "--sft_type", "lora"])[0]
    assert "not one of" in check_options(["swift", "sft", "--tuner_type", "lroa"])[0]
    assert check_options(["swift", "cook"]) == ["the options of `swift cook` are not listed"]
    assert {"sft", "deploy", "export"} <= set(load_options())


def test_unknown_recipes_and_models_are_named():
    with pytest.raises(DataError, match="mousegpt train nano"):
        find_tuning_recipe("nano")
    with pytest.raises(DataError, match="InternVL3-8B"):
        find_tuning_recipe("lite", model="gpt-4o")


@pytest.mark.parametrize(
    ("size", "tokens"), [((448, 448), 256), ((896, 448), 768), ((896, 896), 1280)]
)
def test_internvl_takes_256_tokens_a_tile_and_an_overview(size, tokens):
    assert count_image_tokens("internvl", *size) == tokens


def test_the_estimate_is_near_published_measurements():
    """ms-swift's documents: 7B on two A100, LoRA 23 GiB each, all weights 72 GiB each."""
    lora = estimate_memory(find_tuning_recipe("lite", tuner="lora"), 2, 2048).total
    full = estimate_memory(find_tuning_recipe("lite", tuner="full"), 2, 2048).total
    assert lora == pytest.approx(23, rel=0.25)
    assert full == pytest.approx(72, rel=0.25)


def plan(folder, *, n_gpus=32, gpu_gib=80.0, recipe="lite", swift=sys.executable):
    command = make_command(folder, n_gpus, recipe=recipe, swift=swift)
    recipe = find_tuning_recipe(recipe)
    return Plan(recipe, command, folder / "records", folder / "out", n_gpus, gpu_gib)


def grade(findings):
    return {finding.name: finding.grade for finding in findings if finding.grade != "ok"}


@pytest.fixture
def roomy(monkeypatch):
    """A disk with room for everything."""
    usage = type("Usage", (), {"free": 2**60})
    monkeypatch.setattr("mousegpt.training.tuning.checks.shutil.disk_usage", lambda path: usage)


@pytest.fixture
def records(tmp_path, roomy):
    write_all(tmp_path, write_pictures(tmp_path))
    return tmp_path


def test_a_sound_plan_has_no_fault(records):
    assert grade(check_plan(plan(records))) == {}


def rewrite(folder, part, change):
    """Change the records of a part, and say in the manifest that they shall be so."""
    path = folder / "records" / f"{part}.jsonl"
    lines = [json.dumps(change(record)) for record in read_records(path)]
    path.write_text("\n".join(lines) + "\n")
    manifest = json.loads((folder / "records/records.json").read_text())
    manifest["sha256"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "records/records.json").write_text(json.dumps(manifest))


def lengthen(record):
    user, assistant = record["messages"]
    return record | {"messages": [user | {"content": user["content"] + "x" * 20_000}, assistant]}


def forget_answer(record):
    return record | {"messages": [record["messages"][0], {"role": "assistant", "content": "{"}]}


@pytest.mark.parametrize(
    ("fault", "name", "said"),
    [
        (lambda f: (f / "frames/r0/000000.jpg").unlink(), "pictures", "is missing"),
        (lambda f: (f / "frames/r0/000000.jpg").write_bytes(b""), "pictures", "is empty"),
        (lambda f: (f / "frames/r0/000000.jpg").write_bytes(b"x"), "pictures", "cannot be decoded"),
        (lambda f: rewrite(f, "train", lengthen), "lengths", "has about"),
        (lambda f: rewrite(f, "train", forget_answer), "records", "line 1 of train.jsonl"),
        (lambda f: rewrite(f, "test", lambda r: r | {"images": ["frames/r0/000000.jpg"]}),
         "pictures", "and in"),
        (lambda f: (f / "records/test.jsonl").write_text("{}\n"), "records", "not as written"),
        (lambda f: (f / "records/test.jsonl").unlink(), "records", "is missing"),
        (lambda f: (f / "records/records.json").unlink(), "records", "mousegpt train records"),
    ],
)  # fmt: skip
def test_each_planted_fault_of_the_data_is_named(records, fault, name, said):
    fault(records)
    found = [f for f in check_plan(plan(records)) if f.grade == "fault"]
    assert [f.name for f in found] == [name]
    assert said in found[0].message


def test_too_few_gpus_too_small_a_disk_and_no_program_are_named(records, monkeypatch):
    small = type("Usage", (), {"free": 2**30})
    monkeypatch.setattr("mousegpt.training.tuning.checks.shutil.disk_usage", lambda path: small)
    found = check_plan(plan(records, n_gpus=8, recipe="large", swift="no-such-program"))
    assert grade(found) == {"memory": "fault", "disk": "fault", "ms-swift": "warning"}
    assert "--tuner lora" in next(f.message for f in found if f.name == "memory")


@pytest.fixture
def swift(tmp_path, monkeypatch):
    """A program that stands for ms-swift."""
    program = tmp_path / "bin/swift"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("FAKE_SWIFT_CALLS", str(tmp_path / "calls"))
    return str(program)


def read_calls(folder):
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]


def tune(folder, swift, **changes):
    said = []
    command = make_command(folder, steps=2000, swift=swift, **changes)
    path = run_tuning(command, folder / "out", data_sha256="data", report=said.append)
    return path, said


def test_it_runs_the_command_in_its_environment_and_passes_the_log_on(tmp_path, swift):
    path, said = tune(tmp_path, swift)
    assert path.name == "checkpoint-2000"
    assert any("'global_step': 1500" in line for line in said)
    assert "'global_step': 1500" in (tmp_path / "out/swift.log").read_text()
    (call,) = read_calls(tmp_path)
    assert call["argv"] == list(make_command(tmp_path, steps=2000).argv[1:])
    assert call["environment"] == {"NPROC_PER_NODE": "32", "ROOT_IMAGE_DIR": str(tmp_path)}


def test_killed_in_the_middle_it_goes_on_from_the_last_whole_checkpoint(
    tmp_path, swift, monkeypatch
):
    monkeypatch.setenv("FAKE_SWIFT_DIES_AT", "1500")
    with pytest.raises(BackendError, match="the same command goes on"):
        tune(tmp_path, swift)
    assert (tmp_path / "out/checkpoint-1500/model.safetensors").exists()
    assert find_checkpoint(tmp_path / "out").name == "checkpoint-1400"
    monkeypatch.delenv("FAKE_SWIFT_DIES_AT")
    path, _ = tune(tmp_path, swift)
    assert path.name == "checkpoint-2000"
    resumed = read_calls(tmp_path)[1]["argv"]
    assert resumed[-2:] == ["--resume_from_checkpoint", str(tmp_path / "out/checkpoint-1400")]


def test_what_is_done_is_not_done_again(tmp_path, swift):
    tune(tmp_path, swift)
    tune(tmp_path, swift)
    assert len(read_calls(tmp_path)) == 1


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"n_gpus": 16}, "the number of GPUs"), ({"tuner": "lora"}, "--tuner_type")],
)
def test_another_training_in_the_same_folder_is_refused(tmp_path, swift, changes, named):
    tune(tmp_path, swift)
    with pytest.raises(ProjectError, match=named):
        tune(tmp_path, swift, **changes)


def test_without_the_program_the_remedy_is_named(tmp_path):
    with pytest.raises(BackendError, match="MOUSEGPT_SWIFT"):
        tune(tmp_path, str(tmp_path / "none"))


def test_records_that_changed_have_another_hash(tmp_path):
    (tmp_path / "a").write_text("1")
    before = hash_records([tmp_path / "a"])
    (tmp_path / "a").write_text("2")
    assert hash_records([tmp_path / "a"]) != before


def test_the_tuned_model_comes_back_as_an_endpoint(tmp_path):
    recipe = find_tuning_recipe("large", tuner="lora")
    serving = plan_serving(recipe, tmp_path / "checkpoint-5")
    settings = tomllib.loads(serving.settings)
    name = settings["backends"]["describer"]
    endpoint = Endpoint.model_validate(settings["endpoints"][name])
    assert f"--model-name {endpoint.model}" in serving.lmdeploy
    assert "checkpoint-5-merged" in serving.vllm
    assert os.fspath(tmp_path / "checkpoint-5") in serving.merge


#: Options of the servers, as their own sources name them (LMDeploy's lmdeploy/cli/serve.py and
#: utils.py, vLLM's vllm/engine/arg_utils.py and entrypoints).
SERVERS = {
    "lmdeploy serve api_server": {"--model-name", "--tp", "--server-name", "--server-port"},
    "vllm serve": {
        "--served-model-name", "--tensor-parallel-size", "--max-model-len", "--trust-remote-code",
        "--host", "--port",
    },
}  # fmt: skip


def find_server_lines():
    """Return each line that starts a server, of the documents and of what a training writes."""
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md"))
    for recipe in TUNING_RECIPES.values():
        serving = plan_serving(recipe, Path("checkpoint-5"))
        text += f"\n{serving.lmdeploy}\n{serving.vllm}"
    return [line for line in text.splitlines() if line.startswith(tuple(SERVERS))]


def test_servers_know_every_option():
    lines = find_server_lines()
    assert len(lines) >= 2 * len(TUNING_RECIPES) + 2
    for line in lines:
        server = next(name for name in SERVERS if line.startswith(name))
        words = line.removeprefix(server).split()
        assert not words[0].startswith("-"), line
        assert {word for word in words if word.startswith("--")} <= SERVERS[server], line
