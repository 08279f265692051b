"""Any service that speaks OpenAI's chat protocol: vLLM, LMDeploy, Ollama, LM Studio, OpenAI, Azure.

One call is one request: nothing is repeated here, since only the ledger may repeat what costs
money. What a service can do is found by a probe and kept in a `Dialect`. ``httpx2`` (the maintained
httpx) is used directly: the ``openai`` package repeats by itself and hides what the ledger needs,
the raw body, the Retry-After and whether a request has left.
"""

from __future__ import annotations

import base64
import json
import os
import re
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import httpx2
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mousegpt.backends.addresses import check_url
from mousegpt.backends.dialect import Dialect
from mousegpt.backends.protocol import read_fault, read_reply
from mousegpt.core.chat import CallError, Message, Reply
from mousegpt.core.errors import BackendError

_MAX_BODY_BYTES: Final = 4 * 2**20
_CONNECT_S: Final = 10.0


class Endpoint(BaseModel):
    """Where a model is served, as ``[endpoints.NAME]`` in mousegpt.toml says.

    ``key_variable`` is the *name* of the environment variable that holds the key, never the key.
    Prices are in US dollars per million tokens; None means unknown, and then only the number of
    calls can be capped.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    model: str
    key_variable: str = ""
    key_header: str = "Authorization"
    timeout_s: float = Field(default=120.0, gt=0)
    concurrency: int = Field(default=8, ge=1, le=512)
    max_tokens: int = Field(default=600, ge=16)
    temperature: float = Field(default=0.0, ge=0, le=2)
    usd_per_million_prompt_tokens: float | None = Field(default=None, ge=0)
    usd_per_million_reply_tokens: float | None = Field(default=None, ge=0)
    max_usd: float | None = Field(default=None, ge=0)
    max_calls: int | None = Field(default=None, ge=0)

    @field_validator("key_variable")
    @classmethod
    def _refuse_keys(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", value):
            raise ValueError("expected the name of an environment variable, not a key")
        return value

    @model_validator(mode="after")
    def _refuse_idle_cap(self) -> Self:
        prices = (self.usd_per_million_prompt_tokens, self.usd_per_million_reply_tokens)
        if self.max_usd is not None and None in prices:
            raise ValueError(
                "max_usd caps nothing without usd_per_million_prompt_tokens and "
                "usd_per_million_reply_tokens; give both prices, or cap max_calls"
            )
        return self


class OpenAICompatible:
    """A model behind an OpenAI-compatible service; may be used by many threads at once.

    Parameters
    ----------
    dialect
        What the service can do, as `probe_dialect` found it.
    transport
        Stands for the network in tests.

    Raises
    ------
    BackendError
        When the address is refused, or the variable that should hold the key is not set.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        dialect: Dialect | None = None,
        *,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        near = check_url(endpoint.url)
        self._endpoint = endpoint
        self.dialect = dialect or Dialect()
        self._key = _read_key(endpoint.key_variable)
        plain = endpoint.key_header.lower() != "authorization"
        value = self._key if plain else f"Bearer {self._key or 'none'}"
        self._client = httpx2.Client(
            headers={endpoint.key_header: value},
            timeout=httpx2.Timeout(endpoint.timeout_s, connect=min(_CONNECT_S, endpoint.timeout_s)),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=512),
            follow_redirects=False,
            trust_env=not near,  # a proxy is for the world outside
            transport=transport,
        )
        weakref.finalize(self, self._client.close)  # whoever forgets the model need not close it

    def __repr__(self) -> str:
        """Never show the key."""
        return f"OpenAICompatible({self._endpoint.model} at {self._endpoint.url})"

    @property
    def name(self) -> str:
        """The model's name; where it is served may change."""
        return self._endpoint.model

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def list_models(self) -> list[str]:
        """Return the names of the models that the service offers.

        Raises
        ------
        CallError
            When the service does not answer as it should.
        """
        content = self._request("GET", "/models", None)
        data = content.get("data") if isinstance(content, Mapping) else None
        found = [m.get("id") for m in data or [] if isinstance(m, Mapping)]
        return [str(name) for name in found if name]

    def chat(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 1024,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> Reply:
        """Send one request and return its answer, see `ports.ChatModel`."""
        body = self.dialect.shape(
            {
                "model": self._endpoint.model,
                "messages": [_write_message(message) for message in messages],
                "max_tokens": max_tokens,
                "temperature": temperature,
                "seed": seed,
            },
            schema,
        )
        return read_reply(self._request("POST", "/chat/completions", body))

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        """Send one request; return the JSON of the answer.

        A time-out of httpx counts between two bytes, so that the whole is timed here as well.
        """
        end = time.monotonic() + self._endpoint.timeout_s
        url = self._endpoint.url.rstrip("/") + path
        try:
            with self._client.stream(method, url, json=body) as response:
                data = bytearray()
                for chunk in response.iter_bytes():
                    data += chunk
                    if time.monotonic() > end:
                        raise httpx2.ReadTimeout("the answer took too long as a whole")
                    if len(data) > _MAX_BODY_BYTES:
                        raise CallError(
                            f"An answer of {self.name} is over {_MAX_BODY_BYTES >> 20} MiB.",
                            "transient",
                            may_be_billed=True,
                        )
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise self._describe_failure(error) from None  # the request in it holds the key
        text = data.decode("utf-8", "replace")
        if response.status_code != 200:
            raise read_fault(response.status_code, response.headers, self._hide_key(text))
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise CallError(
                f"Expected JSON from {url}, but found: {self._hide_key(text[:80])!r}.",
                "transient",
                may_be_billed=True,
            ) from None

    def _describe_failure(self, error: Exception) -> CallError:
        never_left = isinstance(
            error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.UnsupportedProtocol
        )
        said = self._hide_key(str(error)) or type(error).__name__
        return CallError(
            f"The call to {self._endpoint.url} failed ({type(error).__name__}: {said}); check that "
            "the service runs.",
            "unreachable" if never_left else "transient",
            may_be_billed=not never_left,
        )

    def _hide_key(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text


def _read_key(variable: str) -> str:
    if not variable:
        return ""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise BackendError(
            f"The environment variable {variable} should hold the key, but it is not set; set it "
            "in this shell and run again."
        )
    if not re.fullmatch(r"[!-~]+", key):
        raise BackendError(
            f"The environment variable {variable} should hold the key, but no key has blanks, line "
            "breaks or letters beyond ASCII; copy it anew, without quotation marks."
        )
    return key


def _write_message(message: Message) -> dict[str, Any]:
    """Pictures first, always as data URLs: local services fetch nothing."""
    if not message.pictures:
        return {"role": message.role, "content": message.text}
    pictures = [
        {
            "type": "image_url",
            "image_url": {"url": "data:image/jpeg;base64," + base64.b64encode(data).decode()},
        }
        for data in message.pictures
    ]
    return {"role": message.role, "content": [*pictures, {"type": "text", "text": message.text}]}
