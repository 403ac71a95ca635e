"""Readings of held-out texts: kept, weighed, judged."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.common import timed
from core.extract.candidates import FEATURES, UNLEARNED, Candidate, values_of
from core.extract.companions import Companions
from core.extract.ensemble import WEIGHTS, Ensemble, Weights, best, joined, weighed
from core.extract.evaluate import Evaluation, evaluate
from core.extract.ground import Span
from core.extract.labelled import Asked, Labelled
from core.extract.methods import query

TAUGHT = (*FEATURES, *UNLEARNED)
"""What is weighed where a CRF was taught."""
_NO_CRF = {
    "crf": 0.0,
    "crf_absent": 1.0,
    "both": 0.0,
    "crf_elsewhere": 0.0,
    "crf_marginal": 0.0,
    "crf_unlearned": 1.0,
}


@dataclass(frozen=True)
class Fold:
    """Held-out texts, what was proposed for each, the processor seconds it took, and the companions of what was
    taught."""

    items: list[Labelled]
    asked: Asked
    candidates: list[list[Candidate]]
    train_seconds: float
    read_seconds: float
    companions: Companions = field(default_factory=Companions)


def keep(cache: Path, both: Ensemble, held: Sequence[Labelled], asked: Asked, trained: float) -> None:
    """Read held-out texts and keep what was proposed."""
    with timed() as reading:
        found = both.candidates([query(item, asked) for item in held])
    rows = [
        [[(c.span.start, c.span.end, c.span.relation, c.span.confidence), c.features] for c in text]
        for text in found
    ]
    cache.parent.mkdir(parents=True, exist_ok=True)
    made = {"features": FEATURES, "candidates": rows, "train_seconds": trained, "read_seconds": reading.cpu}
    cache.write_text(json.dumps(made), "utf-8")


def is_kept(cache: Path) -> bool:
    """Whether ``keep`` kept something, with the features that candidates have now."""
    return cache.is_file() and json.loads(cache.read_text("utf-8")).get("features") == list(FEATURES)


def kept(cache: Path, held: list[Labelled], asked: Asked) -> Fold:
    """What ``keep`` kept of these very texts."""
    raw = json.loads(cache.read_text("utf-8"))
    made = [
        [Candidate(Span(*span), tuple(features)) for span, features in text] for text in raw["candidates"]
    ]
    return Fold(held, asked, made, raw["train_seconds"], raw["read_seconds"])


def fit(folds: Sequence[Fold], names: tuple[str, ...] = TAUGHT) -> Weights:
    """A logistic model over these features of all candidates; the threshold with the best mean of both F1 over these
    folds. Nearly every relation is learned from so many labels, so each candidate is also shown as if its were not.
    """
    from sklearn.linear_model import LogisticRegression

    rows, right = [], []
    for part in folds:
        for item, candidates in zip(part.items, part.candidates, strict=True):
            for candidate in candidates:
                span = candidate.span
                seen = [candidate]
                if "crf_unlearned" in names:
                    seen += unlearned(candidate)
                rows += [values_of(one, names) for one in seen]
                right += [item.text[span.start : span.end] in item.values.get(span.relation, ())] * len(seen)
    model = LogisticRegression(C=1.0, fit_intercept=False, max_iter=2_000).fit(rows, right)
    coefficients = {name: round(float(value), 4) for name, value in zip(names, model.coef_[0], strict=True)}
    tried = [Weights(coefficients, step / 100) for step in range(5, 62, 3)]
    return max(tried, key=lambda w: statistics.mean(_f1(part, w) for part in folds))


def unlearned(candidate: Candidate) -> list[Candidate]:
    """The candidate as it would be had the CRF not learned its relation; nothing where it has not, or where nobody
    else proposes it."""
    told = dict(zip(FEATURES, candidate.features, strict=True))
    if told["crf_unlearned"] or (told["reader_absent"] and not told["known"]):
        return []
    return [replace(candidate, features=tuple((told | _NO_CRF).values()))]


def _f1(part: Fold, weights: Weights) -> float:
    found = judge(part, weights)
    return found.annotated_only.f1 + found.strict.f1


def judge(part: Fold, weights: Weights) -> Evaluation:
    """Score a fold with these weights."""
    values = [
        best(
            joined(item.category, item.text, weighed(found, weights), part.companions, weights),
            weights.threshold,
        )
        for item, found in zip(part.items, part.candidates, strict=True)
    ]
    return evaluate(part.items, values, part.asked)


def alone(part: Fold, feature: str, threshold: float) -> Evaluation:
    """Score one of the two by itself."""
    at, absent = FEATURES.index(feature), FEATURES.index(f"{feature}_absent")
    values = []
    for candidates in part.candidates:
        spans = [
            Span(c.span.start, c.span.end, c.span.relation, _chance(c.features[at]))
            for c in candidates
            if not c.features[absent]
        ]
        values.append(best(spans, threshold))
    return evaluate(part.items, values, part.asked)


def _chance(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit))


def write(use: str, weights: Weights) -> None:
    """Put weights into assets/models/ensemble.json, beside those for other uses."""
    raw = json.loads(WEIGHTS.read_text("utf-8"))
    raw[use] = {"coefficients": dict(weights.coefficients), "threshold": weights.threshold}
    WEIGHTS.write_text(json.dumps(raw, indent=1) + "\n", "utf-8")
    print(WEIGHTS, raw[use])
