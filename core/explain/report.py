"""All of one explanation as plain data: what the command line prints and a page can export."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from core.catalogue.sample_truth import Spoken
from core.domain import Fact
from core.explain.contrast import Contrast, contrast, list_contrast
from core.explain.counterfactual import Search, smallest_changes
from core.explain.faithful import faithfulness
from core.explain.history import history_shares
from core.explain.interactions import together, top_pairs
from core.explain.model import Explainable
from core.explain.paths import fact_effects, paths
from core.explain.reference import Reference
from core.explain.sentences import LANGUAGES, READERS, Told, in_words
from core.explain.shapley import attribute
from core.explain.surrogate import agreement, lime_groups
from core.explain.truth import beside_truth
from core.explain.words import WordShares, lime_words, shap_words


def explanation(
    model: Explainable,
    history: Sequence[str],
    product_id: str,
    facts_of: Mapping[str, Sequence[Fact]],
    *,
    text: str = "",
    against: str = "",
    k: int = 10,
    seed: int = 0,
    reference: Reference | None = None,
    title: Callable[[str], str] = str,
    label: Callable[[str], str] = str,
    spoken: Sequence[Spoken] = (),
) -> dict[str, Any]:
    """Why ``product_id`` for a shopper of this history; with ``against``, also why it stands above that one.

    ``title`` and ``label`` name products and nodes of the graph; ``spoken`` is the truth, where it is known.
    """
    exact = attribute(model, history, product_id, reference)
    lime = lime_groups(exact.names, exact.scored, seed=seed)
    effects = fact_effects(model, history, product_id)
    card = faithfulness(exact, others=[lime_groups(exact.names, exact.scored, seed=seed + 1).values])
    shares = history_shares(model, history, product_id)
    changes = smallest_changes(model, history, product_id, k, text)
    pairs = top_pairs(exact)
    truth = beside_truth(exact.names, exact.values, spoken) if spoken else None
    agreed = agreement(exact.values, lime.values)
    parts = list_contrast(model, history, k, reference)
    named = {product_id, *(parts.first if parts else model.product_ids)}
    known = {fact.id: fact for product in named for fact in model.facts_of(product)}
    rank = Search(model, history, product_id, k).rank
    told = Told(
        product_id,
        exact,
        shares,
        recent_part(history),
        effects,
        changes,
        card,
        agreed,
        pairs,
        rank,
        len(model.product_ids),
        k,
        title,
        label,
        lambda fact: (known[fact].relation, known[fact].object),
    )
    result: dict[str, Any] = {
        "product": product_id,
        "rank": rank,
        "score": exact.score,
        "base": exact.base,
        "reference": (reference or Reference()).product,
        "groups": [
            {"name": name, "shap": float(share), "lime": float(weight)}
            for name, share, weight in zip(exact.names, exact.values, lime.values, strict=True)
        ],
        "agreement": agreed,
        "interactions": {
            "matrix": np.round(together(exact), 9).tolist(),
            "pairs": [asdict(pair) for pair in pairs],
        },
        "in_words": {
            language: {reader: in_words(told, reader, language) for reader in READERS}
            for language in LANGUAGES
        },
        "history": [
            {"product": share.product_id, "older": list(share.older), "share": share.share}
            for share in shares
        ],
        "facts": [
            {
                "id": found.fact.id,
                "relation": found.fact.relation,
                "object": found.fact.object,
                "effect": found.effect,
            }
            for found in effects
        ],
        "paths": [
            {
                "from": path.from_product,
                "relations": list(path.relations),
                "via": path.via,
                "effect": path.effect,
                "facts": [fact.id for fact in path.facts],
            }
            for path in paths(model, facts_of, history, product_id, effects)
        ],
        "counterfactuals": [{**asdict(one), "changed": list(one.changed)} for one in changes],
        "faithfulness": {
            "additivity_error": card.additivity_error,
            "deletion": card.deletion,
            "random_deletion": card.random_deletion,
            "insertion": card.insertion,
            "random_insertion": card.random_insertion,
            "reliable": card.reliable,
        },
    }
    if truth:
        result["truth"] = {**asdict(truth), "found": truth.found}
    if text:

        def by_text(texts: Sequence[str]) -> Any:
            return model.score_texts(history, product_id, texts)

        result["words"] = {
            "shap": _words(shap_words(by_text, text, seed=seed)),
            "lime": _words(lime_words(by_text, text, seed=seed)),
        }
    if against:
        gap = contrast(exact, attribute(model, history, against, reference))
        result["against"] = {"product": against, **_contrast(gap)}
    if parts:
        result["list"] = {
            "first": list(parts.first),
            "next": list(parts.next),
            **_contrast(parts.between),
            "facts": [asdict(fact) for fact in parts.facts],
        }
    return result


def recent_part(history: Sequence[str]) -> frozenset[str]:
    """The products of the recent part of a history, as the group of that name has them."""
    from core.recommend.coalitions import recent_length

    return frozenset(history[len(history) - recent_length(len(history)) :])


def _contrast(gap: Contrast) -> dict[str, Any]:
    return {
        "gap": gap.gap,
        "base": gap.base,
        "groups": [
            {"name": name, "difference": float(value)}
            for name, value in zip(gap.names, gap.values, strict=True)
        ],
    }


def _words(shares: WordShares, limit: int = 20) -> list[dict[str, Any]]:
    ranked = sorted(zip(shares.segments, shares.values, strict=True), key=lambda pair: -abs(pair[1]))
    return [
        {
            "word": shares.text[part.start : part.end],
            "start": part.start,
            "end": part.end,
            "share": float(value),
        }
        for part, value in ranked[:limit]
    ]
