"""A product that is not in the catalogue: read at once, ranked for known shoppers and among known products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.domain import Fact, Product, content_hash
from core.extract.ground import Span
from core.extract.normalise import normalise
from core.ontology import relation as relation_of
from core.recommend.newcomers import lent, text_share
from core.recommend.text import product_text, unit

if TYPE_CHECKING:
    from core.extract.tagger import Tagger
    from core.recommend.rank import Recommender

LEAST_SURE = 0.5
MOST_SHOPPERS = 1_000


@dataclass(frozen=True, slots=True)
class Read:
    """A pasted product: its facts, and the spans they were read from in title and description."""

    product: Product
    facts: tuple[Fact, ...]
    title_spans: tuple[Span, ...]
    description_spans: tuple[Span, ...]


class Made(NamedTuple):
    """What a model makes of a new product: vector float[size], popularity term, float64[n] what each product of a
    history says for it in the baseline, and float32[n] its likeness (cosine) to each known product."""

    vector: NDArray[np.floating]
    bias: float
    weights: NDArray[np.float64]
    near: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Place:
    """The place a pasted product would have in a shopper's list (from 1) and its score there."""

    shopper: str
    rank: int
    score: float


@dataclass(frozen=True, eq=False)
class Audience:
    """Shoppers a new product is held against: names, vectors float[shoppers, size], and float64[shoppers, depth] the
    scores of their best products that they do not have, highest first. ``of`` is how many shoppers there are."""

    shoppers: tuple[str, ...]
    histories: tuple[NDArray[np.integer], ...]
    vectors: NDArray[np.floating]
    best: NDArray[np.float64]
    of: int


def read(product: Product, tagger: Tagger, merged: Mapping[str, str]) -> Read:
    """What a tagger reads in title and description, as facts of the product; columns it has are facts too.

    ``merged`` maps a node id to the one it was merged into.
    """
    texts = {"title": product.title, "description": product.description}
    spans = {name: tagger.read(text, product.category or "").spans for name, text in texts.items()}
    found: dict[tuple[str, str], float] = {}
    kept: dict[str, list[Span]] = {"title": [], "description": []}
    for name, own in spans.items():
        text = texts[name]
        for span in own:
            if span.confidence < LEAST_SURE or relation_of(span.relation).node_type == "Product":
                continue
            pair = (span.relation, _node(span.relation, text[span.start : span.end], merged))
            found[pair] = max(found.get(pair, 0.0), span.confidence)
            kept[name].append(span)
    for relation, value in (("brand", product.brand), ("category", product.category)):
        if value:
            found[relation, _node(relation, value, merged)] = 1.0
    subject = f"product:{product.id}"
    facts = tuple(
        Fact(content_hash(subject, *pair), subject, *pair, (), confidence)
        for pair, confidence in found.items()
    )
    return Read(product, facts, tuple(kept["title"]), tuple(kept["description"]))


def audience(
    model: Recommender, histories: Mapping[str, Sequence[str]], depth: int = 20, seed: int = 0
) -> Audience:
    """Score known shoppers once: all of them, or MOST_SHOPPERS drawn at random."""
    names = sorted(histories)
    if len(names) > MOST_SHOPPERS:
        chosen = np.random.default_rng(seed).choice(len(names), MOST_SHOPPERS, replace=False)
        names = [names[k] for k in np.sort(chosen)]
    rows = tuple(model.rows(histories[name]) for name in names)
    depth = min(depth, len(model.product_ids))
    best = np.full((len(names), depth), -np.inf)
    step = max(1, min(128, 20_000_000 // max(len(model.product_ids), 1)))
    for start in range(0, len(names), step):
        part = rows[start : start + step]
        scores = np.asarray(model.model.score(part), np.float64)
        for own, bought in zip(scores, part, strict=True):
            own[bought] = -np.inf
        best[start : start + step] = -np.sort(np.partition(-scores, depth - 1, axis=1)[:, :depth], axis=1)
    return Audience(tuple(names), rows, model.model.shoppers(list(rows)), best, len(histories))


def vector(model: Recommender, found: Read, units: NDArray[np.float32]) -> Made:
    """What the model makes of a product that nobody has taken yet; ``units`` float32[n, size] are the known products'
    vectors, brought to length one."""
    import torch

    from core.recommend.network import Inputs
    from core.recommend.scoring import product_vectors

    artefact = model.artefact
    vocabulary = artefact.vocabulary
    lexical, sentence = model.encode(product_text(found.product))
    columns = vocabulary.table.columns(found.facts)
    one = artefact.features.take([0])
    features = replace(
        one, products=(found.product.id,), identity=np.array([-1]), lexical=lexical, sentence=sentence,
        price=vocabulary.price.encode([found.product]), counts=np.zeros(1, np.float32), facts=(columns,),
    )  # fmt: skip
    inputs = Inputs.of(features, vocabulary.table, dtype=torch.float64)
    vectors, bias = product_vectors(artefact.network, inputs)
    near = units @ unit(vectors.astype(np.float32))[0]
    return Made(vectors[0], float(bias[0]), _weights(model, near, lexical, sentence), near)


def scores_for(
    model: Recommender,
    made: Made,
    shoppers: NDArray[np.floating],
    histories: Sequence[NDArray[np.integer]],
) -> NDArray[np.float64]:
    """float64[shoppers]: the scores of a new product, of the same scale as those of known ones."""
    decay = model.artefact.baseline.decay
    base = np.array([float((made.weights[h] * decay ** np.arange(len(h))[::-1]).sum()) for h in histories])
    mix = model.artefact.mix
    return np.asarray(mix.baseline * base + mix.network * (shoppers @ made.vector + made.bias))


def for_whom(model: Recommender, made: Made, known: Audience) -> list[Place]:
    """Where the product would stand in each shopper's list, the best place first; a place below the depth that the
    audience was scored to is depth + 1."""
    scores = scores_for(model, made, known.vectors, known.histories)
    ranks = (known.best >= scores[:, None]).sum(1) + 1
    margin = scores - known.best[:, 0]
    order = np.lexsort((-margin, ranks))
    return [Place(known.shoppers[k], int(ranks[k]), float(scores[k])) for k in order]


def most_like(made: Made, k: int = 8) -> list[tuple[int, float]]:
    """(place, cosine) of the known products that are most like it."""
    order = np.argsort(-made.near, kind="stable")[:k]
    return [(int(row), float(made.near[row])) for row in order]


def _weights(
    model: Recommender,
    near: NDArray[np.float32],
    lexical: NDArray[np.float32],
    sentence: NDArray[np.float32],
) -> NDArray[np.float64]:
    baseline, features = model.artefact.baseline, model.artefact.features
    share = text_share(baseline)
    columns, shares = lent(near[None])
    lenders = np.zeros(len(near))
    lenders[columns[0]] = shares[0]
    weights = (1 - share) * np.asarray(baseline.similarity @ lenders, np.float64)
    blocks = [
        known @ own[0] for known, own in ((features.lexical, lexical), (features.sentence, sentence))
        if own.shape[1]
    ]  # fmt: skip
    return weights + share * np.mean(blocks, axis=0) if share and blocks else weights


def _node(relation: str, words: str, merged: Mapping[str, str]) -> str:
    node = f"{relation_of(relation).node_type.lower()}:{normalise(relation, words).key}"
    return merged.get(node, node)
