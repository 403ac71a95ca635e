"""Learned weights on disk: a folder each, with a card that says what they are and the curves they came about by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import ModelUnavailable
from core.storage.whole import whole_folder

CARD, CURVES = "card.json", "curves.json"
Card = TypeVar("Card", bound=BaseModel)
Curves = Mapping[str, Sequence[Mapping[str, Any]]]
"""``steps`` and ``checks``, each a list of plain lines."""


@dataclass(frozen=True, slots=True)
class Learned(Generic[Card]):
    """One sort of them: what one is called in an error, its card, and how to come by another one."""

    what: str
    card: type[Card]
    again: str

    def read(self, folder: Path) -> Card:
        """The card of a folder; raises ModelUnavailable where there is none or it is damaged."""
        try:
            return self.card.model_validate_json((folder / CARD).read_text("utf-8"))
        except (OSError, ValidationError) as error:
            raise self.damaged(folder, f"its card cannot be read ({str(error).splitlines()[0]})") from error

    def inside(self, root: Path) -> Iterator[tuple[Path, Card]]:
        """The folders below ``root`` by name, and their cards; those without one that can be read are left out."""
        for path in sorted(root.glob(f"[!.]*/{CARD}")):
            try:
                yield path.parent, self.read(path.parent)
            except ModelUnavailable:
                continue

    def damaged(self, folder: Path, why: str) -> ModelUnavailable:
        """The error for one that cannot be used."""
        return ModelUnavailable(
            f"The {self.what} {folder.name} cannot be used: {why}.", where=str(folder), remedy=self.again
        )


@contextmanager
def new_folder(folder: Path, curves: Curves) -> Iterator[Path]:
    """A folder to put weights and card into; it takes the place of ``folder``, curves included, when all is there."""
    with whole_folder(folder) as scratch:
        (scratch / CURVES).write_text(json.dumps(dict(curves)), "utf-8")
        yield scratch


def read_curves(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The ``steps`` and ``checks`` of a training, each a list of plain lines; empty where they were not kept."""
    try:
        found: dict[str, list[dict[str, Any]]] = json.loads((folder / CURVES).read_text("utf-8"))
    except (OSError, ValueError):
        return {"steps": [], "checks": []}
    return found
