"""Examples of the task "which class does this product belong to": a column or a relation of the graph as the answer.

Nothing that states the answer may be seen: facts of the relation, facts that follow from them, facts whose object is
named like a class, and, for relations that are read from texts, the words themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.domain import Fact, Product
from core.errors import DataError
from core.recommend.tasks.config import CATEGORY, Kind, TaskConfig
from core.recommend.tasks.examples import Examples, Part, enough, folds
from core.recommend.tasks.names import Names

Labels = Mapping[str, Sequence[tuple[str, str]]]
Place = tuple[bool, str, int]
"""Where a fact was read, in reading order: not in the title, document id, offset."""


def class_examples(
    products: Sequence[Product],
    facts: Mapping[str, Sequence[Fact]],
    forms: Mapping[str, Sequence[str]],
    config: TaskConfig,
    places: Mapping[str, Place] | None = None,
) -> tuple[Examples, list[Part]]:
    """One example a product that has a class among those kept, and its folds.

    Of several values the one counts whose words stand first, by ``places`` (fact id to where it was read); products
    for which that cannot be told, or with ``several`` set to "leave", are left out. ``forms`` are the surface forms of
    each value node. Raises DataError where fewer than two classes are left.
    """
    stated = answers_of(products, facts, config.target)
    known = places if config.several == "first" else None
    answers = {product: one for product, own in stated.items() if (one := _one(own, known or {}))}
    sizes = Counter(answers.values())
    classes = tuple(name for name, n in sizes.most_common(config.most) if n >= config.least)
    if len(classes) < 2:
        raise DataError(
            f"Fewer than two values of {config.target!r} have {config.least} products.",
            where="task",
            remedy="Choose another relation, or ask for fewer products a class.",
        )
    place = {name: number for number, name in enumerate(classes)}
    rows = [
        (at, place[answers[product.id]])
        for at, product in enumerate(products)
        if answers.get(product.id) in place
    ]
    enough(len(rows), "products with one class", "Choose another relation.")
    hidden = _hidden(config, classes, forms)
    seen = tuple(
        replace(product, brand=None) if config.target == "brand" else product for product in products
    )
    examples = Examples(
        kind=Kind.CLASS,
        products=seen,
        facts=without(facts, config.target, hidden),
        product=np.array([row[0] for row in rows], np.int64),
        target=np.array([row[1] for row in rows], np.float64),
        shopper=np.full(len(rows), -1, np.int64),
        histories=(np.empty(0, np.int64),) * len(rows),
        classes=classes,
        hidden=hidden,
        notes={
            "several": len(stated) - len(answers),
            "rare": sum(n for name, n in sizes.items() if name not in place),
            "none": len(products) - len(stated),
        },
    )
    return examples, folds(examples.target, min(config.folds, len(rows)), config.valid_share, config.seed)


def answers_of(products: Sequence[Product], facts: Mapping[str, Sequence[Fact]], target: str) -> Labels:
    """(fact id, value) of each product that has any: nodes of the relation, or the category as it stands."""
    if target == CATEGORY:
        return {product.id: (("", product.category),) for product in products if product.category}
    found = {
        product.id: tuple((f.id, f.object) for f in facts.get(product.id, ()) if f.relation == target)
        for product in products
    }
    return {product: labels for product, labels in found.items() if labels}


def _one(labels: Sequence[tuple[str, str]], places: Mapping[str, Place]) -> str:
    """The only value, or the one that was read first; "" where that cannot be told."""
    if len(labels) == 1:
        return labels[0][1]
    read = sorted((places[fact], value) for fact, value in labels if fact in places)
    return read[0][1] if read else ""


def without(facts: Mapping[str, Sequence[Fact]], relation: str, hidden: Names) -> dict[str, tuple[Fact, ...]]:
    """The facts that do not give the relation away: of others, not derived from it, not named like a class."""
    known = {fact.id: fact for rows in facts.values() for fact in rows}
    barred = _tainted(known, relation)
    return {
        product: tuple(f for f in rows if f.id not in barred and not hidden.within(_value(f.object)))
        for product, rows in facts.items()
    }


def _tainted(known: Mapping[str, Fact], relation: str) -> Collection[str]:
    barred = {fact.id for fact in known.values() if fact.relation == relation}
    derived = [fact for fact in known.values() if fact.derivations]
    while new := {
        fact.id
        for fact in derived
        if fact.id not in barred
        # A premise outside the products' facts may be anything: it is not trusted.
        and any(i in barred or i not in known for way in fact.derivations for i in way.premises)
    }:
        barred |= new
    return barred


def _hidden(config: TaskConfig, classes: Iterable[str], forms: Mapping[str, Sequence[str]]) -> Names:
    if config.target == CATEGORY or not config.hide_names:
        return Names()
    return Names.of(form for name in classes for form in (_value(name), *forms.get(name, ())))


def _value(node: str) -> str:
    return node.partition(":")[2] or node
