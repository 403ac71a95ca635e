"""The tagger: conditional random fields over BIO labels, one for product text and one for reviews.

Lafferty, McCallum and Pereira (2001). It reads hundreds of products a second on one core and says how sure it is of
each span. Texts in a script without spaces are read by a reader of characters, where it has learned one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pycrfsuite

from core.errors import ExtractionError
from core.extract.bio import OUTSIDE, inside, of_value, runs, touched
from core.extract.character_reader import CharacterReader
from core.extract.characters import without_spaces
from core.extract.features import features_of
from core.extract.ground import Span
from core.extract.lexicon import Gazetteer
from core.extract.tokens import fold, tokenize
from core.storage.whole import write_json

FORMAT = 2
"""Of the files; it is part of a tagger's version."""


@dataclass(frozen=True, slots=True)
class Tagging:
    """``spans`` in text order; ``doubt`` is the expected share of tokens labelled wrongly, in [0, 1]."""

    spans: tuple[Span, ...]
    doubt: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Clue:
    """A feature of a token as in ``features_of``, and by how much its weight speaks for the label (log-odds)."""

    token: str
    feature: str
    weight: float


class Tagger:
    """A trained tagger. ``version`` is the hash of what it was trained on; ``categories`` those it has seen."""

    def __init__(
        self,
        models: Mapping[str, bytes],
        learned: Mapping[str, Gazetteer],
        characters: Mapping[str, CharacterReader],
        about: Mapping[str, object],
    ) -> None:
        self._models = dict(models)
        self._characters = dict(characters)
        self._learned = dict(learned)
        self.about = dict(about)
        self._taggers: dict[str, pycrfsuite.Tagger] = {}
        for kind, model in models.items():
            self._taggers[kind] = pycrfsuite.Tagger()
            self._taggers[kind].open_inmemory(model)

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits: the hash of training data and configuration."""
        return str(self.about["version"])

    @property
    def categories(self) -> frozenset[str]:
        """Categories seen in training, folded."""
        seen = self.about["categories"]
        return frozenset(seen if isinstance(seen, list) else [])

    @property
    def kinds(self) -> frozenset[str]:
        """``text``, ``review`` or both: what it was trained to read."""
        return frozenset((*self._models, *self._characters))

    def read(
        self,
        text: str,
        category: str = "",
        kind: str = "text",
        known: Mapping[str, str] | None = None,
        allowed: Collection[str] | None = None,
    ) -> Tagging:
        """Label a text. Spans of relations that are not ``allowed`` are dropped (None allows all)."""
        reader = self._character_reader(text, kind)
        if reader:
            spans, doubt = reader.read(text, fold(category), known)
            kept = tuple(span for span in spans if allowed is None or span.relation in allowed)
            return Tagging(kept, doubt, len(tokenize(text)))
        if kind not in self._taggers:
            return Tagging((), 1.0, len(tokenize(text)))
        tokens, rows = features_of(text, fold(category), known, self._learned[kind])
        if not tokens:
            return Tagging((), 0.0, 0)
        model = self._taggers[kind]
        labels = model.tag(rows)
        sure = [model.marginal(label, at) for at, label in enumerate(labels)]
        spans = [
            Span(
                tokens[first].start,
                tokens[stop - 1].end,
                relation,
                _confidence(model, relation, sure, first, stop),
            )
            for first, stop, relation in runs(labels)
            if allowed is None or relation in allowed
        ]
        return Tagging(tuple(spans), 1.0 - sum(sure) / len(sure), len(tokens))

    def confidence(
        self,
        text: str,
        start: int,
        end: int,
        relation: str,
        category: str = "",
        kind: str = "text",
        known: Mapping[str, str] | None = None,
    ) -> float:
        """How sure the tagger is that the words at ``text[start:end]`` are a value of that relation, in [0, 1]: what
        ``read`` would give them, whether or not it would choose them."""
        reader = self._character_reader(text, kind)
        if reader:
            found = reader.posterior(text, fold(category), known)
            return min(1.0, found.get((start, end - 1, relation), 0.0))
        if kind not in self._taggers:
            return 0.0
        tokens, rows = features_of(text, fold(category), known, self._learned[kind])
        places = touched(tokens, start, end)
        model = self._taggers[kind]
        labels = of_value(places, relation)
        if not places or not set(labels.values()) <= set(model.labels()):
            return 0.0
        model.set(rows)
        sure = [0.0] * len(tokens)
        for at, label in labels.items():
            sure[at] = model.marginal(label, at)
        return _confidence(model, relation, sure, places[0], places[-1] + 1)

    def clues(
        self,
        text: str,
        start: int,
        end: int,
        relation: str,
        category: str = "",
        kind: str = "text",
        most: int = 8,
    ) -> list[Clue]:
        """The features of the words at ``text[start:end]`` that speak most for the relation, by their weight against
        that of no value; none where characters are read, whose network has no weights of single features."""
        if kind not in self._taggers or self._character_reader(text, kind):
            return []
        tokens, rows = features_of(text, fold(category), None, self._learned[kind])
        weights = self._weights[kind]
        found = [
            Clue(
                tokens[at].text,
                feature,
                weights.get((feature, label), 0.0) - weights.get((feature, OUTSIDE), 0.0),
            )
            for at, label in of_value(touched(tokens, start, end), relation).items()
            for feature in rows[at]
        ]
        ranked = sorted((clue for clue in found if clue.weight > 0), key=lambda clue: -clue.weight)
        return ranked[:most]

    def _character_reader(self, text: str, kind: str) -> CharacterReader | None:
        """What reads the text in the place of the random field, where there is such a reader."""
        reader = self._characters.get(kind)
        return reader if reader and (kind not in self._taggers or without_spaces(text)) else None

    @cached_property
    def _weights(self) -> Mapping[str, Mapping[tuple[str, str], float]]:
        return {kind: dict(model.info().state_features) for kind, model in self._taggers.items()}

    def save(self, folder: Path) -> None:
        """Write ``tagger.json``, and for each kind a ``.crf`` file, a ``.safetensors`` file or both; the folder is
        made."""
        folder.mkdir(parents=True, exist_ok=True)
        for kind, model in self._models.items():
            (folder / f"{kind}.crf").write_bytes(model)
        for kind, reader in self._characters.items():
            reader.save(folder / f"{kind}.safetensors")
        made = {
            "format": FORMAT,
            "about": self.about,
            "learned": {kind: gazetteer.rows() for kind, gazetteer in self._learned.items()},
            "characters": {kind: reader.to_json() for kind, reader in self._characters.items()},
        }
        write_json(folder / "tagger.json", made)

    @staticmethod
    def load(folder: Path) -> Tagger:
        """Read what ``save`` wrote; raises ExtractionError where it is missing or damaged."""
        try:
            raw = json.loads((folder / "tagger.json").read_text("utf-8"))
            models = {kind: (folder / f"{kind}.crf").read_bytes() for kind in raw["learned"]}
            learned = {kind: Gazetteer.from_rows(rows) for kind, rows in raw["learned"].items()}
            characters = {
                kind: CharacterReader.load(folder / f"{kind}.safetensors", told)
                for kind, told in raw["characters"].items()
            }
            return Tagger(models, learned, characters, raw["about"])
        except (OSError, ValueError, KeyError) as error:
            raise ExtractionError(
                f"The tagger cannot be read ({error}).", where=str(folder), remedy="Train it again."
            ) from error


def _confidence(
    model: pycrfsuite.Tagger, relation: str, sure: Sequence[float], first: int, stop: int
) -> float:
    """Least of the marginals of its tokens, times the chance that it does not go on."""
    ends = 1.0
    if stop < len(sure) and inside(relation) in model.labels():
        ends = 1.0 - model.marginal(inside(relation), stop)
    return min(1.0, max(0.0, min(sure[first:stop]) * ends))
