"""The network of the span reader: every word of a text against every attribute asked, in one pass of the encoder.

The attributes' names stand before the text, so their vectors and the words' vectors know each other (the idea of
GLiNER: Zaratiana et al., 2023). Each pair of word and attribute gets three logits: a value starts here, ends here,
goes on here. Nothing but the texts ties an attribute to its meaning, so one that was never trained can be asked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.extract.ground import Span
from core.extract.query import MAX_ASKED, Query
from core.extract.tokens import Token, tokenize

MAX_TOKENS = 384
MAX_WIDTH = 14
_OVERLAP = 14
_WORD_PIECES = 6
_NAME_PIECES = 12
_WIDTH = 256
_START_BIAS = -3.0
_PLAUSIBLE = -4.0

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Encoded:
    """A query as numbers: ``ids`` and ``types`` for the encoder, ``names`` and ``words`` the positions of the
    attributes' marks and of each word's first piece."""

    ids: list[int]
    types: list[int]
    names: list[int]
    words: list[int]
    relations: list[str]
    tokens: list[Token]
    target: FloatArray


class SpanNetwork(nn.Module):
    """Logits ``[batch, words, attributes, 3]`` from a BERT-like encoder."""

    def __init__(self, encoder: Any, hidden: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.word = nn.Sequential(nn.Dropout(0.1), nn.Linear(hidden, 3 * _WIDTH))
        self.name = nn.Sequential(nn.Dropout(0.1), nn.Linear(hidden, 3 * _WIDTH))
        self.bias = nn.Parameter(torch.full((3,), _START_BIAS))

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """``batch`` is what ``stack`` gives."""
        states = self.encoder(
            input_ids=batch["ids"], attention_mask=batch["mask"], token_type_ids=batch["types"]
        ).last_hidden_state
        words = self._at(states, batch["words"], self.word)
        names = self._at(states, batch["names"], self.name)
        return torch.einsum("bwkh,bakh->bwak", words, names) / math.sqrt(_WIDTH) + self.bias

    @staticmethod
    def _at(states: Tensor, places: Tensor, layer: nn.Module) -> Tensor:
        chosen = torch.gather(states, 1, places.unsqueeze(-1).expand(-1, -1, states.shape[-1]))
        projected: Tensor = layer(chosen)
        return projected.view(*places.shape, 3, _WIDTH)


class Encoding:
    """Turns queries into numbers with the encoder's own tokenizer; pieces of words are remembered."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, list[int]] = {}

    def encode(self, query: Query) -> list[Encoded]:
        """The query in one window, or in several: texts that overlap by as much as a value may be long, attributes
        in groups of ``MAX_ASKED``."""
        if len(query.asked) > MAX_ASKED:
            return [item for part in _in_groups(query) for item in self.encode(part)]
        ids = [self._tokenizer.cls_token_id, *self._pieces(query.category, _NAME_PIECES)]
        names: list[int] = []
        for wording in query.asked.values():
            names.append(len(ids))
            ids += [self._tokenizer.sep_token_id, *self._pieces(wording, _NAME_PIECES)]
        ids.append(self._tokenizer.sep_token_id)
        tokens = tokenize(query.text)
        parts = [self._pieces(token.text, _WORD_PIECES) or [self._tokenizer.unk_token_id] for token in tokens]
        room = max(MAX_TOKENS - len(ids) - 1, 2 * _OVERLAP * _WORD_PIECES)
        return [
            self._window(query, ids, names, tokens[first:stop], parts[first:stop])
            for first, stop in _windows([len(part) for part in parts], room)
        ]

    def _window(
        self,
        query: Query,
        before: list[int],
        names: list[int],
        tokens: list[Token],
        parts: list[list[int]],
    ) -> Encoded:
        ids = list(before)
        words: list[int] = []
        for part in parts:
            words.append(len(ids))
            ids += part
        ids.append(self._tokenizer.sep_token_id)
        types = [0] * len(before) + [1] * (len(ids) - len(before))
        relations = list(query.asked)
        return Encoded(ids, types, names, words, relations, tokens, _target(query.spans, tokens, relations))

    def _pieces(self, text: str, limit: int) -> list[int]:
        if text not in self._known:
            self._known[text] = self._tokenizer.encode(text, add_special_tokens=False, verbose=False)
        return self._known[text][:limit]


def _in_groups(query: Query) -> list[Query]:
    asked = list(query.asked.items())
    groups = [dict(asked[at : at + MAX_ASKED]) for at in range(0, len(asked), MAX_ASKED)]
    return [Query(query.text, query.category, group, query.spans) for group in groups]


def _windows(sizes: Sequence[int], room: int) -> list[tuple[int, int]]:
    """``(first, last + 1)`` of the words of each window that holds at most ``room`` pieces."""
    windows: list[tuple[int, int]] = []
    first = 0
    while True:
        stop, used = first, 0
        while stop < len(sizes) and used + sizes[stop] <= room:
            used += sizes[stop]
            stop += 1
        windows.append((first, stop))
        if stop >= len(sizes):
            return windows
        first = max(first + 1, stop - _OVERLAP)


def _target(spans: Sequence[Span], tokens: Sequence[Token], relations: Sequence[str]) -> FloatArray:
    made = np.zeros((len(tokens), len(relations), 3), dtype=np.float32)
    for span in spans:
        inside = [at for at, token in enumerate(tokens) if token.start < span.end and span.start < token.end]
        if inside and span.relation in relations:
            column = relations.index(span.relation)
            made[inside[0], column, 0] = made[inside[-1], column, 1] = 1.0
            made[inside, column, 2] = 1.0
    return made


def stack(items: Sequence[Encoded], device: torch.device) -> dict[str, Tensor]:
    """One padded batch; ``weight [batch, words, attributes]`` is 1 where a word meets an attribute, else 0."""
    rows = len(items)
    length, words, names = (
        max(max(len(getattr(item, name)) for item in items), 1) for name in ("ids", "words", "names")
    )
    batch = {
        name: np.zeros((rows, size), dtype=np.int64)
        for name, size in (
            ("ids", length), ("types", length), ("mask", length), ("words", words), ("names", names)
        )
    }  # fmt: skip
    target = np.zeros((rows, words, names, 3), dtype=np.float32)
    weight = np.zeros((rows, words, names), dtype=np.float32)
    for row, item in enumerate(items):
        batch["mask"][row, : len(item.ids)] = 1
        for name in ("ids", "types", "words", "names"):
            values = getattr(item, name)
            batch[name][row, : len(values)] = values
        target[row, : len(item.words), : len(item.names)] = item.target
        weight[row, : len(item.words), : len(item.names)] = 1.0
    arrays: dict[str, NDArray[Any]] = {**batch, "target": target, "weight": weight}
    return {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}


def loss(logits: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
    """Binary cross-entropy summed over words, attributes and the three questions, mean over the batch's texts."""
    raw = functional.binary_cross_entropy_with_logits(logits, batch["target"], reduction="none")
    return (raw * batch["weight"].unsqueeze(-1)).sum() / len(raw)


def spans_of(item: Encoded, logits: FloatArray, keep: int = 3) -> list[Span]:
    """At most ``keep`` spans an attribute, most probable first. A span's probability is the geometric mean of start,
    end and the least of its inner words. ``logits`` is ``[>= words, >= attributes, 3]``."""
    log = -np.logaddexp(0.0, -logits)
    found: list[Span] = []
    for column, relation in enumerate(item.relations):
        ranked = sorted(_runs(log[: len(item.tokens), column]), reverse=True)[:keep]
        found += [
            Span(item.tokens[first].start, item.tokens[last].end, relation, math.exp(value))
            for value, first, last in ranked
        ]
    return found


def _runs(log: FloatArray) -> list[tuple[float, int, int]]:
    runs: list[tuple[float, int, int]] = []
    for first in np.flatnonzero(log[:, 0] > _PLAUSIBLE).tolist():
        least = 0.0
        for last in range(first, min(len(log), first + MAX_WIDTH)):
            least = min(least, float(log[last, 2]))
            if least < _PLAUSIBLE:
                break
            if log[last, 1] > _PLAUSIBLE:
                runs.append((float(log[first, 0] + log[last, 1] + least) / 3.0, first, last))
    return runs


def load_encoder(folder: Path) -> tuple[Any, Any]:
    """``(tokenizer, model)`` of a BERT-like encoder on disk."""
    from transformers import AutoModel, AutoTokenizer

    # Dropout of attention weights costs a third of a training step and rules out the fused attention.
    model = AutoModel.from_pretrained(folder, attention_probs_dropout_prob=0.0)
    return AutoTokenizer.from_pretrained(folder), model
