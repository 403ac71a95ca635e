"""Copy-constrained replies: a form of named lines whose values can only be pieces of a given text.

For local models the form is a Lark grammar (llguidance): names and separators are forced, a value is any run of
whole pieces of the text, bounded in length, with no line break in it. For endpoints it is a JSON schema, and the
values are checked afterwards. Either way a value that is not in the text cannot come out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NONE = "none"
SEPARATOR = " | "
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class CopyForm:
    """``names`` are the lines of the form, in order; ``pieces`` the text cut where a value may begin or end, joined
    they are the text. At most ``max_values`` values a line, of at most ``max_chars`` characters each."""

    names: tuple[str, ...]
    pieces: tuple[str, ...]
    max_values: int = 3
    max_chars: int = 80

    @property
    def text(self) -> str:
        """The text values are copied from."""
        return "".join(self.pieces)

    def lark(self) -> str:
        """The grammar in llguidance's Lark dialect."""
        lines = " ".join(f'"{_quoted(name)}:" LINE' for name in self.names)
        runs = self._runs()
        if not runs:
            return f'start: {lines}\nLINE: " {NONE}\\n"\n'
        extra = f' (" |" VALUE){{0,{self.max_values - 1}}}' if self.max_values > 1 else ""
        copied = " | ".join(f"COPY{number}" for number in range(len(runs)))
        inner = max(0, self.max_chars - 2)
        bound = rf"/ [^\s\x00-\x1f]([^\x00-\x1f]{{0,{inner}}}[^\s\x00-\x1f])?/"
        # A line is one lexeme: the lexer is greedy and does not go back, so the blank before a separator would be
        # read as the next piece of the text.
        rules = [f"start: {lines}", f'LINE: (" {NONE}" | VALUE{extra}) "\\n"']
        rules += [f'VALUE: (" " ({copied})) & {bound}']
        rules += [f'COPY{i}: %regex {{"substring_chunks": {json.dumps(run)}}}' for i, run in enumerate(runs)]
        return "\n".join(rules) + "\n"

    def json_schema(self, *, bounded: bool = True) -> dict[str, Any]:
        """The form as a strict JSON schema: an array of strings a name, empty for none. ``bounded`` also limits how
        many and how long they are, which some servers refuse to be told."""
        item: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
        if bounded:
            item = {
                "type": "array",
                "items": {"type": "string", "maxLength": self.max_chars},
                "maxItems": self.max_values,
            }
        return {
            "type": "object",
            "properties": dict.fromkeys(self.names, item),
            "required": list(self.names),
            "additionalProperties": False,
        }

    def admits(self, value: str) -> bool:
        """Whether it can be a value: a piece of the text that says something, on one line, no longer than allowed."""
        says = bool(value.strip()) and _CONTROL.search(value) is None
        return says and len(value) <= self.max_chars and value in self.text

    def parse(self, reply: str) -> dict[str, tuple[tuple[str, int], ...]]:
        """Values by name, each with its end offset in the reply; lines cut short are left out, and so is any value
        that is not a piece of the text."""
        found: dict[str, tuple[tuple[str, int], ...]] = {}
        at = 0
        for line in reply.splitlines(keepends=True):
            name, colon, rest = line.partition(": ")
            if colon and line.endswith("\n") and name in self.names:
                found[name] = self._values(rest.rstrip("\n"), at + len(name) + 2)
            at += len(line)
        return found

    def _values(self, rest: str, at: int) -> tuple[tuple[str, int], ...]:
        values: list[tuple[str, int]] = []
        for part in rest.split(SEPARATOR):
            end = at + len(part)
            if part.strip() and part in self.text and not (part == NONE and rest == NONE):
                values.append((part.strip(), end))
            at = end + len(SEPARATOR)
        return tuple(values)

    def render(self, values: Mapping[str, Sequence[str]]) -> str:
        """A filled-in form, as the model is to write it."""
        return "".join(self._line(name, values) for name in self.names)

    def chosen(self, values: Mapping[str, Sequence[str]]) -> tuple[tuple[int, int], ...]:
        """The ranges of the filled-in form, as (start, end), that the grammar leaves open: what follows a name."""
        ranges, at = [], 0
        for name in self.names:
            end = at + len(self._line(name, values))
            ranges.append((at + len(name) + 1, end))
            at = end
        return tuple(ranges)

    def _line(self, name: str, values: Mapping[str, Sequence[str]]) -> str:
        return f"{name}: {SEPARATOR.join(values.get(name) or [NONE])}\n"

    def _runs(self) -> list[list[str]]:
        """The pieces between control characters: no value reaches over a line break."""
        runs: list[list[str]] = [[]]
        for piece in self.pieces:
            if _CONTROL.search(piece):
                runs.append([])
            else:
                runs[-1].append(piece)
        return [run for run in runs if any(piece.strip() for piece in run)]


def _quoted(name: str) -> str:
    return json.dumps(_CONTROL.sub(" ", name), ensure_ascii=False)[1:-1]
