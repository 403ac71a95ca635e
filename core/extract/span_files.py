"""Span files: texts whose entities are labelled by offsets, as sets for named entity recognition come.

A Parquet table with columns ``text`` and ``entities``, the latter a JSON list of ``{"start", "end", "type"}`` with
offsets in code points.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.extract import shipped, tagger_training
from core.extract.example import Example
from core.extract.ground import Span
from core.extract.score import calibration_error, span_scores


def read_spans(path: Path) -> list[Example]:
    """The labelled texts of a file; raises DataError with the row that cannot be used."""
    import pyarrow.parquet as parquet
    from pyarrow import ArrowException

    try:
        rows = parquet.read_table(path, columns=["text", "entities"]).to_pylist()
    except FileNotFoundError:
        raise DataError("The file does not exist.", where=str(path), remedy="Check its name.") from None
    except (ArrowException, OSError) as error:
        raise DataError(
            f"This is not a span file ({error}).",
            where=str(path),
            remedy="Give a Parquet file with the columns text and entities.",
        ) from error
    if not rows:
        raise DataError("The file has no row.", where=str(path), remedy="Give a file with labelled texts.")
    return [_example(row, path, number) for number, row in enumerate(rows, 1)]


def score_spans(train: Path | None, test: Path) -> dict[str, Any]:
    """Exact span F1 of a tagger taught by ``train`` (else of the shipped one) on ``test``, over all and by type."""
    held = read_spans(test)
    begun = time.perf_counter()
    model = tagger_training.train(read_spans(train)) if train else shipped.default_tagger()
    trained = time.perf_counter() - begun
    begun = time.perf_counter()
    found = [model.read(example.text, example.category).spans for example in held]
    seconds = time.perf_counter() - begun
    return {
        **scores_of(held, found),
        "products_per_second": len(held) / max(seconds, 1e-9),
        "train_seconds": trained,
        "n": len(held),
    }


def scores_of(held: Sequence[Example], found: Sequence[Sequence[Span]]) -> dict[str, Any]:
    """Exact span precision, recall and F1, over all and by type, and the calibration error of the confidences."""
    gold = [{(s.start, s.end, s.relation) for s in example.spans} for example in held]
    said = [{(s.start, s.end, s.relation) for s in spans} for spans in found]
    sure = [
        (s.confidence, (s.start, s.end, s.relation) in right)
        for spans, right in zip(found, gold, strict=True)
        for s in spans
    ]
    return {
        **span_scores(gold, said),
        "by_type": _by_type(gold, said),
        "ece": calibration_error([c for c, _ in sure], [r for _, r in sure]),
    }


def _by_type(
    gold: Sequence[set[tuple[int, int, str]]], said: Sequence[set[tuple[int, int, str]]]
) -> dict[str, dict[str, float]]:
    kinds = sorted({kind for spans in gold for _, _, kind in spans})
    return {
        kind: span_scores(
            [{s for s in spans if s[2] == kind} for spans in gold],
            [{s for s in spans if s[2] == kind} for spans in said],
        )
        for kind in kinds
    }


def _example(row: dict[str, Any], path: Path, number: int) -> Example:
    try:
        text = row["text"]
        raw = row["entities"]
        entities = json.loads(raw) if isinstance(raw, str) else raw or []
        spans = tuple(Span(int(e["start"]), int(e["end"]), str(e["type"])) for e in entities)
        if any(not 0 <= span.start < span.end <= len(text) for span in spans):
            raise ValueError("an entity lies outside its text")
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"A row cannot be read ({error}).",
            where=f"{path}, row {number}",
            remedy='Entities are a JSON list of {"start", "end", "type"} with offsets within the text.',
        ) from error
    return Example(text, spans)
