"""Batched greedy decoding under a grammar, with the shared start of the prompts computed once.

A row's forced tokens (names, separators) are appended without a decoding step. Rows of a batch advance by different
numbers of tokens, so every block is padded on its left and the padded slots are masked out for good; positions are
counted by row. Greedy decoding makes a reply a function of prompt and grammar.
"""

from __future__ import annotations

import codecs
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import ExtractionError

KEPT_PREFIXES = 4


@dataclass
class Row:
    """One reply in the making. ``pending`` are tokens the model has not read yet."""

    index: int
    matcher: Any
    pending: list[int]
    max_tokens: int
    text: str = ""
    new_tokens: int = 0
    steps: list[tuple[int, float]] = field(default_factory=list)
    done: bool = False
    length: int = 0
    decoder: Any = field(default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace"))


class Prefixes:
    """Key/value caches of prompt starts, most recently used last."""

    def __init__(self) -> None:
        self._kept: list[tuple[tuple[int, ...], Any]] = []
        self._last: tuple[int, ...] = ()

    def shared(self, prompts: Sequence[Sequence[int]]) -> int:
        """Number of leading tokens worth keeping: those all prompts share, for one prompt those it shares with the
        one before; the last token of a prompt is never part of it."""
        longest = min(len(prompt) for prompt in prompts) - 1
        first = tuple(prompts[0])
        others = prompts[1:] or [self._last]
        self._last = tuple(prompts[-1])
        return min([longest, *(_common(first, other) for other in others)])

    def get(self, tokens: Sequence[int], compute: Callable[[Any, Sequence[int]], Any]) -> Any:
        """The cache after exactly these tokens, extended from the longest start that is kept.

        ``compute(cache or None, tokens)`` returns the cache after reading more tokens.
        """
        wanted = tuple(tokens)
        best, covered, held = None, 0, 0
        for known, cache in self._kept:
            common = _common(known, wanted)
            if common > covered:
                best, covered, held = cache, common, len(known)
        if best is not None:
            best = copy.deepcopy(best)
            if covered < held:
                best.crop(covered - held)
        made = compute(best, wanted[covered:]) if covered < len(wanted) else best
        self._kept = [kept for kept in self._kept if kept[0] != wanted][-KEPT_PREFIXES + 1 :]
        self._kept.append((wanted, made))
        return copy.deepcopy(made)


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    for at, (left, right) in enumerate(zip(a, b, strict=False)):
        if left != right:
            return at
    return min(len(a), len(b))


class Decoder:
    """Decodes batches with one model and one tokenizer (``tokens`` is llguidance's view of it)."""

    def __init__(self, model: Any, tokens: Any, end_tokens: frozenset[int]) -> None:
        self.model = model
        self.tokens = tokens
        self.end_tokens = end_tokens
        self.prefixes = Prefixes()

    def run(
        self,
        prompts: Sequence[Sequence[int]],
        grammars: Sequence[str | None],
        max_tokens: int,
        on_text: Callable[[int, str], None] | None = None,
    ) -> list[Row]:
        """One finished row a prompt (token ids), in their order; raises ExtractionError for a grammar that fails."""
        import torch

        with torch.inference_mode():
            shared = self.prefixes.shared(prompts)
            if shared < 1 and len(prompts) > 1:
                return [
                    row
                    for i, (p, g) in enumerate(zip(prompts, grammars, strict=True))
                    for row in self.run([p], [g], max_tokens, on_text and _at(on_text, i))
                ]
            rows = [self._row(i, prompts[i][shared:], grammars[i], max_tokens) for i in range(len(prompts))]
            self._decode(rows, prompts[0][:shared], on_text)
        return rows

    def _row(self, index: int, prompt: Sequence[int], grammar: str | None, max_tokens: int) -> Row:
        row = Row(index, self._matcher(grammar), list(prompt), max_tokens)
        self._force(row)
        return row

    def _matcher(self, grammar: str | None) -> Any:
        if grammar is None:
            return None
        from llguidance import LLMatcher

        matcher = LLMatcher(self.tokens, LLMatcher.grammar_from_lark(grammar), log_level=0)
        if matcher.is_error():
            raise ExtractionError(f"The grammar is refused: {matcher.get_error()[:300]}", remedy="Report it.")
        return matcher

    def _decode(
        self, rows: list[Row], start: Sequence[int], on_text: Callable[[int, str], None] | None
    ) -> None:
        import torch

        device = self.model.device
        cache = self.prefixes.get(start, self._extend) if start else None
        if cache is not None and len(rows) > 1:
            cache.batch_repeat_interleave(len(rows))
        mask = torch.ones((len(rows), len(start)), dtype=torch.long, device=device)
        for row in rows:
            row.length = len(start)
            if row.text and on_text:
                on_text(row.index, row.text)
        active = [row for row in rows if not row.done]
        while active:
            logits, cache, mask = self._forward(active, cache, mask)
            for row, scores in zip(active, logits, strict=True):
                self._choose(row, scores, on_text)
            going = [at for at, row in enumerate(active) if not row.done]
            if len(going) < len(active):
                active = [active[at] for at in going]
                if active:
                    chosen = torch.tensor(going, device=device)
                    cache.batch_select_indices(chosen)
                    mask = mask[chosen]

    def _extend(self, cache: Any, tokens: Sequence[int]) -> Any:
        import torch

        ids = torch.tensor([list(tokens)], device=self.model.device)
        return self.model(ids, past_key_values=cache, use_cache=True, logits_to_keep=1).past_key_values

    def _forward(self, active: list[Row], cache: Any, mask: Any) -> tuple[Any, Any, Any]:
        import torch

        width = max(len(row.pending) for row in active)
        ids = torch.zeros((len(active), width), dtype=torch.long)
        positions = torch.zeros_like(ids)
        block = torch.zeros_like(ids)
        for at, row in enumerate(active):
            count = len(row.pending)
            ids[at, width - count :] = torch.tensor(row.pending)
            positions[at, width - count :] = torch.arange(row.length, row.length + count)
            block[at, width - count :] = 1
            row.length += count
            row.pending = []
        device = self.model.device
        mask = torch.cat([mask, block.to(device)], dim=1)
        reply = self.model(
            ids.to(device),
            attention_mask=mask,
            position_ids=positions.to(device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return reply.logits[:, -1].float().cpu(), reply.past_key_values, mask

    def _choose(self, row: Row, scores: Any, on_text: Callable[[int, str], None] | None) -> None:
        import numpy
        import torch

        if row.matcher is not None:
            bits = numpy.unpackbits(
                numpy.frombuffer(row.matcher.compute_bitmask(), numpy.uint8), bitorder="little"
            )
            scores[~torch.from_numpy(bits[: scores.shape[0]].astype(bool))] = float("-inf")
        token = int(scores.argmax())
        log_probability = float(torch.log_softmax(scores, dim=-1)[token])
        row.new_tokens += 1
        before = len(row.text)
        if row.matcher is None and token in self.end_tokens:
            row.done = True
            return
        if row.matcher is not None and not row.matcher.consume_token(token):
            raise ExtractionError(
                f"The grammar broke off: {row.matcher.get_error()[:300]}", remedy="Report it."
            )
        if row.matcher is not None and token in self.end_tokens:
            row.done = True
            return
        row.pending = [token]
        row.text += row.decoder.decode(self.tokens.decode_bytes([token]))
        row.steps.append((len(row.text), log_probability))
        self._force(row)
        if row.new_tokens >= row.max_tokens:
            row.done = True
        if on_text and len(row.text) > before:
            on_text(row.index, row.text[before:])

    def _force(self, row: Row) -> None:
        """Append what the grammar leaves no choice about; end the row where nothing may follow."""
        if row.matcher is None:
            return
        forced = row.matcher.compute_ff_tokens()
        if forced:
            row.matcher.consume_tokens(forced)
            row.pending += forced
            row.text += row.decoder.decode(self.tokens.decode_bytes(forced))
        if row.matcher.is_stopped():
            row.done = True


def _at(on_text: Callable[[int, str], None], index: int) -> Callable[[int, str], None]:
    return lambda _row, text: on_text(index, text)
