"""The plan of the resolver: its settings, what a workspace has to compare, and which merges follow from what was found.

All of it is pure: the stage reads, writes and reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.catalogue.digest import hash_of_product
from core.domain import Node, Product
from core.graph.matches import Candidate, Merge, Status
from core.graph.model import Graph, product_id, product_node
from core.graph.resolve.clusters import Link, clusters
from core.graph.resolve.constraints import Rules
from core.graph.resolve.records import Record
from core.graph.resolve.shelf import Found
from core.graph.resolve.tables import record_of
from core.graph.resolve.values import SURE, Alike
from core.stages.params import parsed

What = Literal["products", "values"]


class ResolveParams(BaseModel):
    """``sure``: from here on pairs are merged without asking, where they share a trade item number, a model code or the
    whole title, or always unless ``anchored``; ``doubtful``: from here on they are to review. ``within``: look
    for twins in one source too; where it is not said, that is done if there is only one. ``color``: different
    colours are different products. ``model``: the language model asked about pairs to review, "" for none, and
    ``model_pairs`` how many of them. ``vectors``: compare the meaning of titles too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    what: tuple[What, ...] = ("products", "values")
    sure: float = Field(default=0.95, ge=0.5, le=1.0)
    doubtful: float = Field(default=0.35, ge=0.05, le=1.0)
    anchored: bool = True
    within: bool | None = None
    color: bool = False
    vectors: bool = False
    model: str = ""
    model_pairs: int = Field(default=0, ge=0, le=2_000)
    afresh: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> ResolveParams:
        if self.doubtful > self.sure:
            raise ValueError("pairs to review cannot be surer than those that are merged")
        if not self.what:
            raise ValueError("there is nothing to compare")
        return self

    @property
    def rules(self) -> Rules:
        """What may never be merged."""
        return Rules(color=self.color)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: candidates as they are to be kept, those to forget, and merges."""

    candidates: tuple[Candidate, ...]
    gone: tuple[tuple[str, str], ...]
    merges: tuple[Merge, ...]


def parse(values: Mapping[str, Any]) -> ResolveParams:
    """The settings; raises ConfigError naming the one that is out of range."""
    return parsed(ResolveParams, values, "The comparison", "resolve")


def records_of(products: Iterable[Product]) -> list[Record]:
    """Products as records: what their attributes say of model and trade item number is found there."""
    made = []
    for product in products:
        row = {**product.attributes, "title": product.title, "description": product.description}
        record = record_of({**row, "brand": product.brand or ""}, product_node(product.id), product.source_id)
        made.append(replace(record, price=product.price or None))
    return made


def digests(products: Iterable[Product]) -> dict[str, str]:
    """What stands for the content of each product, by node."""
    return {product_node(product.id): hash_of_product(product) for product in products}


def value_digests(nodes: Iterable[Node]) -> dict[str, str]:
    """The same for values: they are what they are called."""
    return {node.id: node.label for node in nodes if node.type != "Product"}


def fresh_of(now: Mapping[str, str], known: Mapping[str, str]) -> set[str]:
    """What is new or has changed."""
    return {node for node, digest in now.items() if known.get(node) != digest}


def candidates_of(found: Iterable[Found | Alike], matcher: str) -> list[Candidate]:
    """What was found, to be kept; pairs that a rule forbids are none."""
    made = []
    for pair in found:
        if isinstance(pair, Alike):
            made.append(
                Candidate(pair.one, pair.other, pair.kind, pair.likeness, pair.evidence(), "spelling-2")
            )
        elif pair.conflict is None:
            one, other = sorted((pair.one, pair.other))
            made.append(Candidate(one, other, "Product", pair.probability, pair.evidence(), matcher))
    return made


def settle(
    known: Sequence[Candidate],
    fresh: Sequence[Candidate],
    graph: Graph,
    changed: AbstractSet[str],
    sources: Mapping[str, str],
    order: Mapping[str, float],
    params: ResolveParams,
) -> Outcome:
    """What follows from the candidates there were and those just found.

    ``changed`` are the nodes that were compared anew: what was open about them and not found again is forgotten.
    ``sources`` are by product node, ``order`` says how old each is: the oldest product gives its name to the
    others, so that taking a later source away changes nothing. A pair that a person keeps apart is never merged,
    and what is merged is never taken apart.
    """
    decided = {c.key: c for c in known if c.status is not Status.OPEN}
    found = {c.key: c for c in fresh}
    gone = tuple(
        c.key
        for c in known
        if c.status is Status.OPEN and c.key not in found and not changed.isdisjoint(c.key)
    )
    forgotten = set(gone)
    still = {c.key: c for c in known if c.status is Status.OPEN and c.key not in forgotten}
    every = {**still, **found}
    links = [
        Link(*key, c.probability if _sure(c, params) else min(c.probability, params.sure * 0.999))
        for key, c in every.items()
    ]
    links += [Link(*key, c.probability, c.status is Status.APART) for key, c in decided.items()]
    groups = clusters(links, params.sure, params.doubtful, None if params.within else sources, _groups(graph))
    of = {node: number for number, group in enumerate(groups) for node in group}
    merges = [merge for group in groups if (merge := _merge(group, graph, every, order))]
    kept = []
    for key, candidate in every.items():
        if key in decided:
            continue
        one, other = (of.get(node, node) for node in key)
        if one == other:
            kept.append(replace(candidate, status=Status.MERGED))
        elif candidate.probability >= params.doubtful and _possible(
            key, groups, of, sources, params, decided
        ):
            kept.append(candidate)
        elif key in still:
            gone += (key,)
    return Outcome(tuple(kept), gone, tuple(merges))


def agreeing(
    waiting: Sequence[Candidate],
    apart: Sequence[Candidate],
    graph: Graph,
    sources: Mapping[str, str],
    least: float,
) -> list[Candidate]:
    """Those of the open candidates from a probability on that can all be merged together: every pair of a group was
    compared, nothing that is kept apart comes together, and no source has two products in a group, unless twins
    within a source were looked for."""
    links = [Link(*c.key, c.probability) for c in waiting] + [
        Link(*c.key, c.probability, apart=True) for c in apart
    ]
    floor = min((c.probability for c in waiting), default=least)
    within = any(sources.get(c.one, c.one) == sources.get(c.other, c.other) for c in waiting)
    groups = clusters(links, least, floor, None if within else sources, _groups(graph))
    of = {node: number for number, group in enumerate(groups) for node in group}
    return [c for c in waiting if c.probability >= least and c.one in of and of[c.one] == of.get(c.other)]


def _sure(candidate: Candidate, params: ResolveParams) -> bool:
    evidence = candidate.evidence
    if evidence.get("how") != "matcher":
        return evidence.get("how") in SURE
    return not params.anchored or bool(evidence.get("anchor"))


def _groups(graph: Graph) -> list[tuple[str, ...]]:
    """What is merged already."""
    found: dict[str, list[str]] = {}
    for node, root in graph.merged.items():
        found.setdefault(root, [root]).append(node)
    return [tuple(sorted(members)) for _, members in sorted(found.items())]


def _merge(
    group: Sequence[str],
    graph: Graph,
    candidates: Mapping[tuple[str, str], Candidate],
    order: Mapping[str, float],
) -> Merge | None:
    roots = sorted({graph.resolve(node) for node in group}, key=lambda node: (order.get(node, 0.0), node))
    if len(roots) < 2:
        return None
    evidence = {}
    for root in roots[1:]:
        inside = {node for node in group if graph.resolve(node) == root}
        across = [
            c
            for key, c in candidates.items()
            if len(inside.intersection(key)) == 1 and set(key) <= set(group)
        ]
        best = max(across, key=lambda c: (c.probability, c.key))
        evidence[root] = {
            **best.evidence, "pair": list(best.key), "probability": round(best.probability, 4), "matcher": best.matcher
        }  # fmt: skip
    return Merge(roots[0], evidence)


def _possible(
    key: tuple[str, str],
    groups: Sequence[Sequence[str]],
    of: Mapping[str, int],
    sources: Mapping[str, str],
    params: ResolveParams,
    decided: Mapping[tuple[str, str], Candidate],
) -> bool:
    """Whether a person could still say that the two are one: nobody in their groups is kept apart from the other, and
    no source would have two in one group."""
    one, other = (groups[of[node]] if node in of else (node,) for node in key)
    for a in one:
        for b in other:
            made = decided.get((min(a, b), max(a, b)))
            if made is not None and made.status is Status.APART:
                return False
            if not params.within and product_id(a) and sources.get(a, a) == sources.get(b, b):
                return False
    return True
