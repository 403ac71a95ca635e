"""The stage "compress": what each strength of compression saves and costs; and the views that were chosen from it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.catalogue.store import Catalogue
from core.domain import Product
from core.errors import DataError, GraphError
from core.graph.compress import STRENGTHS, Compressed, Plan, Size, compress, expand, net_of, plan_of, size_of
from core.graph.export import node_link
from core.graph.model import Graph
from core.graph.store import GraphStore
from core.jobs import Context
from core.recommend.compressed import Price, Quality, prices
from core.recommend.data import Split, temporal_split
from core.recommend.significance import Interval
from core.recommend.source import interactions
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

FOLDER, FILE = "compressions", "curve.json"
_NAME = re.compile(r"[\w][\w \-]{0,39}")


@dataclass(frozen=True, slots=True)
class Point:
    """A strength on the curve: its plan, what is left, what each operator took and put (facts), and the price."""

    plan: Plan
    size: Size
    steps: tuple[tuple[str, int, int], ...]
    price: Price


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one graph, by strength; the first is the whole graph."""

    graph_hash: str
    created_at: float
    seconds: float
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """A compressed view under a name: the graph it was chosen for and its plan, from which it is made again."""

    name: str
    plan: Plan
    graph_hash: str
    created_at: float


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Price every strength, and the plan of ``params`` where it has one, and keep the curve.

    Raises ConfigError for a plan out of range and GraphError for an empty graph.
    """
    workspace, began = context.workspace, time.time()
    plans = list(STRENGTHS)
    if params.get("plan"):
        plans.append(plan_of(dict(params["plan"])))
    graph = GraphStore(workspace).graph()
    if not graph.facts:
        raise GraphError(
            "The graph has no facts to compress.", where=workspace.info.name, remedy="Build the graph first."
        )
    made: list[Compressed] = []
    for place, plan in enumerate(plans):
        context.check()
        context.progress(place, len(plans) + 1, "compress")
        made.append(compress(net_of(graph), plan))
    context.progress(len(plans), len(plans) + 1, "price")
    products = list(Catalogue(workspace).products())
    cost = prices(
        [one.net for one in made],
        [p.id for p in products],
        [p.title for p in products],
        _split(workspace, products),
    )
    points = tuple(_point(one, price) for one, price in zip(made, cost, strict=True))
    curve = Curve(graph.hash, began, time.time() - began, points)
    write_json(workspace.sub(FOLDER) / FILE, _plain(curve))
    return {"strengths": len(points), "seconds": curve.seconds, "graph_hash": graph.hash}


def curve(workspace: Workspace) -> Curve | None:
    """The curve of the last run; None where there was none."""
    try:
        raw = json.loads((workspace.folder / FOLDER / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return Curve(
        raw["graph_hash"], raw["created_at"], raw["seconds"], tuple(_point_of(row) for row in raw["points"])
    )


@lru_cache(maxsize=4)
def view(graph: Graph, plan: Plan) -> Compressed:
    """The compressed view of a version of the graph; a function of the two."""
    return compress(net_of(graph), plan)


@lru_cache(maxsize=4)
def comes_back(graph: Graph, plan: Plan) -> bool:
    """Whether the compressed view expands to the whole graph again, node by node and fact by fact."""
    return expand(view(graph, plan)) == net_of(graph)


def save(workspace: Workspace, name: str, plan: Plan) -> Saved:
    """Keep a plan under a name, with the graph it was chosen for. Raises DataError for a name that is none."""
    clean = " ".join(name.split())
    if not _NAME.fullmatch(clean):
        raise DataError(
            "That is no name for a compressed graph.",
            where=name[:80],
            remedy="Use letters, digits, spaces and hyphens, at most 40.",
        )
    saved = Saved(clean, plan, GraphStore(workspace).graph().hash, time.time())
    write_json(_file(workspace, clean), {**asdict(saved), "plan": plan.model_dump(mode="json")})
    return saved


def saved_views(workspace: Workspace) -> list[Saved]:
    """All that were kept, by name."""
    found = []
    for file in sorted((workspace.folder / FOLDER).glob("view-*.json")):
        raw = json.loads(file.read_text("utf-8"))
        found.append(Saved(**{**raw, "plan": plan_of(raw["plan"])}))
    return found


def forget(workspace: Workspace, name: str) -> None:
    """Let a name go; the graph is as it was."""
    _file(workspace, name).unlink(missing_ok=True)


def exported(graph: Graph, plan: Plan) -> bytes:
    """The compressed graph as node-link JSON, which networkx and D3 read."""
    return node_link(view(graph, plan).net.view()).encode()


def plain_points(points: Iterable[Point]) -> list[dict[str, Any]]:
    """Points as JSON can hold them."""
    return [
        {
            "plan": point.plan.model_dump(mode="json"),
            "size": asdict(point.size),
            "steps": [list(step) for step in point.steps],
            "price": asdict(point.price),
        }
        for point in points
    ]


def _point(made: Compressed, price: Price) -> Point:
    steps = tuple((step.operator, len(step.taken.facts), len(step.put.facts)) for step in made.steps)
    return Point(made.plan, size_of(made.net), steps, price)


def _split(workspace: Workspace, products: list[Product]) -> Split | None:
    """The temporal split of the workspace's events; None where they are too few for one."""
    try:
        return temporal_split(interactions(workspace, products))
    except DataError:
        return None


def _plain(made: Curve) -> dict[str, Any]:
    return {
        "graph_hash": made.graph_hash,
        "created_at": made.created_at,
        "seconds": made.seconds,
        "points": plain_points(made.points),
    }


def _point_of(raw: Mapping[str, Any]) -> Point:
    price = raw["price"]
    ndcg = _quality(price["ndcg"]) if price["ndcg"] else None
    steps = tuple((str(name), int(taken), int(put)) for name, taken, put in raw["steps"])
    return Point(plan_of(raw["plan"]), Size(**raw["size"]), steps, Price(ndcg, _quality(price["search"])))


def _quality(raw: Mapping[str, Any]) -> Quality:
    return Quality(Interval(**raw["value"]), Interval(**raw["change"]), raw["n"])


def _file(workspace: Workspace, name: str) -> Path:
    return workspace.sub(FOLDER) / f"view-{name.replace(' ', '_')}.json"
