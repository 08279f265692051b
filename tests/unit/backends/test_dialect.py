"""The probe finds the strictest way a service can be spoken to."""

import pytest
from scripted.server import complete, serving

from mousegpt.backends.dialect import Dialect, probe_dialect
from mousegpt.backends.openai_compatible import Endpoint, OpenAICompatible
from mousegpt.core.chat import CallError, Message

GOOD = (200, complete('{"colour": "grey"}'))
PROSE = (200, complete("It is grey."))
SERVICES = {
    # like vLLM, OpenAI, Ollama
    "schema": (lambda kind, body: GOOD, Dialect(structure="json_schema")),
    # like LM Studio, which refuses json_object, told to ignore schemas
    "prose to a schema, no object": (
        lambda kind, body: (
            (400, {"error": "json_schema or text"}) if kind == "json_object" else PROSE
        ),
        Dialect(),
    ),
    # like llama-cpp-python
    "object only": (
        lambda kind, body: (500, {"error": "unknown type"}) if kind == "json_schema" else GOOD,
        Dialect(structure="json_object"),
    ),
    "text only": (
        lambda kind, body: (422, {"detail": "extra field"}) if kind else PROSE,
        Dialect(),
    ),
    # like newer models of OpenAI
    "completion tokens": (
        lambda kind, body: (
            (400, {"error": {"message": "use max_completion_tokens"}})
            if "max_tokens" in body
            else GOOD
        ),
        Dialect(structure="json_schema", tokens_field="max_completion_tokens"),
    ),
    "no temperature": (
        lambda kind, body: (
            (400, {"error": {"message": "Unsupported value: 'temperature'"}})
            if "max_tokens" in body or "temperature" in body
            else GOOD
        ),
        Dialect(
            structure="json_schema",
            tokens_field="max_completion_tokens",
            omitted=("seed", "temperature"),
        ),
    ),
}


def probe(answer):
    def script(body, turn):
        kind = body.get("response_format", {}).get("type")
        return lambda body: answer(kind, body)

    with serving(script) as server:
        model = OpenAICompatible(Endpoint(url=server.url, model="m", timeout_s=5))
        found, said = probe_dialect(model, b"jpeg")
        assert "grey" in said
        asked = [body for _, body in server.requests]
        assert model.dialect == found
        model.chat([Message("x")], schema={"type": "object"})  # and goes on in that dialect
        model.close()
    return found, asked


@pytest.mark.parametrize("name", SERVICES)
def test_the_strictest_dialect_is_found(name):
    answer, expected = SERVICES[name]
    found, asked = probe(answer)
    assert found == expected
    assert len(asked) <= 10
    assert all("data:image/jpeg" in str(body) for body in asked)


@pytest.mark.parametrize("status", [401, 404, 429])
def test_what_is_no_question_of_dialect_is_told_at_once(status):
    with serving(lambda body, turn: str(status)) as server:
        model = OpenAICompatible(Endpoint(url=server.url, model="m", timeout_s=5))
        with pytest.raises(CallError, match=f"HTTP {status}"):
            probe_dialect(model, b"jpeg")
        model.close()
        assert len(server.requests) == 1


def test_a_schema_is_sent_strictly():
    shaped = Dialect(structure="json_schema").shape({"model": "m"}, {"type": "object"})
    assert shaped["response_format"]["json_schema"]["strict"] is True
    assert "response_format" not in Dialect(structure="json_schema").shape({"model": "m"}, None)
