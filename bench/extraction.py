"""Extraction on labelled product texts: the CRF, the span reader, and both weighed together.

    python -m bench.extraction oa_mine              k folds: trains what is missing, prints the table
    python -m bench.extraction ae_110k --only 0 1
    python -m bench.extraction wdc_pave --untaught  the shipped reader on a set it was never taught
    python -m bench.extraction --weights            fits assets/models/ensemble.json on all that was read so far

What is proposed for each held-out text is kept under SHELFGRAPH_HOME/bench, so that weights can be fitted without
training again. For the table a fold is weighed by what was fitted on the other folds, a set that was not taught by
what was fitted on the other sets.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.common import machine, table, timed
from core.extract import shipped, span_reader
from core.extract.ensemble import FEATURES, WEIGHTS, Candidate, Ensemble, Weights, best, weighed
from core.extract.evaluate import Evaluation, evaluate
from core.extract.ground import Span
from core.extract.labelled import Asked, Labelled, read_asked, read_labelled
from core.extract.methods import query, taught
from core.settings import settings

SETS = ("oa_mine", "ae_110k", "wdc_pave")
SEED = 0


@dataclass(frozen=True)
class Fold:
    """Held-out texts, what was proposed for each, and the seconds it took."""

    items: list[Labelled]
    asked: Asked
    candidates: list[list[Candidate]]
    train_seconds: float
    read_seconds: float


def load(name: str) -> tuple[list[Labelled], Asked]:
    """Labelled texts and what is asked of them."""
    data = settings().data / name
    if name != "wdc_pave":
        return read_labelled(data / "labelled.jsonl"), read_asked(data / "schema.json")
    import pandas

    schema = pandas.read_parquet(data / "attribute_schema.parquet")
    asked: dict[str, dict[str, str]] = {}
    for row in schema.itertuples():
        asked.setdefault(row.Category, {})[row.Attribute] = row.Human_Description or ""
    gold = pandas.read_parquet(data / "dev" / "gold.parquet")
    values: dict[int, dict[str, list[str]]] = {}
    for row in gold[gold.kind == "raw"].itertuples():
        found = values.setdefault(row.id, {}).setdefault(row.attribute, [])
        if isinstance(row.value, str) and row.value:
            found.append(row.value)
    items = []
    for row in pandas.read_parquet(data / "dev" / "offers.parquet").itertuples():
        text = "\n".join(part for part in (row.title, row.description) if isinstance(part, str))
        found = {name: tuple(v) for name, v in values.get(row.id, {}).items()}
        items.append(Labelled(str(row.id), row.category, text, found))
    return items, asked


def split(items: Sequence[Labelled], folds: int) -> list[list[Labelled]]:
    """Random folds, the same each time."""
    order = list(items)
    random.Random(SEED).shuffle(order)
    return [order[number::folds] for number in range(folds)]


def _cache(name: str, key: str) -> Path:
    return settings().home / "bench" / "extraction" / name / f"{key}.json"


def fold(name: str, number: int, folds: int, members: int = 1) -> Fold:
    """Candidates of one fold, from the cache or by training."""
    items, asked = load(name)
    parts = split(items, folds)
    cache = _cache(name, f"{folds}_{number}")
    if not cache.is_file():
        lessons = [item for at, part in enumerate(parts) if at != number for item in part]
        with timed() as training:
            both = _teach(lessons, asked, members)
        _keep(cache, both, parts[number], asked, training.seconds)
    return _kept(cache, parts[number], asked)


def untaught(name: str) -> Fold:
    """Candidates of the shipped reader for the whole set, from the cache or by reading."""
    items, asked = load(name)
    reader = shipped.default_reader()
    cache = _cache(name, f"untaught_{reader.version}")
    if not cache.is_file():
        _keep(cache, Ensemble(None, reader, Weights()), items, asked, 0.0)
    return _kept(cache, items, asked)


def _teach(lessons: Sequence[Labelled], asked: Asked, members: int) -> Ensemble:
    config = span_reader.SpanReaderConfig(members=members)
    start = shipped.default_reader() if shipped.READER.is_dir() else None

    def told(done: int, of: int, value: float) -> None:
        print(f"  epoch {done}/{of} loss {value:.2f}", flush=True)

    return taught(lessons, asked, config, start, Weights(), told)


def _keep(cache: Path, both: Ensemble, held: Sequence[Labelled], asked: Asked, trained: float) -> None:
    with timed() as reading:
        found = both.candidates([query(item, asked) for item in held])
    rows = [
        [[(c.span.start, c.span.end, c.span.relation, c.span.confidence), c.features] for c in text]
        for text in found
    ]
    cache.parent.mkdir(parents=True, exist_ok=True)
    kept = {"candidates": rows, "train_seconds": trained, "read_seconds": reading.seconds}
    cache.write_text(json.dumps(kept), "utf-8")


def _kept(cache: Path, held: list[Labelled], asked: Asked) -> Fold:
    raw = json.loads(cache.read_text("utf-8"))
    made = [
        [Candidate(Span(*span), tuple(features)) for span, features in text] for text in raw["candidates"]
    ]
    return Fold(held, asked, made, raw["train_seconds"], raw["read_seconds"])


def fit(folds: Sequence[Fold]) -> Weights:
    """A logistic model over all candidates; the threshold with the best mean of both F1 over these folds."""
    from sklearn.linear_model import LogisticRegression

    rows, right = [], []
    for part in folds:
        for item, candidates in zip(part.items, part.candidates, strict=True):
            for candidate in candidates:
                span = candidate.span
                rows.append(candidate.features)
                right.append(item.text[span.start : span.end] in item.values.get(span.relation, ()))
    model = LogisticRegression(C=1.0, fit_intercept=False, max_iter=2_000).fit(rows, right)
    coefficients = {
        name: round(float(value), 4) for name, value in zip(FEATURES, model.coef_[0], strict=True)
    }
    tried = [Weights(coefficients, step / 100) for step in range(5, 62, 3)]
    return max(tried, key=lambda w: statistics.mean(_f1(part, w) for part in folds))


def _f1(part: Fold, weights: Weights) -> float:
    found = judge(part, weights)
    return found.annotated_only.f1 + found.strict.f1


def judge(part: Fold, weights: Weights) -> Evaluation:
    """Score a fold with these weights."""
    values = [best(weighed(found, weights), weights.threshold) for found in part.candidates]
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


def _row(name: str, found: Sequence[Evaluation]) -> list[object]:
    def both(values: Sequence[float]) -> str:
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        return f"{100 * statistics.mean(values):.1f} ± {100 * spread:.1f}"

    return [
        name,
        both([e.annotated_only.f1 for e in found]),
        both([e.strict.f1 for e in found]),
        both([e.strict.precision for e in found]),
        both([e.strict.recall for e in found]),
        both([e.ece for e in found]),
    ]


def report(name: str, folds: int, only: Iterable[int]) -> str:
    """The table of one set, taught fold by fold."""
    parts = {number: fold(name, number, folds) for number in only}
    rows = [
        _row("CRF", [alone(part, "crf", 0.0) for part in parts.values()]),
        _row("span reader", [alone(part, "reader", 0.4) for part in parts.values()]),
    ]
    if len(parts) > 1:
        others = [fit([p for at, p in parts.items() if at != number]) for number in parts]
        scored = [judge(part, weights) for part, weights in zip(parts.values(), others, strict=True)]
        rows.append(_row("both, weights of the other folds", scored))
    return f"{table(_HEAD, rows)}\n\n{name}, {len(parts)} of {folds} folds; {_speed(list(parts.values()))}"


def report_untaught(name: str) -> str:
    """The table of one set that nobody taught."""
    part = untaught(name)
    fitted = fit([untaught(other) for other in SETS if other not in (name, "oa_mine")])
    rows = [
        _row("span reader as it is", [alone(part, "reader", 0.4)]),
        _row("weights of the other set", [judge(part, fitted)]),
    ]
    left = judge(part, fitted).left_empty
    return f"{table(_HEAD, rows)}\n\n{name}, untaught; stated absent left empty {100 * left:.1f}%; {_speed([part])}"


def _speed(parts: Sequence[Fold]) -> str:
    texts = sum(len(part.items) for part in parts)
    reading = texts / sum(part.read_seconds for part in parts)
    training = statistics.mean(part.train_seconds for part in parts)
    return f"{reading:.0f} texts a second, training {training / 60:.1f} min; {machine()}"


_HEAD = ["method", "annotated-only F1", "strict F1", "strict P", "strict R", "ECE"]


def write_weights(folds: int) -> None:
    """Fit both sets of weights on everything that was read so far."""
    taught = [
        fold(name, number, folds)
        for name in SETS
        for number in range(folds)
        if _cache(name, f"{folds}_{number}").is_file()
    ]
    version = shipped.default_reader().version
    alone_on = [untaught(name) for name in SETS[1:] if _cache(name, f"untaught_{version}").is_file()]
    made = {"both": fit(taught), "untaught": fit(alone_on or taught)}
    raw = {use: {"coefficients": dict(w.coefficients), "threshold": w.threshold} for use, w in made.items()}
    WEIGHTS.write_text(json.dumps(raw, indent=1) + "\n", "utf-8")
    print(WEIGHTS, raw)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", nargs="?", choices=SETS)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--only", type=int, nargs="*")
    parser.add_argument("--untaught", action="store_true")
    parser.add_argument("--weights", action="store_true")
    arguments = parser.parse_args()
    if arguments.set and arguments.untaught:
        print(report_untaught(arguments.set))
    elif arguments.set:
        print(report(arguments.set, arguments.folds, arguments.only or range(arguments.folds)))
    if arguments.weights:
        write_weights(arguments.folds)


if __name__ == "__main__":
    main()
