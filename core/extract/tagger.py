"""The tagger: conditional random fields over BIO labels, one for product text and one for reviews.

Lafferty, McCallum and Pereira (2001), trained by L-BFGS with elastic regularisation (CRFsuite). It learns in seconds
from labelled spans, reads hundreds of products a second on one core, and says how sure it is of each span. Where there
are enough labelled texts in a script without spaces, a reader of characters learns from them and reads such texts.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pycrfsuite

from core.domain import canonical_json, content_hash
from core.errors import DataError, ExtractionError
from core.extract.character_reader import CharacterReader
from core.extract.characters import without_spaces
from core.extract.features import features_of
from core.extract.ground import Span
from core.extract.lexicon import Gazetteer, stems
from core.extract.tokens import Token, fold, tokenize

_OUTSIDE = "O"
_FORMAT = 2
_ENOUGH = 200
KINDS = ("text", "review")


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text. ``kind`` is ``text`` or ``review``; ``known`` holds column values by relation."""

    text: str
    spans: tuple[Span, ...]
    category: str = ""
    kind: str = "text"
    known: Mapping[str, str] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class TaggerConfig:
    """``l1`` and ``l2`` are CRFsuite's c1 and c2; ``iterations`` bounds L-BFGS; a feature seen less often than
    ``min_count`` times is left out."""

    l1: float = 0.05
    l2: float = 0.05
    iterations: int = 80
    min_count: int = 1


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
        reader = self._characters.get(kind)
        if reader and (kind not in self._taggers or without_spaces(text)):
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
            for first, stop, relation in _runs(labels)
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
        reader = self._characters.get(kind)
        if reader and (kind not in self._taggers or without_spaces(text)):
            return min(
                1.0, reader.posterior(text, fold(category), known).get((start, end - 1, relation), 0.0)
            )
        if kind not in self._taggers:
            return 0.0
        tokens, rows = features_of(text, fold(category), known, self._learned[kind])
        inside = [at for at, token in enumerate(tokens) if token.start < end and start < token.end]
        model = self._taggers[kind]
        labels = [f"{'B' if at == inside[0] else 'I'}-{relation}" for at in inside]
        if not inside or not set(labels) <= set(model.labels()):
            return 0.0
        model.set(rows)
        sure = [0.0] * len(tokens)
        for at, label in zip(inside, labels, strict=True):
            sure[at] = model.marginal(label, at)
        return _confidence(model, relation, sure, inside[0], inside[-1] + 1)

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
        reader = self._characters.get(kind)
        if kind not in self._taggers or (reader and without_spaces(text)):
            return []
        tokens, rows = features_of(text, fold(category), None, self._learned[kind])
        inside = [at for at, token in enumerate(tokens) if token.start < end and start < token.end]
        weights = self._weights[kind]
        found = [
            Clue(
                tokens[at].text,
                feature,
                weights.get((feature, label), 0.0) - weights.get((feature, _OUTSIDE), 0.0),
            )
            for at in inside
            for label in [f"{'B' if at == inside[0] else 'I'}-{relation}"]
            for feature in rows[at]
        ]
        ranked = sorted((clue for clue in found if clue.weight > 0), key=lambda clue: -clue.weight)
        return ranked[:most]

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
            "format": _FORMAT,
            "about": self.about,
            "learned": {kind: gazetteer.rows() for kind, gazetteer in self._learned.items()},
            "characters": {kind: reader.to_json() for kind, reader in self._characters.items()},
        }
        scratch = folder / "tagger.json.part"
        scratch.write_text(json.dumps(made, ensure_ascii=False), "utf-8")
        scratch.replace(folder / "tagger.json")

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


def train(
    examples: Sequence[Example],
    config: TaggerConfig | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Tagger:
    """Train on labelled texts; the same examples in any order give the same tagger.

    Raises DataError when no example has a label.
    """
    chosen = config or TaggerConfig()
    ordered = sorted(set(map(_frozen, examples)))
    if not any(spans for _, _, _, _, spans in ordered):
        raise DataError(
            "There is nothing labelled to learn from.", remedy="Label or accept a few facts first."
        )
    version = content_hash(canonical_json([ordered, _settings(chosen), _FORMAT]))[:12]
    models: dict[str, bytes] = {}
    learned: dict[str, Gazetteer] = {}
    characters: dict[str, CharacterReader] = {}
    wanted = [kind for kind in KINDS if any(e.kind == kind and e.spans for e in examples)]
    for number, kind in enumerate(wanted):
        group = sorted((e for e in examples if e.kind == kind), key=_frozen)
        unspaced = [example for example in group if without_spaces(example.text)]
        if _teaches(unspaced):
            characters[kind] = _character_reader(unspaced)
        if len(unspaced) < len(group) or kind not in characters:
            learned[kind] = _gazetteer(group)
            models[kind] = _fit(group, learned[kind], chosen)
        if on_progress:
            on_progress(number + 1, len(wanted))
    about = {
        "version": version,
        "categories": sorted({fold(e.category) for e in examples if e.category}),
        "examples": len(examples),
        "spans": sum(len(e.spans) for e in examples),
        "relations": sorted({span.relation for e in examples for span in e.spans}),
        "config": _settings(chosen),
    }
    return Tagger(models, learned, characters, about)


def bio(tokens: Sequence[Token], spans: Collection[Span]) -> list[str]:
    """BIO labels of tokens: a token inside a span, even in part, belongs to it; of overlapping spans the first."""
    labels = [_OUTSIDE] * len(tokens)
    for span in sorted(spans, key=lambda s: (s.start, s.start - s.end)):
        inside = [at for at, token in enumerate(tokens) if token.start < span.end and span.start < token.end]
        if inside and all(labels[at] == _OUTSIDE for at in inside):
            for at in inside:
                labels[at] = f"{'B' if at == inside[0] else 'I'}-{span.relation}"
    return labels


def _fit(examples: Sequence[Example], learned: Gazetteer, config: TaggerConfig) -> bytes:
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params(
        {
            "c1": config.l1,
            "c2": config.l2,
            "max_iterations": config.iterations,
            "feature.minfreq": config.min_count,
            "feature.possible_transitions": False,
        }
    )
    for example in examples:
        own = _values(example)
        tokens, rows = features_of(example.text, fold(example.category), example.known, learned, own)
        if tokens:
            trainer.append(rows, bio(tokens, example.spans))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.crf"
        trainer.train(str(path))
        return path.read_bytes()


def _teaches(unspaced: Sequence[Example]) -> bool:
    """Whether there are enough of them: of a few the CRF, which texts in other scripts help, learns more."""
    return len(unspaced) >= _ENOUGH and any(example.spans for example in unspaced)


def _character_reader(examples: Sequence[Example]) -> CharacterReader:
    from core.extract import character_training

    return character_training.train(
        [
            character_training.Lesson(e.text, e.spans, fold(e.category), tuple(sorted(e.known.items())))
            for e in examples
        ]
    )


def _gazetteer(examples: Sequence[Example]) -> Gazetteer:
    made = Gazetteer()
    for example in examples:
        for key, relations in _values(example).items():
            for relation in relations:
                made.add(relation, " ".join(key))
    return made


def _values(example: Example) -> dict[tuple[str, ...], set[str]]:
    found: dict[tuple[str, ...], set[str]] = {}
    for span in example.spans:
        key = tuple(stems(token.text for token in tokenize(example.text[span.start : span.end])))
        found.setdefault(key, set()).add(span.relation)
    return found


def _runs(labels: Sequence[str]) -> list[tuple[int, int, str]]:
    """``(first, last + 1, relation)`` of each labelled run; a stray I starts a run of its own."""
    runs: list[tuple[int, int, str]] = []
    for at, label in enumerate(labels):
        if label == _OUTSIDE:
            continue
        relation = label[2:]
        if label.startswith("I-") and runs and runs[-1][1] == at and runs[-1][2] == relation:
            runs[-1] = (runs[-1][0], at + 1, relation)
        else:
            runs.append((at, at + 1, relation))
    return runs


def _confidence(
    model: pycrfsuite.Tagger, relation: str, sure: Sequence[float], first: int, stop: int
) -> float:
    """Least of the marginals of its tokens, times the chance that it does not go on."""
    ends = 1.0
    if stop < len(sure) and f"I-{relation}" in model.labels():
        ends = 1.0 - model.marginal(f"I-{relation}", stop)
    return min(1.0, max(0.0, min(sure[first:stop]) * ends))


def _frozen(
    example: Example,
) -> tuple[str, str, str, tuple[tuple[str, str], ...], tuple[tuple[int, int, str], ...]]:
    spans = tuple(sorted((span.start, span.end, span.relation) for span in example.spans))
    return example.kind, example.category, example.text, tuple(sorted(example.known.items())), spans


def _settings(config: TaggerConfig) -> dict[str, float]:
    return {"l1": config.l1, "l2": config.l2, "iterations": config.iterations, "min_count": config.min_count}
