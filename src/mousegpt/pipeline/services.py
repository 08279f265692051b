"""Which model describes frames, and where it is served, as ``mousegpt.toml`` says.

::

    [backends]
    describer = "lab"            # the name of an endpoint

    [endpoints.lab]
    url = "http://gpu-server:8000/v1"
    model = "OpenGVLab/InternVL3-8B"
    key_variable = "LAB_KEY"     # the variable that holds the key, if one is needed

Models on this machine: "nano" (our own small one), "nano:FILE", "transformers:FOLDER". "kinematic"
words poses; "auto", the default, has nano describe what has no poses, see `choices`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mousegpt.core.errors import ProjectError
from mousegpt.description.vlm import ChatDescriber
from mousegpt.pipeline.choices import AUTOMATIC, KINEMATIC, NANO, locate_model
from mousegpt.pipeline.endpoints import open_endpoint, read_endpoints
from mousegpt.pipeline.ledger import Price
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import hash_file
from mousegpt.ports import ChatModel, Describer

if TYPE_CHECKING:
    from mousegpt.backends.openai_compatible import Endpoint

#: Models that run on this machine: a describer, or something that chats.
_DESCRIBERS: Final = {NANO: "mousegpt.backends.nano:NanoDescriber"}
_CHATTERS: Final = {"transformers": "mousegpt.backends.transformers:TransformersModel"}
_LOCAL: Final = (*_DESCRIBERS, *_CHATTERS)
_FREE: Final = Price(0.0, 0.0)


@dataclass(frozen=True)
class Terms:
    """Whose account calls go on, what they cost, and how many may be made at once."""

    account: str
    price: Price
    concurrency: int


@dataclass(frozen=True)
class ChatService(Terms):
    """A model that chats, and the settings it is asked with."""

    model: ChatModel
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Service(Terms):
    """A describer and its terms."""

    describer: Describer

    @property
    def name(self) -> str:
        """Identity of model and settings."""
        return self.describer.name


@dataclass(frozen=True)
class DescriberChoice:
    """The describer that a project's settings name."""

    project: Project
    name: str
    endpoints: Mapping[str, Endpoint]

    @property
    def identity(self) -> str:
        """What makes its descriptions differ from those of others."""
        return identify_describer(self.project, self.name, self.endpoints)

    def load(self) -> Service:
        """Load it, see `load_service`."""
        return load_service(self.project, self.name, self.endpoints)


def choose_describer(project: Project, name: str, settings: Mapping[str, Any]) -> DescriberChoice:
    """Return the describer of that name, or of the endpoint of that name.

    Parameters
    ----------
    settings
        The tables ``[endpoints.NAME]``.

    Raises
    ------
    ProjectError
        When there is none, or an endpoint's settings are wrong.
    """
    choice = DescriberChoice(project, name, read_endpoints(settings) if settings else {})
    identify_describer(project, name, choice.endpoints)
    return choice


def identify_describer(project: Project, name: str, endpoints: Mapping[str, Endpoint]) -> str:
    """Return what makes one describer differ from another; where it is served does not.

    Raises
    ------
    ProjectError
        When there is no such endpoint.
    """
    kind, _, place = name.partition(":")
    if name == KINEMATIC:
        return name
    if kind in _LOCAL and (place or kind in _DESCRIBERS):
        path = locate_model(project, name)
        return f"{name} {_hash_weights(path)}" if path.exists() else name
    if name not in endpoints:
        known = ", ".join([AUTOMATIC, KINEMATIC, *_LOCAL, *endpoints])
        raise ProjectError(
            f"There is no describer '{name}'; there are {known}. Add [endpoints.{name}] with url "
            "and model to mousegpt.toml."
        )
    endpoint = endpoints[name]
    return f"{endpoint.model} max_tokens={endpoint.max_tokens} t={endpoint.temperature:g}"


def _hash_weights(path: Path) -> str:
    if path.is_file():
        return hash_file(path)[:16]
    from mousegpt.backends.transformers import hash_weights

    return hash_weights(path)[:16]


def is_chat_model(name: str) -> bool:
    """Say whether a name is that of a model on this machine that chats."""
    kind, _, place = name.partition(":")
    return kind in _CHATTERS and bool(place)


def load_service(project: Project, name: str, endpoints: Mapping[str, Endpoint]) -> Service:
    """Load a describer; an endpoint that was never checked is checked now.

    Raises
    ------
    BackendError
        When it cannot be reached, or its key is missing.
    """
    if name.partition(":")[0] in _DESCRIBERS:
        return Service(name, _FREE, 1, _load_local(project, name))
    chat = load_chat_model(project, name, endpoints)
    describer = ChatDescriber(chat.model, **chat.settings)
    return Service(chat.account, chat.price, chat.concurrency, describer)


def load_chat_model(project: Project, name: str, endpoints: Mapping[str, Endpoint]) -> ChatService:
    """Load a model that chats about pictures; an endpoint never checked before is checked now.

    Raises
    ------
    BackendError
        When it cannot be reached, or its key is missing.
    """
    if name.partition(":")[0] in _CHATTERS:
        return ChatService(name, _FREE, 1, _load_local(project, name), {})
    endpoint = endpoints[name]
    price = Price(
        endpoint.usd_per_million_prompt_tokens,
        endpoint.usd_per_million_reply_tokens,
        endpoint.max_tokens,
        endpoint.max_usd,
        endpoint.max_calls,
    )
    settings = {"max_tokens": endpoint.max_tokens, "temperature": endpoint.temperature}
    model = open_endpoint(project, endpoint)
    return ChatService(name, price, endpoint.concurrency, model, settings)


def _load_local(project: Project, name: str) -> Any:
    """Load a model that runs on this machine; the file or folder counts from the project's."""
    module, _, attribute = (_DESCRIBERS | _CHATTERS)[name.partition(":")[0]].partition(":")
    model: Any = getattr(import_module(module), attribute)
    return model(locate_model(project, name))
