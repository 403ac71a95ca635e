"""An answer of a task model with its explanation, as plain data: what the command line prints and a page can export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.explain.faithful import faithfulness
from core.explain.history import history_shares
from core.explain.paths import fact_effects
from core.explain.reference import Reference
from core.explain.shapley import attribute
from core.explain.surrogate import agreement, lime_groups
from core.explain.words import WordShares, lime_words, shap_words
from core.recommend.tasks.predictor import Asked

MOST_WORDS = 20


def task_explanation(
    asked: Asked, history: Sequence[str], product_id: str, *, background: str = "average", seed: int = 0
) -> dict[str, Any]:
    """Why this answer: exact Shapley shares of the groups beside LIME, words, facts, past products, faithfulness."""
    exact = attribute(asked, history, product_id, Reference(background))
    lime = lime_groups(exact.names, exact.scored, seed=seed)
    other = lime_groups(exact.names, exact.scored, seed=seed + 1)
    card = faithfulness(exact, others=[lime.values, other.values])
    made: dict[str, Any] = {
        "product": product_id,
        "output": asked.model.outputs[asked.output],
        "answer": exact.score,
        "base": exact.base,
        "groups": [
            {"name": name, "shap": float(share), "lime": float(weight)}
            for name, share, weight in zip(exact.names, exact.values, lime.values, strict=True)
        ],
        "agreement": agreement(exact.values, lime.values),
        "facts": [
            {"id": f.fact.id, "relation": f.fact.relation, "object": f.fact.object, "effect": f.effect}
            for f in fact_effects(asked, history, product_id)
        ],
        "history": [
            {"product": share.product_id, "older": list(share.older), "share": share.share}
            for share in (history_shares(asked, history, product_id) if asked.model.kind != "class" else ())
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
    text = asked.text(product_id)
    if text and asked.reads_text:

        def by_text(texts: Sequence[str]) -> Any:
            return asked.score_texts(history, product_id, texts)

        made["words"] = {
            "shap": _words(shap_words(by_text, text, seed=seed)),
            "lime": _words(lime_words(by_text, text, seed=seed)),
        }
    return made


def _words(shares: WordShares) -> list[dict[str, Any]]:
    ranked = sorted(zip(shares.segments, shares.values, strict=True), key=lambda pair: -abs(pair[1]))
    return [
        {"word": shares.text[s.start : s.end], "start": s.start, "end": s.end, "share": float(value)}
        for s, value in ranked[:MOST_WORDS]
    ]
