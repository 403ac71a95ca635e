"""The tagger every workspace starts from: trained at set-up, in seconds, on the gold facts of the sample.

It has seen the sample, so it is never to be scored on it: the bench trains its own, fold by fold.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.domain import content_hash
from core.errors import DataError
from core.extract import bio, features, lexicon, segments, tagger, tagger_training, tokens
from core.extract.ensemble import Ensemble
from core.extract.example import Example
from core.extract.ground import Span, is_grounded
from core.extract.tagger import Tagger
from core.settings import ASSETS, settings

if TYPE_CHECKING:
    from core.extract.span_reader import SpanReader

READER = ASSETS / "models" / "span_reader"
GOLD = ASSETS / "sample" / "gold.jsonl"


def read_gold(path: Path = GOLD) -> list[Example]:
    """The labelled documents of a gold file; raises DataError for a fact that is not at its offsets."""
    if not path.is_file():
        raise DataError(
            "The gold file is missing.", where=str(path), remedy="Make the sample: python -m core sample"
        )
    lines = path.read_text("utf-8").splitlines()
    return [
        e for number, line in enumerate(lines, 1) if line for e in _examples(json.loads(line), path, number)
    ]


def _examples(product: dict[str, object], path: Path, line: int) -> Iterable[Example]:
    documents = product["documents"]
    for document in documents if isinstance(documents, list) else []:
        spans = []
        for fact in document["facts"]:
            if not is_grounded(document["text"], fact["value"], fact["start"], fact["end"]):
                raise DataError(
                    f"The words {fact['value']!r} are not at {fact['start']}:{fact['end']} of {document['id']}.",
                    where=f"{path.name}, line {line}",
                    remedy="Make the sample again: python -m core sample",
                )
            spans.append(Span(fact["start"], fact["end"], fact["relation"]))
        kind = "review" if document["id"].endswith("/text") else "text"
        yield Example(document["text"], tuple(spans), str(product.get("category") or ""), kind)


def default_tagger() -> Tagger:
    """The shipped tagger, trained first where that has not been done; raises DataError without the sample's gold."""
    return _loaded(train_default())


def default_ensemble() -> Ensemble:
    """The shipped span reader by itself: for catalogues of which nothing is labelled yet."""
    return Ensemble(None, default_reader())


@cache
def default_reader() -> SpanReader:
    """The shipped span reader; raises ExtractionError where it is damaged, ModelUnavailable without its encoder."""
    from core.extract.span_reader import SpanReader

    return SpanReader.load(READER)


def train_default(path: Path = GOLD) -> Path:
    """Train on the sample's gold unless that very tagger is there; returns its folder under ``settings().models``."""
    if not path.is_file():
        read_gold(path)
    folder = settings().models / f"tagger-{_fingerprint(path)}"
    if (folder / "tagger.json").is_file():
        return folder
    made = tagger_training.train(read_gold(path), tagger_training.TaggerConfig(iterations=60))
    settings().models.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".tagger-", dir=settings().models))
    made.save(scratch)
    try:
        scratch.replace(folder)
    except OSError:  # another process was quicker
        shutil.rmtree(scratch)
    return folder


def _fingerprint(path: Path) -> str:
    # Features and lexicon are part of the model: with others than it was trained with it reads nonsense.
    modules = (bio, features, segments, tokens, tagger, tagger_training, lexicon)
    parts = [path, lexicon.PATH, *(Path(module.__file__ or "") for module in modules)]
    return content_hash(*(part.read_text("utf-8") for part in parts))[:12]


@cache
def _loaded(folder: Path) -> Tagger:
    return Tagger.load(folder)
