"""Sentence vectors: all-MiniLM-L6-v2 through plain transformers, mean-pooled and normalised (Reimers and Gurevych,
2019)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray

from core.llm.files import SENTENCES, folder_of
from core.settings import settings

WIDTH = 384
_MAX_TOKENS = 256


class SentenceEncoder:
    """Encodes texts to unit vectors. ``folder`` is a sentence-transformers BERT model; the shipped one by default.

    Loaded on first use; raises ModelUnavailable where the files are not there.
    """

    def __init__(self, folder: Path | None = None, batch: int = 32) -> None:
        self.folder = folder or folder_of(SENTENCES)
        self.id = self.folder.name
        self.batch = batch

    def encode(
        self, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None
    ) -> NDArray[numpy.float32]:
        """float32 ``[len(texts), 384]`` with rows of length 1 (an empty text gets the vector of its marks)."""
        import torch

        tokenizer, model = self._loaded
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        made = numpy.zeros((len(texts), model.config.hidden_size), dtype=numpy.float32)
        with torch.inference_mode():
            for first in range(0, len(order), self.batch):
                chosen = order[first : first + self.batch]
                inputs = tokenizer(
                    [texts[at] for at in chosen],
                    padding=True,
                    truncation=True,
                    max_length=_MAX_TOKENS,
                    return_tensors="pt",
                ).to(model.device)
                vectors = pooled(model(**inputs).last_hidden_state, inputs["attention_mask"])
                made[chosen] = vectors.cpu().numpy()
                if on_progress:
                    on_progress(first + len(chosen), len(texts))
        return made

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        from core.llm.transformers_model import best_device

        logging.disable_progress_bar()
        torch.set_num_threads(settings().threads or os.cpu_count() or 1)
        tokenizer = AutoTokenizer.from_pretrained(self.folder, local_files_only=True)
        model = AutoModel.from_pretrained(self.folder, local_files_only=True, dtype=torch.float32)
        return tokenizer, model.to(best_device()).eval()


def pooled(hidden: Any, mask: Any) -> Any:
    """float32[texts, width]: the mean of ``hidden`` [texts, tokens, width] where ``mask`` [texts, tokens] is 1, scaled
    to length one."""
    import torch

    weight = mask.unsqueeze(-1).to(torch.float32)
    mean = (hidden.float() * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
    return torch.nn.functional.normalize(mean, dim=1)
