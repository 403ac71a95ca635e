"""Remake the shipped span reader (assets/models/span_reader), or judge it where it was not trained.

    python -m bench.shipped_reader                     writes the weights
    python -m bench.shipped_reader --without all       leaves each category of oa_mine out in turn, and reads it: as it
                                                       is, and after 10 and 50 labelled titles of the category
    python -m bench.shipped_reader --without all --epochs 0   the same with nothing of oa_mine learned at all
    python -m bench.shipped_reader --without all --epochs 0 --weights   also fits the weights of what is not taught

First text of the project's own is learned, composed with the exact place of every value; then the titles of oa_mine
(Apache-2.0), whose attributes are partly reworded so that the reader listens to the wording, the sample's gold, and
a little more composed text, so that nothing is forgotten. The first part is the same for every category left out and
is kept under SHELFGRAPH_HOME/bench; so is what was read, for ``python -m bench.extraction --weights``.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.common import machine, table, timed
from bench.curriculum import AGAIN, COMPOSED, SEED, cache, composed, second_part, trained
from bench.datasets import load
from bench.readings import Fold, fit, is_kept, judge, keep, kept, write
from core.extract import shipped
from core.extract.candidates import FEATURES, KNOWN_BESIDE
from core.extract.ensemble import Ensemble, default_weights
from core.extract.methods import taught
from core.extract.span_reader import SpanReader

FEW = (10, 50)
UNTAUGHT = 0.37
"""Above the threshold of the best F1, so that more of what a text does not say is left empty."""
FELT = (*(name for name in FEATURES if name not in ("crf_marginal", "crf_unlearned")), *KNOWN_BESIDE)
"""What is weighed where there is no CRF to ask."""
_KEPT_BACK = 60


@dataclass(frozen=True)
class LeftOut:
    """How a category was read by a reader that was not taught it: as it is, and after a few of its titles."""

    category: str
    untaught: Fold
    few: dict[int, Fold]


def left_out(category: str, epochs: int) -> LeftOut:
    """Train without the category and read it; from the cache or by training."""
    items, asked = load("oa_mine")
    held = [item for item in items if item.category == category]
    random.Random(SEED).shuffle(held)
    paths = {
        count: cache() / f"{epochs}_without_{category.replace(' ', '_')}_{count}.json" for count in (0, *FEW)
    }
    if not all(map(is_kept, paths.values())):
        reader = _without(category, epochs)
        keep(paths[0], Ensemble(None, reader), held, asked, 0.0)
        for count in FEW:
            keep(paths[count], taught(held[:count], asked, start=reader), held[_KEPT_BACK:], asked, 0.0)
    few = {count: kept(paths[count], held[_KEPT_BACK:], asked) for count in FEW}
    return LeftOut(category, kept(paths[0], held, asked), few)


def _without(category: str, epochs: int) -> SpanReader:
    if not epochs:
        return composed()
    return trained(second_part(category), replace(AGAIN.config, epochs=epochs), composed())


def report(categories: Sequence[str], epochs: int) -> str:
    """Strict F1 of each category; as it is, its weights are those of the other categories where there are some."""
    parts = [left_out(category, epochs) for category in categories]
    rows = []
    for part in parts:
        others = [other.untaught for other in parts if other is not part]
        weights = replace(fit(others, FELT), threshold=UNTAUGHT) if others else default_weights("untaught")
        few = [judge(part.few[count], default_weights()).strict.f1 for count in FEW]
        found = judge(part.untaught, weights)
        rows.append((part.category, found.annotated_only.f1, found.strict.f1, *few, len(part.untaught.items)))
    shown: list[Sequence[object]] = [
        (name, *(f"{100 * value:.1f}" for value in values), count) for name, *values, count in rows
    ]
    means = [f"{100 * statistics.mean(row[column] for row in rows):.1f}" for column in range(1, 5)]
    return table(_HEAD, [*shown, ("mean", *means, sum(row[-1] for row in rows))])


_HEAD = ("left out", "annotated-only F1", "strict F1", "strict, 10 labelled", "strict, 50 labelled", "titles")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--without", nargs="+", metavar="CATEGORY")
    parser.add_argument("--epochs", type=int, default=2, help="of the second part")
    parser.add_argument("--weights", action="store_true")
    arguments = parser.parse_args()
    if arguments.without:
        every = sorted({item.category for item in load("oa_mine")[0]})
        chosen = every if arguments.without == ["all"] else arguments.without
        print(report(chosen, arguments.epochs))
        print(machine())
        if arguments.weights:
            fitted = fit([left_out(category, arguments.epochs).untaught for category in chosen], FELT)
            write("untaught", replace(fitted, threshold=UNTAUGHT))
        return
    queries = second_part()
    with timed() as clock:
        reader = trained(queries, replace(AGAIN.config, epochs=arguments.epochs), composed())
    reader.save(shipped.READER)
    told = {
        "texts": sum(part.texts for part in COMPOSED) + len(queries),
        "seconds": round(clock.seconds),
        "machine": machine(),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
