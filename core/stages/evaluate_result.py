"""An evaluation's result: what was found against gold, as plain JSON, kept as a file of the workspace."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.extract.calibrate import outlook
from core.extract.evaluate import Evaluation, Wrong, evaluate, reliability
from core.extract.ground import Span
from core.extract.methods import Readings
from core.stages.evaluate_plan import EvaluateParams, Part, size_of
from core.stages.evaluate_texts import FOLDER, Material
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

Values = Mapping[str, Span]


@dataclass(frozen=True)
class Outcome:
    """A part that is done, and what was read in it."""

    part: Part
    readings: Readings


def result_of(given: Material, params: EvaluateParams, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The figures of an evaluation. Each text is judged by the reading that learned from all the other folds."""
    whole = [outcome for outcome in outcomes if outcome.part.whole]
    found: list[Values] = [{} for _ in given.items]
    for outcome in whole:
        for at, values in zip(outcome.part.test, outcome.readings.values, strict=True):
            found[at] = values
    judged = evaluate(given.items, found, given.asked)
    seconds = sum(outcome.readings.seconds for outcome in whole)
    texts = list(dict.fromkeys(wrong.text for wrong in judged.wrong))
    return {
        "params": params.model_dump(mode="json"),
        "n": judged.n,
        "annotated_only": judged.annotated_only.to_json(),
        "strict": judged.strict.to_json(),
        "products_per_second": judged.n / max(seconds, 1e-9),
        "tokens_per_product": sum(outcome.readings.tokens for outcome in whole) / judged.n,
        "llm_share": sum(outcome.readings.by_model for outcome in whole) / judged.n,
        "ece": judged.ece,
        "trust": [
            sum(outcome.readings.trust.right for outcome in whole),
            sum(outcome.readings.trust.total for outcome in whole),
        ],
        "review": {**judged.triage.to_json(), "curves": judged.triage.curves()},
        "absent": judged.absent,
        "absent_left_empty": judged.left_empty,
        "mistakes": dict(judged.mistakes),
        "by_category": {name: cells.to_json() for name, cells in judged.by_category.items()},
        "by_attribute": {name: cells.to_json() for name, cells in judged.by_attribute.items()},
        "reliability": [list(row) for row in reliability(judged.sure)],
        "recalibration": [asdict(point) for point in outlook(judged.sure)],
        "folds": [_fold(given, outcome) for outcome in whole if outcome.part.train],
        "curve": _curve(given, outcomes) if params.curve else [],
        "spent": _spent(given, params, outcomes),
        "texts": texts,
        "wrong": _wrongs(given, found, judged, {text: at for at, text in enumerate(texts)}),
    }


def save(workspace: Workspace, evaluation_id: str, result: Mapping[str, Any]) -> None:
    """Keep a result as ``evaluations/<id>.json``."""
    write_json(_path(workspace, evaluation_id), result)


def load(workspace: Workspace, evaluation_id: str) -> dict[str, Any]:
    """A result that was kept; raises DataError where there is none or it is damaged."""
    path = _path(workspace, evaluation_id)
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"This evaluation cannot be read ({error}).", where=path.name, remedy="Evaluate again."
        ) from error
    return found


def kept(workspace: Workspace) -> list[Path]:
    """The files of all results; the latest first. Their stems are the ids."""
    return sorted(workspace.sub(FOLDER).glob("*.json"), key=lambda path: path.stem, reverse=True)


def score(given: Material, outcome: Outcome) -> Evaluation:
    """How good one part is by itself."""
    items = [given.items[at] for at in outcome.part.test]
    return evaluate(items, outcome.readings.values, given.asked)


def _fold(given: Material, outcome: Outcome) -> dict[str, Any]:
    judged = score(given, outcome)
    return {
        "texts": len(outcome.part.train),
        "n": judged.n,
        "annotated_only": judged.annotated_only.f1,
        "strict": judged.strict.f1,
        "train_seconds": outcome.readings.train_seconds,
    }


def _curve(given: Material, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """One point a size: the F1 of each fold, in the order of the folds."""
    steps: dict[tuple[bool, int], list[Outcome]] = {}
    for outcome in outcomes:
        whole = outcome.part.whole
        steps.setdefault((whole, 0 if whole else len(outcome.part.train)), []).append(outcome)
    points = []
    for _, group in sorted(steps.items()):
        judged = [score(given, outcome) for outcome in group]
        points.append(
            {
                "texts": round(statistics.mean(len(outcome.part.train) for outcome in group)),
                "strict": [one.strict.f1 for one in judged],
                "annotated_only": [one.annotated_only.f1 for one in judged],
            }
        )
    return points


def _spent(given: Material, params: EvaluateParams, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What was done and how long it took, for the forecasts of later evaluations."""
    size = size_of(given, params, [outcome.part for outcome in outcomes])
    seconds = sum(outcome.readings.seconds for outcome in outcomes)
    alone = params.method == "tagger"
    return {
        "model": params.model,
        "learned": size.learned,
        "learn_seconds": sum(outcome.readings.train_seconds for outcome in outcomes),
        # A cascade's seconds are nearly all the model's.
        "read": size.read if alone and params.reader == "shipped" else 0,
        "read_seconds": seconds if alone else 0.0,
        "by_model": size.by_model,
        "model_seconds": 0.0 if alone else seconds,
    }


def _wrongs(
    given: Material, found: Sequence[Values], judged: Evaluation, places: Mapping[str, int]
) -> list[dict[str, Any]]:
    spans = {
        (item.id, item.text, attribute): span
        for item, values in zip(given.items, found, strict=True)
        for attribute, span in values.items()
    }
    return [
        _wrong(wrong, spans.get((wrong.id, wrong.text, wrong.attribute)), places) for wrong in judged.wrong
    ]


def _wrong(wrong: Wrong, span: Span | None, places: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": wrong.id,
        "category": wrong.category,
        "text": places[wrong.text],
        "attribute": wrong.attribute,
        "gold": list(wrong.gold),
        "value": wrong.value,
        "span": [span.start, span.end] if span and wrong.value else None,
        "confidence": wrong.confidence,
        "mistake": wrong.mistake.value,
    }


def _path(workspace: Workspace, evaluation_id: str) -> Path:
    if not re.fullmatch(r"[\w-]+", evaluation_id):
        raise DataError(
            "That is not an evaluation's id.", where=evaluation_id[:80], remedy="Pick one of the list."
        )
    return workspace.sub(FOLDER) / f"{evaluation_id}.json"
