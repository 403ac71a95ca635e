"""Several sources in one graph: how often the right attributes are proposed as one, and what rules and views cost.

    python -m bench.fusion [--vectors] [--assertions 100000]

Proposals: the labelled products of a public set are dealt to two shops; the second one's attributes have random
names, so that values alone (and vectors of them) can tell. Right is the attribute with the same name. Attributes with
fewer than five facts in either shop are left out.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence

from bench.common import machine, peak_memory_mb, table
from bench.datasets import SETS, load
from core.domain import Assertion, Document, DocumentKind, EntryKind, LogEntry, content_hash
from core.graph import previews
from core.graph.alignments import alignment
from core.graph.contributions import contributions
from core.graph.fold import Fold
from core.graph.intents import shared_intents
from core.graph.model import OnConflict, Policy, Title
from core.graph.rule_text import parse, rule_entry, rule_id
from core.graph.schema_match import Encode, proposals
from core.ontology import relation_name

LEAST_FACTS = 5
RELATIONS = {
    "material": 300, "color": 60, "brand": 800, "usedFor": 900, "feature": 2000, "capacity": 200, "audience": 80,
    "style": 200,
}  # fmt: skip
RULE = "if material is material value 7 and used for is any then suited to is bench"


def _claim(product: str, relation: str, value: str, source: str, confidence: float = 0.9) -> Assertion:
    text = Document.of(f"{source}/{product}/{relation}/{value}", product, relation, DocumentKind.CELL, value)
    return Assertion.of(
        text,
        relation,
        0,
        len(value),
        extractor="columns",
        extractor_version="1",
        schema_version="s",
        confidence=confidence,
    )


def _code(relation: str) -> str:
    """Letters that say nothing."""
    return content_hash(relation)[:10].translate(str.maketrans("0123456789", "ghijklmnop"))


def _folded(made: Sequence[Assertion], titles: dict[str, Title] | None = None) -> Fold:
    state = Fold(titles or {}, Policy())
    entries = (LogEntry(EntryKind.ASSERTED, a.id, seq=k + 1) for k, a in enumerate(made))
    state.take(made, entries, {a.document_id: a.document_id.partition("/")[0] for a in made})
    return state


def matched(name: str, encode: Encode | None, seed: int = 0) -> tuple[str, int, int, float, float]:
    """(set, attributes that have a partner, proposals, precision, recall)."""
    items, _ = load(name)
    random.Random(seed).shuffle(items)
    made: list[Assertion] = []
    codes: dict[str, str] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for position, item in enumerate(items):
        shop = "ab"[position % 2]
        for attribute, values in item.values.items():
            relation = relation_name(attribute)
            code = codes.setdefault(relation, _code(relation))
            for value in set(values):
                made.append(_claim(item.id, relation if shop == "a" else code, value, shop))
                counts[shop, relation] += 1
    wanted = {r for r in codes if min(counts["a", r], counts["b", r]) >= LEAST_FACTS}
    found = proposals(_folded(made).graph(), encode, limit=10_000)
    named = {code: relation for relation, code in codes.items()}
    asked = [p for p in found if {named.get(p.relation, p.relation), named.get(p.into, p.into)} & wanted]
    right = [p for p in asked if named.get(p.relation, p.relation) == named.get(p.into, p.into)]
    reached = {named.get(p.relation, p.relation) for p in right}
    return name, len(wanted), len(asked), len(right) / max(len(asked), 1), len(reached & wanted) / len(wanted)


def costs(count: int) -> list[tuple[str, float]]:
    """Processor seconds of what a person may do to a graph of ``count`` synthetic assertions of two sources."""
    chance = random.Random(7)
    made = []
    for position in range(count):
        relation = chance.choice(list(RELATIONS))
        value = f"{relation} value {chance.randrange(RELATIONS[relation])}"
        if relation == "capacity":
            value = f"{chance.randrange(RELATIONS[relation]) / 10 + 0.1:.1f} l"
        made.append(_claim(f"p{position // 8}", relation, value, chance.choice("ab")))
    steps: list[tuple[str, float]] = []

    def measure(name: str, step: Callable[[], object]) -> None:
        began = time.process_time()
        step()
        steps.append((name, time.process_time() - began))

    began = time.process_time()
    state = _folded(made, {f"p{k}": Title(f"Product {k}") for k in range(count // 8 + 1)})
    graph = state.graph()
    steps.append(("fold", time.process_time() - began))
    data, seq = parse(RULE), count + 1
    measure("what a rule would bring", lambda: previews.would_follow(state, rule_id(data), data))
    rule = rule_entry(RULE)
    measure("record a rule", lambda: state.take((), [LogEntry(rule.kind, rule.target, rule.data, seq=seq)]))
    measure("withdraw it", lambda: state.take((), [LogEntry(rule.kind, rule.target, {}, seq=seq + 1)]))
    one = alignment("style", "feature")
    measure(
        "align two relations", lambda: state.take((), [LogEntry(one.kind, one.target, one.data, seq=seq + 2)])
    )
    undone = LogEntry(EntryKind.UNDONE, str(seq + 2), {"target": one.target}, seq=seq + 3)
    measure("undo it", lambda: state.take((), [undone]))
    assert state.graph().hash == graph.hash
    measure("what each source adds", lambda: contributions(graph))
    measure("shared intents", lambda: shared_intents(graph))
    measure(
        "what a policy would leave",
        lambda: previews.contradictions(state, Policy(on_conflict=OnConflict.MAJORITY)),
    )
    measure("what a source would take along", lambda: previews.without(state, "b"))
    measure("propose attributes", lambda: proposals(graph))
    return steps


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", action="store_true", help="with sentence vectors too")
    parser.add_argument("--assertions", type=int, default=100_000)
    arguments = parser.parse_args()
    encode: Encode | None = None
    if arguments.vectors:
        from core.llm.sentences import SentenceEncoder

        encode = SentenceEncoder().encode
    rows = [matched(name, encode) for name in SETS]
    print(table(("set", "attributes", "proposals", "precision", "recall"), rows))
    if not arguments.assertions:
        return
    print(f"\n{arguments.assertions:,} assertions\n")
    print(table(("step", "processor seconds"), costs(arguments.assertions)))
    print(f"\n{machine()}; peak {peak_memory_mb():,.0f} MB")


if __name__ == "__main__":
    main()
