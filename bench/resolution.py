"""Entity resolution of two catalogues: top-1 and F1 beside a title TF-IDF baseline, and the weights that are shipped.

    python -m bench.resolution                 three public sets, folds by left record, several seeds
    python -m bench.resolution --weights       make assets/models/resolution.json again from their dev parts
    python -m bench.resolution --model         the embedded language model on pairs in doubt

Every figure is of left records whose matches were not learned from: the left tables are dealt into three folds,
a matcher is taught on two and judged on the third, against the whole right table. The threshold of the baseline
is chosen on the same two folds. "shipped" is taught on the other two sets alone. Intervals are 95% bootstrap intervals
over left records. The published F1 of Ditto (Li et al., 2021) is over another split and over given pairs, not
over whole tables.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.common import machine, table, timed
from core.graph.resolve.clusters import one_to_one
from core.graph.resolve.compare import Compared, compare
from core.graph.resolve.features import NAMES, Pairs, standing
from core.graph.resolve.matcher import SHIPPED, Matcher, best_threshold, train
from core.graph.resolve.score import SURE, Catalogues, truth_of
from core.graph.resolve.tables import LEFT, RIGHT, read_matches, read_records
from core.settings import settings

SETS = {"er_abt_buy": 0.893, "er_amazon_google": 0.756, "er_walmart_amazon": 0.868}
"""Each set with Ditto's published F1."""
FOLDS, RESAMPLES = 3, 1_000


@dataclass
class Tally:
    """For each left record, summed over all seeds: first candidate right, matched right, matched, matches; and
    right and matched where only sure pairs count."""

    size: int
    counts: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = np.zeros((self.size, 6))

    def add(
        self,
        held: NDArray[np.bool_],
        pairs: Pairs,
        probability: NDArray[np.float64],
        truth: NDArray[np.bool_],
        gold: NDArray[np.bool_],
        at: float,
    ) -> None:
        """Count one fold; ``held`` are its left records, ``gold`` says which have a match, ``at`` is the threshold."""
        counts = np.zeros((len(gold), 6))
        order = np.lexsort((pairs.columns, -probability, pairs.rows))
        first = order[np.r_[True, np.diff(pairs.rows[order]) > 0]]
        counts[pairs.rows[first], 0] = truth[first]
        for column, threshold in ((1, at), (4, SURE)):
            kept = one_to_one(pairs, probability, threshold)
            counts[pairs.rows[kept], column] = truth[kept]
            counts[pairs.rows[kept], column + 1] = 1
        counts[:, 3] = gold
        self.counts[held] += counts

    def figures(self) -> dict[str, tuple[float, float, float]]:
        """Each measure with its interval."""
        counts = self.counts
        rng = np.random.default_rng(0)
        drawn = [counts[rng.integers(0, len(counts), len(counts))].sum(0) for _ in range(RESAMPLES)]
        names = ("top1", "precision", "recall", "f1", "sure_false", "sure_share")
        point, resampled = _measures(counts.sum(0)), np.array([_measures(one) for one in drawn])
        low, high = np.percentile(resampled, [2.5, 97.5], axis=0)
        return {name: (point[k], low[k], high[k]) for k, name in enumerate(names)}


def _measures(total: NDArray[np.float64]) -> tuple[float, ...]:
    hit, right, kept, gold, sure_right, sure = total.tolist()
    return (
        hit / gold,
        right / max(kept, 1),
        right / gold,
        2 * right / (kept + gold),
        1 - sure_right / sure if sure else 0.0,
        sure_right / gold,
    )


@dataclass
class Data:
    """A set, compared once; ``gold`` says which left records have a match."""

    name: str
    compared: Compared
    truth: NDArray[np.bool_]
    gold: NDArray[np.bool_]


def read(name: str) -> Data:
    """The dev part of a public set."""
    folder = settings().data / name
    given = Catalogues(
        read_records(folder / "dev" / "left.parquet", LEFT),
        read_records(folder / "right.parquet", RIGHT),
        read_matches(folder / "dev" / "matches.parquet"),
    )
    matched = {left for left, _ in given.matches}
    compared = compare(given.left, given.right)
    return Data(
        name,
        compared,
        truth_of(compared, given.matches),
        np.array([r.id in matched for r in given.left], bool),
    )


def judged(data: Data, seeds: int, shipped: Matcher) -> list[list[object]]:
    """The rows of a set: baseline, taught, shipped."""
    tallies = {name: Tally(len(data.gold)) for name in ("title TF-IDF", "taught", "shipped")}
    for seed in range(seeds):
        folds = np.random.default_rng(seed).integers(0, FOLDS, len(data.gold))
        for fold in range(FOLDS):
            held = folds == fold
            inside = held[data.compared.pairs.rows]
            seen, test = data.compared.of_left(~held), data.compared.of_left(held)
            known, truth, gold = data.truth[~inside], data.truth[inside], data.gold[held]
            titles = [one.table[:, NAMES.index("word_cosine")].astype(float) for one in (seen, test)]
            tallies["title TF-IDF"].add(
                held, test.pairs, titles[1], truth, gold, best_threshold(titles[0], seen.pairs, known)
            )
            made = train(seen.table, seen.pairs, known)
            tallies["taught"].add(held, test.pairs, test.score(made), truth, gold, made.threshold)
            tallies["shipped"].add(held, test.pairs, test.score(shipped), truth, gold, shipped.threshold)
    rows: list[list[object]] = []
    for name, tally in tallies.items():
        found = tally.figures()
        quiet = ("sure_false", "sure_share") if name == "title TF-IDF" else ()
        rows.append(
            [
                data.name.removeprefix("er_"),
                name,
                *("–" if k in quiet else _interval(v) for k, v in found.items()),
            ]
        )
    return rows


def together(sets: Sequence[Data]) -> tuple[Compared, NDArray[np.bool_]]:
    """Several sets as one, to learn from: no record of one competes with one of another.

    Each is there twice: as it is, and without the right records that match. In the public sets most records have
    a partner; in the second half the best of a bad lot is no match, which a shop that sells other things needs
    to have been taught.
    """
    rows, columns, tables, truths = [], [], [], []
    for number, (data, orphaned) in enumerate(
        (data, orphaned) for data in sets for orphaned in (False, True)
    ):
        pairs, shift = data.compared.pairs, number * 1_000_003
        matched = np.isin(pairs.columns, pairs.columns[data.truth])
        kept = ~matched if orphaned else np.ones(len(pairs), bool)
        rows.append(pairs.rows[kept] + shift)
        columns.append(pairs.columns[kept] + shift)
        tables.append(data.compared.table[kept])
        truths.append(data.truth[kept])
    pairs = Pairs.of(np.concatenate(rows), np.concatenate(columns))
    return Compared([], [], ([], []), pairs, standing(np.concatenate(tables), pairs)), np.concatenate(truths)


def learned(sets: Sequence[Data]) -> Matcher:
    """A matcher of several sets."""
    compared, truth = together(sets)
    return train(compared.table, compared.pairs, truth, ", ".join(f"{data.name} dev" for data in sets))


def opinions(data: Data, pairs: int) -> list[object]:
    """The embedded language model on pairs in doubt (0.2 to 0.8) of one fold, beside the matcher on the same pairs."""
    from core.graph.resolve.ask import ask
    from core.llm import registry

    held = np.random.default_rng(0).integers(0, FOLDS, len(data.gold)) == 0
    inside = held[data.compared.pairs.rows]
    seen, test = data.compared.of_left(~held), data.compared.of_left(held)
    probability = test.score(train(seen.table, seen.pairs, data.truth[~inside]))
    doubtful = np.nonzero((probability >= 0.2) & (probability <= 0.8))[0]
    chosen = np.random.default_rng(0).permutation(doubtful)[:pairs]
    truth = data.truth[inside][chosen]
    titles = [
        (test.left[test.pairs.rows[at]].title, test.right[test.pairs.columns[at]].title)
        for at in chosen.tolist()
    ]
    with timed() as clock:
        said = np.array([answer is True for answer in ask(registry.load(), titles)])
    return [
        data.name.removeprefix("er_"),
        len(chosen),
        float(truth.mean()),
        float(((probability[chosen] >= 0.5) == truth).mean()),
        float((said == truth).mean()),
        float(said.mean()),
        f"{clock.seconds / max(len(chosen), 1):.2f}",
    ]


def _interval(value: tuple[float, float, float]) -> str:
    return f"{value[0]:.3f} [{value[1]:.3f}, {value[2]:.3f}]"


def main() -> None:
    """Print the table, or write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--weights", action="store_true", help="write the shipped weights and stop")
    parser.add_argument(
        "--model", action="store_true", help="ask the embedded language model about pairs in doubt"
    )
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    with timed() as clock:
        sets = [read(name) for name in SETS]
        if arguments.weights:
            made = learned(sets)
            SHIPPED.write_text(json.dumps(made.to_json(), indent=1) + "\n", "utf-8")
            print(
                f"{SHIPPED}: {SHIPPED.stat().st_size} bytes, version {made.version}, threshold {made.threshold}"
            )
            return
        if arguments.model:
            asked = (
                "set",
                "pairs",
                "matches",
                "matcher right",
                "model right",
                "model says yes",
                "seconds a pair",
            )
            print(table(asked, [opinions(data, 80) for data in sets]))
            print(machine())
            return
        rows: list[list[object]] = []
        for data in sets:
            rest = learned([other for other in sets if other is not data])
            rows += judged(data, arguments.seeds, rest)
            recall = data.truth.sum() / data.gold.sum()
            print(
                f"{data.name}: {len(data.truth)} candidates, recall {recall:.4f}, Ditto's F1 {SETS[data.name]}",
                flush=True,
            )
    columns = (
        "set",
        "method",
        "top-1",
        "precision",
        "recall",
        "F1 at 1:1",
        "sure pairs wrong",
        "found by sure pairs",
    )
    print(table(columns, rows))
    print(f"{arguments.seeds} seeds of {FOLDS} folds, {clock.seconds:.0f} s; {machine()}")


if __name__ == "__main__":
    main()
