"""What every model that chats owes: an answer as it was said, the same for the same question."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from scripted.server import serving
from tiny_llava import save_tiny_llava

from mousegpt.backends.openai_compatible import Endpoint, OpenAICompatible
from mousegpt.backends.transformers import TransformersModel
from mousegpt.core.chat import Message
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
    assert reply.n_prompt_tokens == len("What is seen?") + 4  # a picture is 2 x 2 patches


def test_another_seed_gives_another_answer_when_warm(tiny_llava):
    model = TransformersModel(tiny_llava, device="cpu")
    texts = {ask(model, temperature=1.0, seed=seed).text for seed in range(4)}
    assert len(texts) == 4
    assert ask(model, temperature=1.0, seed=1) == ask(model, temperature=1.0, seed=1)


def test_a_folder_without_a_model_is_told(tmp_path):
    pytest.importorskip("transformers", reason="local models need transformers")
    with pytest.raises(BackendError, match="save_pretrained"):
        TransformersModel(tmp_path, device="cpu")
