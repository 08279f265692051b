"""What every model that chats owes: an answer as it was said, the same for the same question."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from scripted.server import serving
from tiny_llava import N_PATCHES, make_tokenizer, save_tiny_llava

from mousegpt.backends.openai_compatible import Endpoint, OpenAICompatible
from mousegpt.backends.transformers import TransformersModel, hash_weights
from mousegpt.core.chat import CallError, Message
from mousegpt.core.errors import BackendError

pytestmark = pytest.mark.filterwarnings("ignore")  # of a library that warns about itself
PICTURE = cv2.imencode(".jpg", np.full((448, 896, 3), 90, np.uint8))[1].tobytes()


@pytest.fixture(scope="module")
def tiny_llava(tmp_path_factory):
    pytest.importorskip("torch", reason="local models need torch")
    pytest.importorskip("transformers", reason="local models need transformers")
    folder = tmp_path_factory.mktemp("models") / "tiny-llava"
    save_tiny_llava(folder)
    return folder


@pytest.fixture(params=["openai_compatible", "transformers"])
def model(request):
    if request.param == "transformers":
        yield TransformersModel(request.getfixturevalue("tiny_llava"), device="cpu")
        return
    with serving() as server:
        opened = OpenAICompatible(Endpoint(url=server.url, model="scripted", timeout_s=30))
        yield opened
        opened.close()


def ask(model, text="What is seen?", **options):
    return model.chat([Message(text, pictures=(PICTURE,))], **{"max_tokens": 12} | options)


def test_it_has_a_name_and_says_something(model):
    reply = ask(model)
    assert model.name
    assert reply.text
    assert reply.finish_reason in ("stop", "length")


def test_the_same_question_gets_the_same_answer(model):
    assert ask(model) == ask(model)


def test_a_question_may_come_without_a_picture(model):
    assert model.chat([Message("What is seen?")], max_tokens=8).text


def test_many_may_ask_at_once(model):
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda i: ask(model).text, range(8)))
    assert len(set(replies)) == 1


def test_tokens_are_counted_and_limited(tiny_llava):
    reply = ask(TransformersModel(tiny_llava, device="cpu"), max_tokens=5)
    assert (reply.n_reply_tokens, reply.finish_reason) == (5, "length")
    said = make_tokenizer(["What is seen?"])("<s>user: What is seen?</s>assistant: ")["input_ids"]
    assert reply.n_prompt_tokens == len(said) + N_PATCHES


def test_another_seed_gives_another_answer_when_warm(tiny_llava):
    model = TransformersModel(tiny_llava, device="cpu")
    texts = {ask(model, temperature=1.0, seed=seed).text for seed in range(4)}
    assert len(texts) == 4
    assert ask(model, temperature=1.0, seed=1) == ask(model, temperature=1.0, seed=1)


def converse(text, level=90):
    picture = cv2.imencode(".jpg", np.full((448, 896, 3), level, np.uint8))[1].tobytes()
    return [Message(text, pictures=(picture,))]


def test_answers_in_a_batch_are_those_of_each_alone(tiny_llava):
    model = TransformersModel(tiny_llava, device="cpu", batch_size=3)
    asked = [converse("What is seen?"), converse("Hi", 200), converse("And now, in this one?", 0)]
    for options in ({"temperature": 0.0}, {"temperature": 1.0, "seed": 3}):
        together = model.chat_batch(asked, max_tokens=12, **options)
        assert together == [model.chat(each, max_tokens=12, **options) for each in asked]
    assert len({reply.text for reply in together}) == 3


def test_an_answer_ends_where_the_model_ends_it(tiny_llava):
    """The token that ends an answer is forced, at one place in one row and later in the other."""
    import torch

    model = TransformersModel(tiny_llava, device="cpu", batch_size=2)
    whole = ask(model, max_tokens=6)
    generate = model._model.generate

    def end_early(**inputs):
        ids = generate(**inputs)
        n = inputs["input_ids"].shape[1]
        first = torch.cat([ids[0, : n + 3], torch.tensor([2, 0, 0])])
        last = torch.cat([ids[0, : n + 5], torch.tensor([2])])
        return torch.stack([first, last])

    model._model.generate = end_early
    short, full = model.chat_batch([converse("What is seen?")] * 2, max_tokens=6)
    assert (short.finish_reason, short.n_reply_tokens) == ("stop", 4)
    assert (full.finish_reason, full.n_reply_tokens) == ("stop", 6)
    assert whole.text.startswith(full.text)
    assert full.text.startswith(short.text)


def test_a_gpu_that_is_too_small_gets_fewer_at_once(tiny_llava, monkeypatch):
    import torch

    model = TransformersModel(tiny_llava, device="cpu", batch_size=4)
    asked = [converse("Hi", level) for level in (0, 80, 160, 240)]
    alone = [model.chat(each, max_tokens=4) for each in asked]
    generate, sizes = model._generate, []

    def fill_up(conversations, *options, room=1):
        sizes.append(len(conversations))
        if len(conversations) > room:
            raise torch.cuda.OutOfMemoryError("full")
        return generate(conversations, *options)

    monkeypatch.setattr(model, "_generate", fill_up)
    assert model.chat_batch(asked, max_tokens=4) == alone
    assert sizes == [4, 2, 1, 1, 1, 1]
    monkeypatch.setattr(model, "_generate", lambda *options: fill_up(*options, room=0))
    with pytest.raises(CallError, match="too little memory") as caught:
        model.chat_batch(asked, max_tokens=4)
    assert caught.value.fault == "fatal"


def test_what_cannot_be_answered_is_told(tiny_llava, tmp_path):
    model = TransformersModel(tiny_llava, device="cpu")
    with pytest.raises(CallError, match="picture cannot be read") as caught:
        model.chat([Message("Hi", pictures=(b"no picture",))])
    assert caught.value.fault == "impossible"
    save_tiny_llava(tmp_path, room=32)
    with pytest.raises(CallError, match="room for 32") as caught:
        ask(TransformersModel(tmp_path, device="cpu"), "What is seen? " * 20)
    assert caught.value.fault == "impossible"
    assert ask(TransformersModel(tmp_path, device="cpu")).n_reply_tokens < 12  # what is left


def test_weights_of_16_bits_take_pictures(tmp_path, tiny_llava):
    save_tiny_llava(tmp_path, dtype="bfloat16")
    assert ask(TransformersModel(tmp_path, device="cpu")).text


def test_the_name_tells_other_weights(tmp_path, tiny_llava):
    """One number in the middle of the file is another."""
    folder = shutil.copytree(tiny_llava, tmp_path / "tiny-llava")
    assert hash_weights(folder) == hash_weights(tiny_llava)
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    assert hash_weights(folder) != hash_weights(tiny_llava)
    names = [TransformersModel(path, device="cpu").name for path in (folder, tiny_llava)]
    assert len(set(names)) == 2


def test_a_folder_without_a_model_is_told(tmp_path):
    pytest.importorskip("transformers", reason="local models need transformers")
    with pytest.raises(BackendError, match="save_pretrained"):
        TransformersModel(tmp_path, device="cpu")


def test_a_model_that_cannot_chat_is_told(tmp_path, tiny_llava):
    folder = shutil.copytree(tiny_llava, tmp_path / "silent")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(BackendError, match="template of a chat"):
        TransformersModel(folder, device="cpu")
