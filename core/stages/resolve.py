"""The stage "resolve": which products and values of a workspace are one thing.

Sure pairs are merged in the log with their evidence, doubtful ones wait for a person. What was compared is
remembered by its content, so that after new data only pairs with something new in them are compared; a pair that
a person decided is never touched again. The result counts what was compared, merged and left open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from core.catalogue.store import Catalogue
from core.domain import Product, content_hash
from core.graph.matches import Candidate, Matches, Status
from core.graph.model import product_node
from core.graph.resolve.ask import ask
from core.graph.resolve.compare import Encodes
from core.graph.resolve.matcher import load
from core.graph.resolve.shelf import compare_shelf
from core.graph.resolve.values import alike
from core.graph.store import GraphStore
from core.jobs import Context
from core.stages.resolve_plan import (
    ResolveParams,
    candidates_of,
    digests,
    fresh_of,
    parse,
    records_of,
    settle,
    value_digests,
)
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

FOLDER = "resolve"


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Compare, merge, and keep what is to review. Params are those of ResolveParams.

    Raises ConfigError for settings out of range, ModelUnavailable where a model that was asked for is not there.
    """
    chosen, begun = parse(params), monotonic()
    context.progress(0, 0, "documents")
    catalogue, matches = Catalogue(context.workspace), Matches(context.workspace)
    products = list(catalogue.products())
    store = GraphStore(context.workspace)
    followed = matches.follow(store.graph(), (product_node(product.id) for product in products))
    graph, matcher = store.graph(), load()
    if chosen.within is None:
        alone = len({product.source_id for product in products}) < 2
        chosen = chosen.model_copy(update={"within": alone})
    memory = _Memory(context.workspace, chosen, matcher.version)
    now: dict[str, str] = {}
    found: list[Candidate] = []
    if "products" in chosen.what:
        now |= digests(products)
        context.progress(0, 0, "comparing")
        pairs = compare_shelf(
            records_of(products),
            matcher,
            within=bool(chosen.within),
            fresh=fresh_of(now, memory.known) | _returned(followed),
            rules=chosen.rules,
            encoder=_encoder(chosen),
            least=min(chosen.doubtful, 0.2),
            check=context.check,
        )
        found += candidates_of(pairs, matcher.version)
    if "values" in chosen.what:
        context.check()
        of_values = value_digests(graph.nodes.values())
        found += candidates_of(alike(graph.nodes.values(), fresh_of(of_values, memory.known)), "")
        now |= of_values
    fresh = fresh_of(now, memory.known)
    found, asked = _second_opinion(context, chosen, found, products)
    known = matches.read()
    sources = {product_node(product.id): product.source_id for product in products}
    outcome = settle(known, found, graph, fresh, sources, _ages(catalogue, products), chosen)
    with context.workspace.db.write() as writer:
        counts = matches.store(writer, outcome.candidates, outcome.gone, outcome.merges, context.job_id)
        context.save_checkpoint({"written": True}, writer)
    memory.save(now)
    return {
        **counts,
        "compared": len(fresh),
        "nodes": len(now),
        "found": len(found),
        "asked": asked,
        "waiting": len(matches.read(Status.OPEN)),
        "matcher": matcher.version,
        "graph": store.graph().hash,
        "seconds": monotonic() - begun,
    }


class _Memory:
    """What was compared before, and under which settings; where those differ everything is compared again."""

    def __init__(self, workspace: Workspace, params: ResolveParams, matcher: str) -> None:
        settings = params.model_dump_json(
            exclude={"afresh", "model", "model_pairs", "sure", "anchored", "what"}
        )
        self._path = workspace.sub(FOLDER) / f"{content_hash(settings, matcher)[:16]}.json"
        self.known: dict[str, str] = {} if params.afresh else _read(self._path)

    def save(self, now: Mapping[str, str]) -> None:
        """Remember all of it, in one step."""
        write_json(self._path, {**self.known, **now})


def _read(path: Path) -> dict[str, str]:
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(node): str(digest) for node, digest in raw.items()} if isinstance(raw, dict) else {}


def _returned(followed: Sequence[Candidate]) -> set[str]:
    """Products whose merge went with a partner that left: they may have another."""
    return {node for candidate in followed for node in candidate.key}


def _encoder(params: ResolveParams) -> Encodes | None:
    if not params.vectors:
        return None
    from core.llm.sentences import SentenceEncoder

    return SentenceEncoder()


def _ages(catalogue: Catalogue, products: Sequence[Product]) -> dict[str, float]:
    imported = {source.id: source.imported_at for source in catalogue.sources()}
    return {product_node(product.id): imported.get(product.source_id, 0.0) for product in products}


def _second_opinion(
    context: Context, params: ResolveParams, found: list[Candidate], products: Sequence[Product]
) -> tuple[list[Candidate], int]:
    """What a language model says of the doubtful pairs of products, the most doubtful first; it stands in the
    evidence and merges nothing."""
    if not params.model or not params.model_pairs:
        return found, 0
    from core.llm import registry

    titles = {product_node(product.id): product.title for product in products}
    doubtful = [c for c in found if c.kind == "Product" and params.doubtful <= c.probability < params.sure]
    chosen = sorted(doubtful, key=lambda c: (abs(c.probability - 0.5), c.key))[: params.model_pairs]
    model = registry.load(params.model)
    context.progress(0, len(chosen), "asking")
    said = ask(
        model,
        [(titles[c.one], titles[c.other]) for c in chosen],
        lambda done: _told(context, done, len(chosen)),
    )
    opinions = {c.key: answer for c, answer in zip(chosen, said, strict=True) if answer is not None}
    with_it = [
        replace(c, evidence={**c.evidence, "model": model.id, "model_says": opinions[c.key]})
        if c.key in opinions
        else c
        for c in found
    ]
    return with_it, len(chosen)


def _told(context: Context, done: int, of: int) -> None:
    context.check()
    context.progress(done, of, "asking")
