"""Trains the tagger: by L-BFGS with elastic regularisation (CRFsuite), in seconds, from labelled spans.

Where there are enough labelled texts in a script without spaces, a reader of characters learns from them too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pycrfsuite

from core.domain import canonical_json, content_hash
from core.errors import DataError
from core.extract.bio import labels_of
from core.extract.character_reader import CharacterReader
from core.extract.characters import without_spaces
from core.extract.example import KINDS, Example
from core.extract.features import features_of
from core.extract.lexicon import Gazetteer, stems
from core.extract.tagger import FORMAT, Tagger
from core.extract.tokens import fold, tokenize

_ENOUGH = 200


@dataclass(frozen=True, slots=True)
class TaggerConfig:
    """``l1`` and ``l2`` are CRFsuite's c1 and c2; ``iterations`` bounds L-BFGS; a feature seen less often than
    ``min_count`` times is left out."""

    l1: float = 0.05
    l2: float = 0.05
    iterations: int = 80
    min_count: int = 1


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
    version = content_hash(canonical_json([ordered, asdict(chosen), FORMAT]))[:12]
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
        "config": asdict(chosen),
    }
    return Tagger(models, learned, characters, about)


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
            trainer.append(rows, labels_of(tokens, example.spans))
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


def _frozen(
    example: Example,
) -> tuple[str, str, str, tuple[tuple[str, str], ...], tuple[tuple[int, int, str], ...]]:
    spans = tuple(sorted((span.start, span.end, span.relation) for span in example.spans))
    return example.kind, example.category, example.text, tuple(sorted(example.known.items())), spans
