"""The build on screen: reading pane, growing graph, ledger and feed, in one component that is updated in place.

The component (assets/build_view) draws what it is sent; all figures and words are made here.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

import streamlit as st

from core.domain import Standing
from core.graph.growing import LiveFact
from core.graph.live import BuildView, Mark
from core.graph.replay import Replay
from core.jobs import Jobs
from core.ontology import Family, family
from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui.charts import FAMILY_COLORS
from core.ui.facts import field_label
from core.ui.text import (
    duration,
    family_label,
    number,
    percent,
    relation_label,
    standing_label,
    t,
    type_label,
)

CHUNK = 5_000
LEDGER_COLORS: Mapping[Standing, str] = {
    Standing.COMMITTED: "#1f9a8a",
    Standing.MERGED: "#2f7fd0",
    Standing.QUARANTINED: "#a8862a",
    Standing.REJECTED: "#d0485a",
}


def draw(view: BuildView, key: str) -> None:
    """Draw a moment of a build; calls with the same ``key`` update the same picture."""
    _component()(data=payload(view), key=key, height="content")


def followed(workspace: Workspace, job_id: str) -> Replay:
    """The replay of a job with all events stored so far; shared by all visits, so opening a page is cheap."""
    replay, lock = _replay(str(workspace.folder), job_id)
    with lock:
        while events := Jobs(workspace).events(job_id, since=replay.head.seq, limit=CHUNK):
            replay.extend(events)
            if len(events) < CHUNK:
                break
    return replay


def payload(view: BuildView) -> dict[str, Any]:
    """What the component draws, in the visitor's language."""
    return {
        "colors": {entry.value: FAMILY_COLORS[entry] for entry in Family},
        "labels": {name: t(f"build.view_{name}") for name in _LABELS},
        "reading": _reading(view),
        "tokens": view.tokens,
        "graph": _graph(view),
        "figures": _figures(view),
        "ledger_title": t("build.ledger_sum", n=number(view.ledger.extracted)),
        "addends": [_addend(view, standing) for standing in Standing],
        "notice": _notice(view),
        "feed": [_told(fact) for fact in view.recent()],
    }


_LABELS = ("reading", "tokens", "graph", "ledger", "feed", "reading_empty", "feed_empty")


def _notice(view: BuildView) -> str:
    """Why the language model has stopped before it had read all it was to read."""
    if not view.stopped:
        return ""
    why = t(f"build.stopped_{view.stopped['reason']}")
    return t("build.stopped", why=why, read=number(view.stopped["read"]), of=number(view.stopped["of"]))


def _reading(view: BuildView) -> dict[str, Any]:
    spans: dict[str, dict[str, dict[str, Any]]] = {}
    for mark in view.reading.marks:
        _light(spans, mark, relation_label(mark.relation), stands=True)
    for fact in view.reading.lit:
        label = f"{relation_label(fact.relation)} · {standing_label(Standing(fact.standing))}"
        _light(spans, fact, label, stands=fact.stands)
    pages = [
        {
            "field": field_label(page.field),
            "lead": page.field == "title",
            "text": page.text,
            "spans": list(spans.get(page.id, {}).values()),
        }
        for page in view.reading.documents
    ]
    step = t(f"build.step_{view.reading.step}") if view.reading.step else ""
    return {"product": view.reading.product, "step": step, "pages": pages}


def _light(
    spans: dict[str, dict[str, dict[str, Any]]], words: Mark | LiveFact, label: str, *, stands: bool
) -> None:
    # The key is that of the words, so that a mark that becomes a fact is not lit twice.
    key = f"{words.document}:{words.start}:{words.end}:{words.relation}"
    colour = family(words.relation).value
    spans.setdefault(words.document, {})[key] = {
        "id": key,
        "start": words.start,
        "end": words.end,
        "family": colour,
        "label": label,
        "stands": stands,
    }


def _graph(view: BuildView) -> dict[str, Any]:
    picture = view.picture()
    families = {edge[3] for edge in picture.edges}
    # The place is part of the key: a node that left and came back elsewhere fades out and in, and never slides.
    keys = {node.id: f"{node.id}@{x},{y}" for node, (x, y) in picture.nodes}
    return {
        "nodes": [
            {
                "id": keys[node.id],
                "label": node.label,
                "type": type_label(node.type),
                "family": node.family,
                "product": node.id.startswith("product:"),
                "x": x,
                "y": y,
                "fresh": node.id in picture.fresh,
            }
            for node, (x, y) in picture.nodes
        ],
        "edges": [
            {
                "id": f"{key}|{keys[subject]}|{keys[target]}",
                "from": keys[subject],
                "to": keys[target],
                "family": colour,
                "fresh": key in picture.fresh,
            }
            for key, subject, target, colour in picture.edges
        ],
        "legend": [[entry.value, family_label(entry)] for entry in Family if entry.value in families],
        "size": t("build.graph_size", n=number(len(picture.nodes))) if picture.nodes else "",
        "title": t("build.graph_alt", nodes=number(len(picture.nodes)), edges=number(len(picture.edges))),
    }


def _figures(view: BuildView) -> list[dict[str, str]]:
    speed, total = view.speed, view.plan.get("products")
    budget = view.plan.get("llm_products")
    figures = [
        (
            "products",
            number(view.products),
            t("build.of", n=number(total)) if total is not None else "",
        ),
        ("facts", number(view.ledger.extracted), ""),
        ("left", duration(speed.seconds_left), ""),
        ("products_s", number(speed.products_per_second), t("build.per_second")),
        ("tokens_s", number(speed.tokens_per_second), t("build.per_second")),
        ("llm", number(view.llm_products), t("build.of", n=number(budget)) if budget is not None else ""),
        ("spent", number(speed.tokens), _of_limit(view.plan.get("llm_tokens"))),
    ]
    if speed.money is not None:
        figures.append(("money", number(speed.money, 2), _of_limit(view.plan.get("llm_money"))))
    return [
        {"label": t(f"build.figure_{name}"), "value": value, "unit": unit} for name, value, unit in figures
    ]


def _of_limit(limit: float | None) -> str:
    return t("build.of", n=number(limit)) if limit else ""


def _addend(view: BuildView, standing: Standing) -> dict[str, Any]:
    count: int = getattr(view.ledger, standing.value)
    return {
        "label": standing_label(standing),
        "count": count,
        "value": number(count),
        "color": LEDGER_COLORS[standing],
    }


def _told(fact: LiveFact) -> dict[str, Any]:
    note = [f"“{fact.quote}”", t(f"build.step_{fact.step}")]
    note.append(percent(fact.confidence) if fact.stands else standing_label(Standing(fact.standing)))
    return {
        "id": fact.id,
        "who": fact.subject_label,
        "relation": relation_label(fact.relation),
        "value": fact.object_label,
        "family": family(fact.relation).value,
        "stands": fact.stands,
        "note": " · ".join(note),
    }


@cache
def _component() -> Any:
    folder = ASSETS / "build_view"
    html, css, js = ((folder / f"view.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("shelfgraph_build", html=html, css=css, js=js)


@st.cache_resource(max_entries=8, show_spinner=False)
def _replay(folder: str, job_id: str) -> tuple[Replay, threading.Lock]:
    return Replay(), threading.Lock()
