"""Any causal language model of Hugging Face transformers, on CUDA, MPS or the CPU; the embedded one too."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from core.errors import ModelUnavailable
from core.llm.adapted import adapt, check
from core.llm.base import Completion, OnToken
from core.llm.counting import roughly
from core.llm.decoding import Decoder
from core.llm.grammar import CopyForm
from core.llm.presence import hub_folder
from core.settings import settings

_CPU_BATCH, _GPU_BATCH = 8, 64
_TURN_TOKENS = 30
"""About what a chat template puts around a prompt."""


class TransformersModel:
    """A causal LM by hub id or folder. Loaded on first use, so that making one costs nothing.

    ``batch`` prompts are decoded together, 0 for what suits the device. ``chat`` wraps a prompt in the model's own chat
    template, where it has one. ``local_only`` never asks the network. ``adapter`` is the folder of an adapter for it.
    """

    def __init__(
        self,
        model_id: str,
        source: str | Path,
        *,
        languages: tuple[str, ...] = ("*",),
        batch: int = 0,
        chat: bool = True,
        local_only: bool = False,
        adapter: Path | None = None,
    ) -> None:
        self.id = model_id
        self.languages = languages
        self.source = str(source)
        self.batch = batch
        self.chat = chat
        self.local_only = local_only
        self.adapter = adapter

    def complete(
        self,
        prompts: Sequence[str],
        forms: Sequence[CopyForm | None],
        *,
        max_tokens: int = 256,
        on_token: OnToken | None = None,
    ) -> list[Completion]:
        """See ``LanguageModel.complete``."""
        made: list[Completion] = []
        size = self.batch or (_GPU_BATCH if best_device() == "cuda" else _CPU_BATCH)
        for first in range(0, len(prompts), size):
            group = slice(first, first + size)
            made += self._batch(prompts[group], forms[group], max_tokens, on_token, first)
        return made

    def load(self) -> None:
        """Load the weights now (some seconds), rather than at the first reply."""
        self._decoder  # noqa: B018

    def count(self, prompt: str) -> int:
        """Tokens of a prompt, its turn of the chat included: exact once the model is loaded, before by its tokenizer
        file, which loads nothing else, and roughly where that is not here."""
        if "tokenizer" in self.__dict__:
            return len(self.encode(prompt))
        file = Path(self.source) / "tokenizer.json"
        if not file.is_file():
            return roughly(prompt) + _TURN_TOKENS
        return len(_tokenizer_of(file).encode(prompt, add_special_tokens=False)) + _TURN_TOKENS * self.chat

    def fresh(self, dtype: Any) -> Any:
        """The base model itself, loaded anew, without the adapter."""
        return self._loaded("AutoModelForCausalLM", dtype=dtype)

    @cached_property
    def tokenizer(self) -> Any:
        """The model's tokenizer."""
        return self._loaded("AutoTokenizer")

    def folder(self) -> Path | None:
        """Where the files of the base model are; None where they have not been downloaded."""
        return Path(self.source) if Path(self.source).is_dir() else hub_folder(self.source)

    def encode(self, prompt: str) -> list[int]:
        """Token ids of a prompt as the model reads it."""
        tokenizer = self.tokenizer
        text = prompt
        for special in tokenizer.all_special_tokens:
            # Product text must not be able to end the user's turn.
            text = text.replace(special, special[:1] + " " + special[1:])
        if self.chat and tokenizer.chat_template:
            turn = [{"role": "user", "content": text}]
            text = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        return list(tokenizer.encode(text, add_special_tokens=not (self.chat and tokenizer.chat_template)))

    def _batch(
        self,
        prompts: Sequence[str],
        forms: Sequence[CopyForm | None],
        max_tokens: int,
        on_token: OnToken | None,
        offset: int,
    ) -> list[Completion]:
        begun = time.perf_counter()
        ids = [self.encode(prompt) for prompt in prompts]
        grammars = [form.lark() if form else None for form in forms]
        shift = (lambda index, text: on_token(offset + index, text)) if on_token else None
        rows = self._decoder.run(ids, grammars, max_tokens, shift)
        seconds = (time.perf_counter() - begun) / len(prompts)
        return [
            Completion(row.text, len(prompt), row.new_tokens, tuple(row.steps), seconds)
            for row, prompt in zip(rows, ids, strict=True)
        ]

    @cached_property
    def _decoder(self) -> Decoder:
        import llguidance.hf

        use_threads()
        device = best_device()
        model = self._adapted(best_dtype(device)).to(device).eval()
        ends = model.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, list) else [ends]) | {self.tokenizer.eos_token_id}
        return Decoder(
            model,
            llguidance.hf.from_tokenizer(self.tokenizer, n_vocab=model.config.get_text_config().vocab_size),
            frozenset(end for end in ends if end is not None),
        )

    def _adapted(self, dtype: Any) -> Any:
        import torch

        if self.adapter is None:
            return self.fresh(dtype)
        check(self.adapter, self.folder())
        # The difference an adapter makes is small beside the weights: it is added before they are rounded.
        return adapt(self.fresh(torch.float32), self.adapter).to(dtype)

    def _loaded(self, kind: str, **options: Any) -> Any:
        try:
            import transformers
            from transformers.utils import logging
        except ImportError as error:
            raise ModelUnavailable(
                f"The package {error.name} is missing.",
                where=self.id,
                remedy="Run: pip install -r requirements.txt",
            ) from error
        logging.disable_progress_bar()
        try:
            return getattr(transformers, kind).from_pretrained(
                self.source, local_files_only=self.local_only, **options
            )
        except (OSError, ValueError) as error:
            raise ModelUnavailable(
                f"The model cannot be loaded: {str(error).splitlines()[0]}",
                where=self.source,
                remedy="Check its name, the folder, and the connection to the hub.",
            ) from error


@lru_cache(maxsize=4)
def _tokenizer_of(file: Path) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(file))


def use_threads() -> None:
    """Set the CPU threads of torch: as the settings say, else all cores."""
    import torch

    torch.set_num_threads(settings().threads or os.cpu_count() or 1)


def best_device() -> str:
    """``cuda``, ``mps`` or ``cpu``, the first that is there."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@cache
def best_dtype(device: str) -> Any:
    """bfloat16 on accelerators; on a CPU whichever of bfloat16 and float32 multiplies faster, as measured here:
    bfloat16 wins by far on processors that have matrix units for it and loses by far on others. It is measured once
    a process, so that a model that is loaded twice computes the same."""
    import torch

    if device != "cpu":
        return torch.bfloat16
    return min((torch.float32, torch.bfloat16), key=_multiply_seconds)


def _multiply_seconds(dtype: Any) -> float:
    import torch

    left, right = torch.ones((64, 576), dtype=dtype), torch.ones((1536, 576), dtype=dtype)
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        torch.nn.functional.linear(left, right)
        times.append(time.perf_counter() - begun)
    return min(times)
