"""Vision-language models from a local folder, through the transformers library and torch.

Any model of the image-text-to-text kind (InternVL, Qwen-VL, LLaVA, SmolVLM and others) whose
weights are safetensors and which needs no code of its own: such code is never run. For more than a
few thousand frames a server (LMDeploy, vLLM) is many times faster: docs/describing_with_a_model.md.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mousegpt.core.chat import CallError, Message, Reply
from mousegpt.core.errors import BackendError


class TransformersModel:
    """A model that chats about pictures on this machine; one call at a time.

    Parameters
    ----------
    folder
        As `save_pretrained` leaves it: configuration, weights and processor. Nothing is fetched.
    device
        As torch names it; "auto" takes a GPU where there is one.

    Raises
    ------
    BackendError
        When transformers or torch is missing, or the folder holds no such model.
    """

    def __init__(self, folder: Path, *, device: str = "auto") -> None:
        try:
            import torch
            from transformers import AutoModelForImageTextToText, AutoProcessor
        except ImportError as error:
            raise BackendError(
                f"Local models need torch and transformers ({error}); install them with "
                "`pip install 'mousegpt[train]' transformers`, or serve the model and name its "
                "address in [endpoints]."
            ) from error
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        kept = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._processor = AutoProcessor.from_pretrained(folder, **kept)
            model = AutoModelForImageTextToText.from_pretrained(
                folder, use_safetensors=True, dtype="auto", **kept
            )
        except (OSError, ValueError) as error:
            raise BackendError(
                f"Expected a vision-language model in safetensors in {folder}, but it cannot be "
                f"loaded ({error}); name the folder that save_pretrained made."
            ) from error
        self._model = model.to(device).eval()
        self._folder = Path(folder)
        self._guard = threading.Lock()

    @property
    def name(self) -> str:
        """The folder's name, which stands for the weights: rename it when they change."""
        return f"transformers:{self._folder.resolve().name}"

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
        import torch

        with self._guard, torch.inference_mode():
            inputs = self._encode(messages)
            n_prompt = int(inputs["input_ids"].shape[1])
            torch.manual_seed(seed)
            sampling = {"do_sample": True, "temperature": temperature} if temperature else {}
            try:
                ids = self._model.generate(
                    **inputs, max_new_tokens=max_tokens, **({"do_sample": False} | sampling)
                )[0, n_prompt:]
            except torch.cuda.OutOfMemoryError as error:
                raise CallError(
                    "The GPU has too little memory for this model; use a smaller one.", "fatal"
                ) from error
        text = self._processor.batch_decode([ids], skip_special_tokens=True)[0]
        return Reply(
            text=text.strip(),
            finish_reason="length" if len(ids) >= max_tokens else "stop",
            model=self.name,
            n_prompt_tokens=n_prompt,
            n_reply_tokens=len(ids),
        )

    def _encode(self, messages: Sequence[Message]) -> Any:
        from PIL import Image

        pictures = [
            Image.open(io.BytesIO(data)).convert("RGB")
            for message in messages
            for data in message.pictures
        ]
        turns = [
            {
                "role": message.role,
                "content": [{"type": "image"} for _ in message.pictures]
                + [{"type": "text", "text": message.text}],
            }
            for message in messages
        ]
        prompt = self._processor.apply_chat_template(turns, add_generation_prompt=True)
        inputs = self._processor(text=prompt, images=pictures or None, return_tensors="pt")
        return inputs.to(self._model.device)
