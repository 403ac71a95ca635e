"""All of one explanation as plain data: what the command line prints and a page can export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.domain import Fact
from core.explain.counterfactual import without_facts, without_history
from core.explain.faithful import faithfulness
from core.explain.history import history_shares
from core.explain.model import Explainable
from core.explain.paths import fact_effects, paths
from core.explain.shapley import attribute, contrast
from core.explain.surrogate import agreement, lime_groups
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
) -> dict[str, Any]:
    """Why ``product_id`` for a shopper of this history; with ``against``, also why it stands above that one."""
    exact = attribute(model, history, product_id)
    lime = lime_groups(model, history, product_id, seed=seed)
    effects = fact_effects(model, history, product_id)
    card = faithfulness(exact, others=[lime_groups(model, history, product_id, seed=seed + 1).values])
    result: dict[str, Any] = {
        "product": product_id,
        "score": exact.score,
        "base": exact.base,
        "groups": [
            {"name": name, "shap": float(share), "lime": float(weight)}
            for name, share, weight in zip(exact.names, exact.values, lime.values, strict=True)
        ],
        "agreement": agreement(exact.values, lime.values),
        "history": [
            {"product": share.product_id, "older": list(share.older), "share": share.share}
            for share in history_shares(model, history, product_id)
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
            for path in paths(facts_of, history, product_id, effects)
        ],
        "counterfactuals": [
            {
                "kind": found.kind,
                "removed": list(found.removed),
                "rank_before": found.rank_before,
                "rank_after": found.rank_after,
                "tried": found.tried,
            }
            for found in (
                without_history(model, history, product_id, k),
                without_facts(model, history, product_id, k),
            )
        ],
        "faithfulness": {
            "additivity_error": card.additivity_error,
            "deletion": card.deletion,
            "random_deletion": card.random_deletion,
            "insertion": card.insertion,
            "random_insertion": card.random_insertion,
            "reliable": card.reliable,
        },
    }
    if text:

        def by_text(texts: Sequence[str]) -> Any:
            return model.score_texts(history, product_id, texts)

        result["words"] = {
            "shap": _words(shap_words(by_text, text, seed=seed)),
            "lime": _words(lime_words(by_text, text, seed=seed)),
        }
    if against:
        gap = contrast(exact, attribute(model, history, against))
        result["against"] = {
            "product": against,
            "gap": gap.gap,
            "base": gap.base,
            "groups": [
                {"name": name, "difference": float(value)}
                for name, value in zip(gap.names, gap.values, strict=True)
            ],
        }
    return result


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
