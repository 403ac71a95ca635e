"""The tagger: conditional random fields over BIO labels, one for product text and one for reviews.

Lafferty, McCallum and Pereira (2001). It reads hundreds of products a second on one core and says how sure it is of
each span. Texts in a script without spaces are read by a reader of characters, where it has learned one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pycrfsuite

from core.errors import ExtractionError
from core.extract.bio import OUTSIDE, of_value, runs, touched
from core.extract.character_reader import CharacterReader
from core.extract.characters import without_spaces
from core.extract.features import features_of
from core.extract.ground import Place, Span
from core.extract.lexicon import Gazetteer
from core.extract.marginals import Marginals
from core.extract.tokens import fold, tokenize
from core.storage.whole import write_json

FORMAT = 2
"""Of the files; it is part of a tagger's version."""


@dataclass(frozen=True, slots=True)
class Tagging:
    """``spans`` in text order; ``doubt`` is the expected share of tokens labelled wrongly, in [0, 1]. ``marginals`` has
    the probability of each span that was found or asked about, but of relations that the tagger has not learned."""

    spans: tuple[Span, ...]
    doubt: float
    tokens: int
    marginals: Mapping[Place, float] = field(default_factory=dict)


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
        asked: Collection[Place] = (),
    ) -> Tagging:
        """Label a text. Spans of relations that are not ``allowed`` are dropped (None allows all); those ``asked``
        about get a probability whether or not the tagger would choose them."""
        reader = self._character_reader(text, kind)
        if reader:
            return _by_characters(reader, text, fold(category), known, allowed, asked)
        if kind not in self._taggers:
            return Tagging((), 1.0, len(tokenize(text)))
        tokens, rows = features_of(text, fold(category), known, self._learned[kind])
        if not tokens:
            return Tagging((), 0.0, 0)
        marginals = Marginals(self._taggers[kind], rows)
        labels = marginals.likeliest()
        sure = [marginals.of_label(label, at) for at, label in enumerate(labels)]
        found = [
            Span(
                tokens[first].start,
                tokens[stop - 1].end,
                relation,
                marginals.of_labels({at: labels[at] for at in range(first, stop)}, relation),
            )
            for first, stop, relation in runs(labels)
        ]
        told = {place: marginals.of_value(touched(tokens, *place[:2]), place[2]) for place in asked}
        return Tagging(
            _allowed(found, allowed),
            1.0 - sum(sure) / len(sure),
            len(tokens),
            {place: chance for place, chance in told.items() if chance is not None} | _by_place(found),
        )

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
        ``read`` would give them, whether or not it would choose them; 0 for a relation it has not learned."""
        place = (start, end, relation)
        return self.read(text, category, kind, known, asked=(place,)).marginals.get(place, 0.0)

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


def _by_characters(
    reader: CharacterReader,
    text: str,
    category: str,
    known: Mapping[str, str] | None,
    allowed: Collection[str] | None,
    asked: Collection[Place],
) -> Tagging:
    posterior = reader.posterior(text, category, known)
    found, doubt = reader.chosen(text, posterior)
    told = {
        (start, end, relation): min(1.0, posterior.get((start, end - 1, relation), 0.0))
        for start, end, relation in asked
        if relation in reader.relations
    }
    return Tagging(_allowed(found, allowed), doubt, len(tokenize(text)), told | _by_place(found))


def _allowed(spans: Collection[Span], allowed: Collection[str] | None) -> tuple[Span, ...]:
    return tuple(span for span in spans if allowed is None or span.relation in allowed)


def _by_place(spans: Collection[Span]) -> dict[Place, float]:
    return {span.place: span.confidence for span in spans}
