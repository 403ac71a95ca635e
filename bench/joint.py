"""The weights by which a build weighs tagger and span reader (assets/models/joint.json), and how well they hold.

    python -m bench.joint            reads, fits and prints; judged on folds and sets that were left out
    python -m bench.joint --write    also writes assets/models/joint.json

Seen: the sample's gold in folds, the tagger taught by the others, the shipped reader as it is. Unseen: the sample's
gold, each category by a tagger that never saw it, and the public sets wdc_pave and ae_110k, whose attributes are
asked by their names and mapped to relations where they mean the same.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from bench.common import machine, table
from bench.datasets import load
from bench.readings import TAUGHT, unlearned
from core.domain import content_hash
from core.extract import shipped
from core.extract.candidates import FEATURES, Candidate, candidates_of, values_of
from core.extract.ensemble import Weights, weighed
from core.extract.example import Example
from core.extract.ground import Span
from core.extract.joint import WEIGHTS, Joint, Passage
from core.extract.query import Query
from core.extract.schema import default
from core.extract.score import calibration_error
from core.extract.shelf_reader import Match, default_shelf_reader
from core.extract.tagger import Tagger
from core.extract.tagger_training import TaggerConfig, train
from core.extract.tokens import has_cjk
from core.settings import settings

FOLDS = 4
PUBLIC_TEXTS = 250
ALONE = ("one", "crf")
PUBLIC = ("wdc_pave", "ae_110k")
RELATIONS = {
    "Brand": "brand",
    "Brand Name": "brand",
    "Manufacturer": "brand",
    "Material": "material",
    "Color": "color",
    "Color(s)": "color",
    "Style": "style",
    "Feature": "feature",
    "Gender": "audience",
    "Applicable People": "audience",
    "Product Type": "productType",
    "Capacity": "capacity",
    "Flavor": "flavor",
    "Pack Quantity": "packSize",
    "Quantity": "packSize",
    "Weight": "weight",
    "Power": "power",
    "Size": "size",
}
"""Attributes of the public sets that mean what a relation of the shop schema means."""


@dataclass(frozen=True)
class Row:
    """A candidate, whether it is right, and the part of the data it comes from."""

    candidate: Candidate
    right: bool
    part: str


def gold_rows(joint: Joint, examples: Sequence[Example], part: str, *, with_reader: bool) -> list[Row]:
    """Candidates in labelled texts of the sample."""
    passages = [Passage(e.text, e.category, e.kind) for e in examples]
    heard = _asked([joint.query(passage) for passage in passages], with_reader)
    rows = []
    for example, passage, (spans, known) in zip(examples, passages, heard, strict=True):
        gold = {(example.text[s.start : s.end], s.relation) for s in example.spans}
        rows += [
            Row(c, (example.text[c.span.start : c.span.end], c.span.relation) in gold, part)
            for c in _weighable(joint, passage, spans, known)
        ]
    return rows


def public_rows(joint: Joint, name: str, *, with_reader: bool) -> list[Row]:
    """Candidates in texts of a public set; of the tagger's values those that the set has an attribute for count."""
    items, asked = load(name)
    items = [item for item in items if not has_cjk(item.text)][:: max(1, len(items) // PUBLIC_TEXTS)]
    queries = []
    for item in items:
        named = {attribute: RELATIONS.get(attribute, attribute) for attribute in asked[item.category]}
        queries.append(Query(item.text, item.category, {r: a for a, r in named.items()}))
    rows = []
    for item, query, (spans, known) in zip(items, queries, _asked(queries, with_reader), strict=True):
        gold = {(v, RELATIONS.get(a, a)) for a, values in item.values.items() for v in values}
        rows += [
            Row(c, (item.text[c.span.start : c.span.end], c.span.relation) in gold, name)
            for c in _weighable(joint, Passage(item.text, item.category), spans, known, query.asked)
        ]
    return rows


def _weighable(
    joint: Joint,
    passage: Passage,
    read: Sequence[Span],
    known: Sequence[Match],
    relations: Collection[str] | None = None,
) -> list[Candidate]:
    """The candidates that a build would weigh; of the tagger's those of these relations."""
    tagging = joint._tag(passage, [span.place for span in (*read, *(match.span for match in known))])
    tagged = [span for span in tagging.spans if relations is None or span.relation in relations]
    return candidates_of(read, tagged, known, tagging.marginals)


def _asked(queries: Sequence[Query], with_reader: bool) -> list[tuple[Sequence[Span], Sequence[Match]]]:
    """What the span reader and the known patterns say; nothing where they are not asked."""
    if not with_reader:
        return [((), ())] * len(queries)
    patterns = default_shelf_reader()
    read = shipped.default_reader().read(queries)
    return [(spans, patterns.read(query)) for spans, query in zip(read, queries, strict=True)]


def fit(rows: Sequence[Row], use: str) -> Weights:
    """A logistic model in which each part of the data counts the same; the threshold with the best F1 of candidates,
    from .2 to .5. What the CRF has not learned is common on the public sets alone, which are hard to read for other
    reasons too, so each candidate is also shown as if it had not been learned."""
    from sklearn.linear_model import LogisticRegression

    names = ALONE if use.startswith("tagger") else TAUGHT
    shown = [(row.candidate, row) for row in rows]
    if names is TAUGHT:
        shown += [(seen, row) for row in rows for seen in unlearned(row.candidate)]
    counts = Counter(row.part for _, row in shown)
    model = LogisticRegression(C=1.0, fit_intercept=False, max_iter=2_000).fit(
        [values_of(seen, names) for seen, _ in shown],
        [row.right for _, row in shown],
        sample_weight=[len(shown) / len(counts) / counts[row.part] for _, row in shown],
    )
    made = {name: round(float(value), 4) for name, value in zip(names, model.coef_[0], strict=True)}
    sure = _sure(rows, Weights(made))
    return Weights(made, max((step / 100 for step in range(20, 52, 3)), key=lambda t: _f1(rows, sure, t)))


def _sure(rows: Sequence[Row], weights: Weights) -> list[float]:
    return [weighed([row.candidate], weights)[0].confidence for row in rows]


def _f1(rows: Sequence[Row], sure: Sequence[float], threshold: float) -> float:
    given = [row.right for row, value in zip(rows, sure, strict=True) if value >= threshold]
    return 2 * sum(given) / max(1, len(given) + sum(row.right for row in rows))


def judged(use: str, rows: Sequence[Row]) -> list[list[object]]:
    """A row a part of the data, weighed by what was fitted on the other parts."""
    made: list[list[object]] = []
    for part in sorted({row.part for row in rows}):
        others = [row for row in rows if row.part != part]
        own = [row for row in rows if row.part == part]
        sure = _sure(own, fit(others, use))
        given = [(s, row) for s, row in zip(sure, own, strict=True) if s >= 0.2]
        ece = calibration_error([s for s, _ in given], [row.right for _, row in given])
        stands = [row.right for s, row in given if s >= 0.5]
        agreed = [row.right for _, row in given if row.candidate.features[FEATURES.index("both")]]
        made.append(
            [
                use,
                part,
                len(given),
                ece,
                _share(stands),
                _share(agreed),
                sum(stands) / max(1, sum(row.right for row in own)),
            ]
        )
    return made


def _share(right: Sequence[bool]) -> float:
    return sum(right) / max(1, len(right))


def taggers(
    examples: Sequence[Example], groups: Iterable[str], of: Callable[[int], str]
) -> dict[str, Tagger]:
    """For each group a tagger that learned from the others."""
    return {
        group: train([e for at, e in enumerate(examples) if of(at) != group], TaggerConfig(iterations=60))
        for group in groups
    }


def kept_rows() -> dict[str, list[Row]]:
    """All candidates by the weights they are for; read once for each version of the readers and the features."""
    features = content_hash(*FEATURES)[:6]
    versions = f"{shipped.default_reader().version}-{shipped.default_tagger().version}-{features}"
    path = settings().home / "bench" / "joint" / f"{versions}.json"
    if not path.is_file():
        rows = {
            name: [
                [
                    (c.span.start, c.span.end, c.span.relation, c.span.confidence),
                    c.features,
                    row.right,
                    row.part,
                ]
                for row in found
                for c in [row.candidate]
            ]
            for name, found in rows_of().items()
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(rows), "utf-8")
    return {
        name: [
            Row(Candidate(Span(*span), tuple(features)), right, part) for span, features, right, part in found
        ]
        for name, found in json.loads(path.read_text("utf-8")).items()
    }


def rows_of() -> dict[str, list[Row]]:
    """All candidates by the weights they are for, by reading."""
    schema, gold = default(), shipped.read_gold()
    texts: dict[str, list[Row]] = {
        name: [] for name in ("tagger_seen", "tagger_unseen", "tagger_review", "both_seen", "both_unseen")
    }
    folded = taggers(gold, [str(n) for n in range(FOLDS)], lambda at: str(at % FOLDS))
    for fold, tagger in folded.items():
        joint = Joint(schema, tagger)
        held = [e for at, e in enumerate(gold) if str(at % FOLDS) == fold]
        products = [e for e in held if e.kind == "text"]
        english = [e for e in products if not has_cjk(e.text)]
        texts["tagger_seen"] += gold_rows(joint, products, f"fold {fold}", with_reader=False)
        texts["tagger_review"] += gold_rows(
            joint, [e for e in held if e.kind == "review"], f"fold {fold}", with_reader=False
        )
        texts["both_seen"] += gold_rows(joint, english, f"fold {fold}", with_reader=True)
    shelves = sorted({e.category for e in gold if not has_cjk(e.category)})
    for shelf, tagger in taggers(gold, shelves, lambda at: gold[at].category).items():
        joint = Joint(schema, tagger)
        held = [e for e in gold if e.category == shelf and e.kind == "text"]
        texts["tagger_unseen"] += gold_rows(joint, held, shelf, with_reader=False)
        texts["both_unseen"] += gold_rows(joint, held, shelf, with_reader=True)
    joint = Joint(schema, shipped.default_tagger())
    for name in PUBLIC:
        texts["tagger_unseen"] += public_rows(joint, name, with_reader=False)
        texts["both_unseen"] += public_rows(joint, name, with_reader=True)
    return texts


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    found = kept_rows()
    head = (
        "weights",
        "left out",
        "given",
        "ECE",
        "precision from .5",
        "precision where both",
        "recall from .5",
    )
    lines = [line for name, rows in found.items() for line in judged(name, rows)]
    print(table(head, lines))
    made = {name: fit(rows, name) for name, rows in found.items()}
    raw = {name: {"coefficients": dict(w.coefficients), "threshold": w.threshold} for name, w in made.items()}
    print(json.dumps(raw, indent=1))
    print(machine())
    if arguments.write:
        WEIGHTS.write_text(json.dumps(raw, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
