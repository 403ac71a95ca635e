"""Remake the shipped span reader (assets/models/span_reader), or judge it where it was not trained.

    python -m bench.shipped_reader                    writes the weights and what the card says of them
    python -m bench.shipped_reader --without Shoes    oa_mine without one category, scored on that category

Trained on text of the project's own (composed, and the sample's gold) and on the titles of oa_mine (Apache-2.0), whose
attributes are partly reworded so that the reader listens to the wording. Nothing else is seen.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence

from bench.common import machine, table, timed
from bench.extraction import fit, judge, load, untaught
from core.extract import schema, shipped, span_reader
from core.extract.ensemble import Candidate, Ensemble, Weights
from core.extract.labelled import Labelled
from core.extract.methods import query
from core.extract.query import Query
from core.extract.reworded import reworded
from core.extract.synthetic import generate
from core.extract.tokens import has_cjk

COMPOSED = 1_200
ROUNDS = 1
SEED = 7


def lessons(without: str = "") -> list[Query]:
    """All queries of the curriculum; ``without`` leaves a category of oa_mine out."""
    drawn = random.Random(SEED)
    items, asked = load("oa_mine")
    titles = [query(item, asked, gold=True) for item in items if item.category != without]
    told = [reworded(title, drawn) for _ in range(ROUNDS) for title in titles]
    made = [*generate(COMPOSED, SEED), *told, *_sample()]
    drawn.shuffle(made)
    return made


def _sample() -> list[Query]:
    found = []
    for example in shipped.read_gold():
        if example.kind == "text" and not has_cjk(example.text):
            attributes = schema.default().attributes(example.category)
            wording = {a.relation: f"{a.named('en')}: {a.described('en')}" for a in attributes}
            found.append(Query(example.text, example.category, wording, example.spans))
    return found


def trained(queries: Sequence[Query], epochs: int) -> span_reader.SpanReader:
    """Train with the progress on standard output."""
    config = span_reader.SpanReaderConfig(epochs=epochs, seed=SEED)
    return span_reader.train(
        queries, config, on_epoch=lambda d, n, v: print(f"  epoch {d}/{n} loss {v:.2f}", flush=True)
    )


def left_out(category: str, epochs: int) -> str:
    """Score the reader on the category it was trained without."""
    reader = trained(lessons(category), epochs)
    items, asked = load("oa_mine")
    held: list[Labelled] = [item for item in items if item.category == category]
    found: list[list[Candidate]] = Ensemble(None, reader, Weights()).candidates(
        [query(item, asked) for item in held]
    )
    from bench.extraction import Fold

    part = Fold(held, asked, found, 0.0, 1.0)
    result = judge(part, fit([untaught("ae_110k"), untaught("wdc_pave")]))
    rows = [[category, 100 * result.annotated_only.f1, 100 * result.strict.f1, len(held)]]
    return table(["left out", "annotated-only F1", "strict F1", "titles"], rows)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--without", default="")
    parser.add_argument("--epochs", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.without:
        print(left_out(arguments.without, arguments.epochs))
        return
    queries = lessons()
    with timed() as clock:
        reader = trained(queries, arguments.epochs)
    reader.save(shipped.READER)
    told = {"texts": len(queries), "seconds": round(clock.seconds), "machine": machine()}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
