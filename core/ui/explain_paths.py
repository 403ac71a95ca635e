"""The paths of an explanation as a picture: past products, what they share with this one, and this one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.explain.paths import GraphPath, paths
from core.graph.layout import Point
from core.ontology import family
from core.storage.workspaces import Workspace
from core.ui import explain_view as view
from core.ui.charts import BASELINE, FAMILY_COLORS
from core.ui.explaining import Question
from core.ui.facts import evidence
from core.ui.graph_view import DrawnEdge, DrawnNode, draw
from core.ui.serving import Serving
from core.ui.session import cached_graph
from core.ui.text import relation_label, t

ROW, COLUMN = 64.0, 210.0
"""Pixels between nodes of a column, and between the columns."""
FAINTEST = 0.25
_PICKED = "explain_path_picked"


def draw_paths(workspace: Workspace, served: Serving, question: Question) -> None:
    """Paths from the history over shared facts to the product; a line that is clicked opens its evidence."""
    st.subheader(t("explain.paths_title"), help=t("explain.paths_help"))
    graph = cached_graph(workspace)
    facts = {p: served.recommender.facts_of(p) for p in {*question.history, question.product_id}}
    found = paths(served.recommender, facts, question.history, question.product_id, question.facts())
    if not found:
        st.caption(t("explain.paths_none"))
        return
    nodes, edges, places = picture(found, served.title, graph.label)
    chosen = str(st.session_state.get(_PICKED, ""))
    draw(
        nodes,
        edges,
        places,
        key="explain-paths",
        selected=chosen,
        height=int(max(260, min(560, ROW * max(_heights(places))))),
        on_pick=lambda what: st.session_state.__setitem__(_PICKED, what.removeprefix("fact:")),
    )
    if chosen in {edge.id for edge in edges}:
        evidence(workspace, chosen)
    else:
        st.caption(t("explain.paths_hint"))


def picture(
    found: Sequence[GraphPath], title: Callable[[str], str], label: Callable[[str], str]
) -> tuple[list[DrawnNode], list[DrawnEdge], dict[str, Point]]:
    """(nodes, edges, places) of the paths: past products left, shared nodes between, the product right. An edge is a
    fact of the graph and stands out by its effect."""
    ends = {path.to_product: None for path in found}
    pasts = {path.from_product: None for path in found}
    shared = {path.via: path.facts[-1].relation for path in found if path.via}
    links = [end for path in found for end in (path.from_product, path.via, path.to_product)]
    nodes = [DrawnNode(one, title(one), "", None, links.count(one)) for one in (*pasts, *ends)]
    nodes += [
        DrawnNode(
            via, label(via), relation_label(relation), FAMILY_COLORS[family(relation)], links.count(via)
        )
        for via, relation in shared.items()
    ]
    columns = ((-COLUMN, list(pasts)), (0.0, list(shared)), (COLUMN, list(ends)))
    places = {
        name: (x, (row - (len(names) - 1) / 2) * ROW)
        for x, names in columns
        for row, name in enumerate(names)
    }
    return nodes, _edges(found, title, label), places


def _edges(
    found: Sequence[GraphPath], title: Callable[[str], str], label: Callable[[str], str]
) -> list[DrawnEdge]:
    most = max(abs(path.effect) for path in found) or 1.0
    told = view.figures([path.effect for path in found])
    edges: dict[str, DrawnEdge] = {}
    for path, effect in zip(found, told, strict=True):
        target = path.via or path.to_product
        sources = (path.from_product, path.to_product) if path.via else (path.from_product,)
        for fact, source in zip(path.facts, sources, strict=True):
            name = label(path.via) if path.via else title(path.to_product)
            edges.setdefault(
                fact.id,
                DrawnEdge(
                    fact.id,
                    source,
                    target,
                    FAMILY_COLORS[family(fact.relation)] if path.via else BASELINE,
                    max(FAINTEST, abs(path.effect) / most),
                    f"{relation_label(fact.relation)}: {name}",
                    effect,
                ),
            )
    return list(edges.values())


def _heights(places: dict[str, Point]) -> list[int]:
    across = [x for x, _ in places.values()]
    return [across.count(x) for x in set(across)]
