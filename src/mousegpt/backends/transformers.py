"""Vision-language models from a local folder, through the transformers library and torch.

Any model of the image-text-to-text kind (InternVL, Qwen-VL, LLaVA, SmolVLM and others) whose
weights are safetensors and which needs no code of its own: such code is never run. For more than a
few thousand frames a server (LMDeploy, vLLM) is many times faster: docs/describing_with_a_model.md.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field

from mousegpt.core.chat import CallError, Message, Reply
from mousegpt.core.errors import BackendError

_SAMPLED_BLOCKS: Final = 64
_BLOCK_BYTES: Final = 1 << 16
_GPU_BATCH: Final = 8


class TransformersModel:
    """A model that chats about pictures on this machine.

    Parameters
    ----------
    folder
        As `save_pretrained` leaves it: configuration, weights and processor. Nothing is fetched.
    device
        As torch names it; "auto" takes a GPU where there is one.
    batch_size
        Conversations answered at once; 8 on a GPU and 1 on a CPU when left out. A GPU with too
        little memory gets fewer by itself.

    Raises
    ------
    BackendError
        When transformers or torch is missing, or the folder holds no such model.

    Notes
    -----
    The same question gets the same answer. In a batch of others its sums are rounded in another
    order, so that two words that are equally likely may change places.
    """

    def __init__(
        self,
        folder: Path,
        *,
        device: str = "auto",
        batch_size: Annotated[int, Field(ge=1)] | None = None,
    ) -> None:
        self._processor, model = load_folder(folder)
        import torch

        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model = model.to(device).eval()
        self._batch_size = batch_size or (1 if device == "cpu" else _GPU_BATCH)
        self._name = f"transformers:{Path(folder).resolve().name} {hash_weights(folder)[:12]}"
        self._ends = _list_ends(self._processor, self._model)
        self._guard = threading.Lock()

    @property
    def name(self) -> str:
        """Name of the folder, and a hash of what it holds."""
        return self._name

    @property
    def batch_size(self) -> int:
        """How many conversations are answered at once."""
        return self._batch_size

    def chat(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 1024,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> Reply:
        """Generate one answer, see `ports.ChatModel`; ``schema`` cannot be enforced here."""
        return self.chat_batch(
            [messages], max_tokens=max_tokens, temperature=temperature, seed=seed
        )[0]

    def chat_batch(
        self,
        conversations: Sequence[Sequence[Message]],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 1024,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> list[Reply]:
        """Generate answers, see `ports.BatchChatModel`; what is drawn by chance, one by one."""
        import torch

        n = 1 if temperature else len(conversations)
        replies: list[Reply] = []
        while len(replies) < len(conversations):
            part = conversations[len(replies) : len(replies) + n]
            try:
                replies += self._generate(part, max_tokens, temperature, seed)
            except torch.cuda.OutOfMemoryError as error:
                if len(part) == 1:
                    raise CallError(
                        "The GPU has too little memory for this model; use a smaller one.", "fatal"
                    ) from error
                n = len(part) // 2
        return replies

    def _generate(
        self,
        conversations: Sequence[Sequence[Message]],
        max_tokens: int,
        temperature: float,
        seed: int,
    ) -> list[Reply]:
        import torch

        sampling = {"do_sample": True, "temperature": temperature} if temperature else {}
        with self._guard, torch.inference_mode():
            encoded = encode_conversations(self._processor, conversations)
            inputs = encoded.to(self._model.device, dtype=self._model.dtype)
            n_prompt = int(inputs["input_ids"].shape[1])
            torch.manual_seed(seed)
            ids = self._model.generate(
                **inputs,
                max_new_tokens=self._limit(n_prompt, max_tokens),
                eos_token_id=list(self._ends),
                pad_token_id=self._processor.tokenizer.pad_token_id,
                **({"do_sample": False} | sampling),
            )
        counts = inputs["attention_mask"].sum(dim=1).tolist()
        rows = ids[:, n_prompt:].tolist()
        return [self._read(row, count) for row, count in zip(rows, counts, strict=True)]

    def _limit(self, n_prompt: int, max_tokens: int) -> int:
        """Return how many tokens there is room for."""
        text = self._model.config.get_text_config()
        room = getattr(text, "max_position_embeddings", None) or n_prompt + max_tokens
        if room <= n_prompt:
            message = f"The question takes {n_prompt} tokens, and the model has room for {room}."
            raise CallError(message, "impossible")
        return min(max_tokens, room - n_prompt)

    def _read(self, ids: Sequence[int], n_prompt: int) -> Reply:
        """Cut a row where its answer ends; what follows fills up the batch."""
        n = next((place for place, token in enumerate(ids) if token in self._ends), None)
        text = self._processor.tokenizer.decode(ids[:n], skip_special_tokens=True)
        return Reply(
            text=text.strip(),
            finish_reason="length" if n is None else "stop",
            model=self.name,
            n_prompt_tokens=n_prompt,
            n_reply_tokens=len(ids) if n is None else n + 1,
        )


def load_folder(folder: Path, *, dtype: str = "auto") -> tuple[Any, Any]:
    """Load processor and model of a folder of transformers, without fetching anything.

    Parameters
    ----------
    dtype
        Of the weights, as torch names it; "auto" keeps theirs.

    Raises
    ------
    BackendError
        When transformers or torch is missing, or the folder holds no such model.
    """
    try:
        import torch  # noqa: F401  (without it transformers offers no models)
        from transformers import AutoModelForImageTextToText, AutoProcessor
    except ImportError as error:
        raise BackendError(
            f"Local models need torch and transformers ({error}); install them with "
            "`pip install 'mousegpt[vlm]'`, or serve the model and name its address in [endpoints]."
        ) from error
    kept = {"local_files_only": True, "trust_remote_code": False}
    try:
        processor = AutoProcessor.from_pretrained(folder, **kept)
        model = AutoModelForImageTextToText.from_pretrained(
            folder, use_safetensors=True, dtype=dtype, **kept
        )
        tokenizer = processor.tokenizer
    except (OSError, ValueError, ImportError, AttributeError) as error:
        raise BackendError(
            f"Expected a vision-language model in safetensors in {folder}, but it cannot be loaded "
            f"({error}); name the folder that save_pretrained made. Models that could see films, "
            "too, need torchvision, from where torch came."
        ) from error
    if not (processor.chat_template and tokenizer.eos_token):
        raise BackendError(
            f"The model in {folder} has no template of a chat, or no word that ends an answer; "
            "take one that was trained to follow instructions."
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return processor, model


def encode_conversations(processor: Any, conversations: Sequence[Sequence[Message]]) -> Any:
    """Write conversations as the model was taught to read them, up to where its answer begins.

    Returns
    -------
    transformers.BatchFeature
        Tensors for the model; shorter conversations are filled up at their beginning.

    Raises
    ------
    CallError
        When a picture cannot be read.
    """
    turns = [[_write_turn(message) for message in messages] for messages in conversations]
    return processor.apply_chat_template(
        turns,
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        processor_kwargs={"padding": True, "padding_side": "left"},
    )


def hash_weights(folder: Path) -> str:
    """Return a hash of a model's folder that is cheap for weights of any size.

    Of each file of weights its size and blocks of 64 KiB all over it are read; training changes
    numbers everywhere.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(folder).glob("*.json")) + sorted(Path(folder).glob("*.jinja")):
        digest.update(path.name.encode() + path.read_bytes())
    for path in sorted(Path(folder).glob("*.safetensors")):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}".encode())
        with path.open("rb") as file:
            for start in range(0, size, max(size // _SAMPLED_BLOCKS, _BLOCK_BYTES)):
                file.seek(start)
                digest.update(file.read(_BLOCK_BYTES))
    return digest.hexdigest()


def _write_turn(message: Message) -> dict[str, Any]:
    from PIL import Image

    try:
        seen = [Image.open(io.BytesIO(data)).convert("RGB") for data in message.pictures]
    except OSError as error:
        raise CallError(f"A picture cannot be read ({error}).", "impossible") from error
    pictures = [{"type": "image", "image": picture} for picture in seen]
    return {"role": message.role, "content": [*pictures, {"type": "text", "text": message.text}]}


def _list_ends(processor: Any, model: Any) -> tuple[int, ...]:
    """Return the tokens that end an answer: those of the weights and that of the tokenizer."""
    known = model.generation_config.eos_token_id
    listed = known if isinstance(known, list) else [] if known is None else [known]
    return tuple(sorted({*listed, processor.tokenizer.eos_token_id}))
