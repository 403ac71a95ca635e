"""What is read in texts under attack, by the tagger every workspace starts from, and how much of it is still right."""

from __future__ import annotations

from core.extract.normalise import normalise
from core.extract.shipped import default_tagger
from core.ontology import relation as relation_of
from core.robust.world import Model, Reading, World

LEAST_SURE = 0.5


def read_by_tagger(text: str, category: str) -> Reading:
    """(relation, node id) of the values the tagger gives, line by line; products that a text names are left out."""
    tagger = default_tagger()
    found = set()
    for line in text.split("\n"):
        for span in tagger.read(line, category).spans:
            kind = relation_of(span.relation).node_type
            if kind != "Product" and span.confidence >= LEAST_SURE:
                key = normalise(span.relation, line[span.start : span.end]).key
                found.add((span.relation, f"{kind.lower()}:{key}"))
    return frozenset(found)


def extraction_f1(model: Model, world: World, attacked: World | None = None) -> float | None:
    """F1 of what is read in the attacked texts, against what is read in them when they are clean; pooled over texts.

    The texts are those that differ from the clean ones in ``attacked``, or where that is not given in ``world`` itself;
    None where there are none.
    """
    right = found = wanted = 0
    changed = model.changed(attacked or world)
    for k in changed:
        clean, now = model.reading(k, model.clean.texts[k]), model.reading(k, world.texts[k])
        right, found, wanted = right + len(clean & now), found + len(now), wanted + len(clean)
    return 2 * right / max(1, found + wanted) if changed else None
