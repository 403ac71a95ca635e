"""Extraction on labelled product texts: the CRF, the span reader, and both weighed together.

    python -m bench.extraction oa_mine              k folds: trains what is missing, prints the table
    python -m bench.extraction ae_110k --only 0 1
    python -m bench.extraction ae_110k --only 0 --labels 10 50 300 --draws 3
                                                    the same, taught by so many texts drawn from the other folds
    python -m bench.extraction wdc_pave --untaught  the shipped reader on a set it was never taught
    python -m bench.extraction --weights            fits the weights of what is taught on all that was read so far

What is proposed for each held-out text is kept under SHELFGRAPH_HOME/bench, so that weights can be fitted without
training again. For the table a fold is weighed by what was fitted on the folds of the other sets, at the shipped
threshold; a set that was not taught by the shipped weights, which were fitted on titles of oa_mine by a reader that
had not seen them.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.common import machine, table, timed
from bench.curriculum import composed
from bench.datasets import SETS, load
from bench.readings import Fold, alone, fit, is_kept, judge, keep, kept, write
from core.extract import companions, shipped
from core.extract.calibrate import outlook
from core.extract.ensemble import Ensemble, Weights, default_weights
from core.extract.evaluate import Evaluation
from core.extract.labelled import Asked, Labelled
from core.extract.methods import taught
from core.settings import settings

SEED = 0
THRESHOLD = 0.25


def split(items: Sequence[Labelled], folds: int) -> list[list[Labelled]]:
    """Random folds, the same each time."""
    order = list(items)
    random.Random(SEED).shuffle(order)
    return [order[number::folds] for number in range(folds)]


def _cache(name: str, key: str) -> Path:
    return settings().home / "bench" / "extraction" / name / f"{key}.json"


def fold(name: str, number: int, folds: int, labels: int = 0, draw: int = 0) -> Fold:
    """Candidates of one fold, from the cache or by training on the other folds: on all of them, or on a random draw
    of so many ``labels``."""
    items, asked = load(name)
    parts = split(items, folds)
    lessons = [item for at, part in enumerate(parts) if at != number for item in part]
    if labels:
        lessons = random.Random(draw).sample(lessons, labels)
    cache = _cache(name, f"{folds}_{number}" + (f"_{labels}_{draw}" if labels else ""))
    if not is_kept(cache):
        with timed() as training:
            both = _teach(name, lessons, asked)
        keep(cache, both, parts[number], asked, training.cpu)
    shared = companions.learn((item.category, item.values) for item in lessons)
    return replace(kept(cache, parts[number], asked), companions=shared)


def untaught(name: str) -> Fold:
    """Candidates of the shipped reader for the whole set, from the cache or by reading."""
    items, asked = load(name)
    reader = shipped.default_reader()
    cache = _cache(name, f"untaught_{reader.version}")
    if not is_kept(cache):
        keep(cache, Ensemble(None, reader, Weights()), items, asked, 0.0)
    return kept(cache, items, asked)


def _teach(name: str, lessons: Sequence[Labelled], asked: Asked) -> Ensemble:
    # The shipped reader has seen oa_mine; what it was before that has not.
    start = composed() if name == "oa_mine" else shipped.default_reader()

    def told(done: int, of: int, value: float) -> None:
        print(f"  epoch {done}/{of} loss {value:.2f}", flush=True)

    return taught(lessons, asked, start=start, weights=Weights(), on_epoch=told)


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


def report(name: str, folds: int, only: Sequence[int], sizes: Sequence[int], draws: int) -> str:
    """The table of one set, taught fold by fold: by so many labels, each drawn ``draws`` times, or by all (0)."""
    weights = _of_other_sets(name, folds)
    tables = []
    for labels in sizes:
        parts = [
            fold(name, number, folds, labels, draw)
            for number in only
            for draw in range(draws if labels else 1)
        ]
        rows = [
            _row("CRF", [alone(part, "crf", 0.0) for part in parts]),
            _row("span reader", [alone(part, "reader", 0.4) for part in parts]),
            _row("all, weights of the other sets", [judge(part, weights) for part in parts]),
        ]
        head = f"{name}, taught by {labels or 'all'} labelled texts; {len(parts)} readings"
        tables.append(f"{head}; {_speed(parts)}\n\n{table(_HEAD, rows)}")
    return "\n\n".join((*tables, machine()))


def _of_other_sets(name: str, folds: int) -> Weights:
    """Weights fitted on all that was kept of other sets, with the shipped threshold; else the shipped ones."""
    others = [part for other in SETS if other != name for part in _kept_folds(other, folds)]
    return replace(fit(others), threshold=THRESHOLD) if others else default_weights()


def _kept_folds(name: str, folds: int) -> list[Fold]:
    return [
        fold(name, number, folds) for number in range(folds) if is_kept(_cache(name, f"{folds}_{number}"))
    ]


def report_untaught(name: str) -> str:
    """The table of one set that nobody taught."""
    part = untaught(name)
    shipped_ones = default_weights("untaught")
    rows = [
        _row("span reader alone", [alone(part, "reader", 0.4)]),
        _row("with known patterns, shipped weights", [judge(part, shipped_ones)]),
    ]
    found = judge(part, shipped_ones)
    return "\n\n".join(
        (
            table(_HEAD, rows),
            f"{name}, untaught; stated absent left empty {100 * found.left_empty:.1f}%; {_speed([part])}; {machine()}",
            "ECE of the rest after so many reviewed facts: "
            + ", ".join(f"{point.facts} {point.ece:.3f}" for point in outlook(found.sure)),
            f"order of review: {found.triage.to_json()}",
        )
    )


def _speed(parts: Sequence[Fold]) -> str:
    texts = sum(len(part.items) for part in parts)
    reading = texts / sum(part.read_seconds for part in parts)
    training = statistics.mean(part.train_seconds for part in parts)
    return f"{reading:.0f} texts a processor second, training {training:.0f} s"


_HEAD = ["method", "annotated-only F1", "strict F1", "strict P", "strict R", "ECE"]


def write_weights(folds: int) -> None:
    """Fit the weights of what is taught on everything that was read so far."""
    taught = [part for name in SETS for part in _kept_folds(name, folds)]
    # The best threshold for the strict score costs the other one a point, so the shipped one lies between the two.
    write("both", replace(fit(taught), threshold=THRESHOLD))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", nargs="?", choices=SETS)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--only", type=int, nargs="*")
    parser.add_argument("--labels", type=int, nargs="*", default=[0], help="0: all of the other folds")
    parser.add_argument("--draws", type=int, default=1, help="how often so many labels are drawn")
    parser.add_argument("--untaught", action="store_true")
    parser.add_argument("--weights", action="store_true")
    arguments = parser.parse_args()
    if arguments.set and arguments.untaught:
        print(report_untaught(arguments.set))
    elif arguments.set:
        only = arguments.only or range(arguments.folds)
        print(report(arguments.set, arguments.folds, only, arguments.labels, arguments.draws))
    if arguments.weights:
        write_weights(arguments.folds)


if __name__ == "__main__":
    main()
