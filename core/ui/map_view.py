"""The map on screen: a component that draws every node, and two that bring it what stays the same.

Places come as bytes and names as JSON, each in a message of its own that the browser is sent once; what changes with
each click is a third, small message.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st

from core.graph.atlas.drawing import ALL_LINKS, drawing, name
from core.graph.atlas.survey import Survey
from core.graph.model import Graph
from core.graph.structure.network import Ints
from core.settings import ASSETS
from core.ui import theme
from core.ui.map_names import (
    community_lines,
    community_name,
    community_note,
    palette,
    part_name,
    step_lines,
    tones,
)
from core.ui.map_state import MapState
from core.ui.text import language, t, type_label

ALL_LABELS = 6_000
"""A map with no more nodes is sent with all their names; of a larger one the most linked and those of the community
that is opened."""
LINKS_OF_ONE = 30_000
HIGHLIGHTED = 2_000

_folder = ASSETS / "map_view"


def _text(file: str) -> str:
    return (_folder / file).read_text("utf-8")


_part = st.components.v2.component("shelfgraph_map_part", js=_text("part.js"))
_canvas = st.components.v2.component(
    "shelfgraph_map", html=_text("map.html"), css=_text("map.css"), js=_text("paint.js") + _text("map.js")
)


def map_view(
    survey: Survey,
    graph: Graph,
    state: MapState,
    *,
    key: str,
    file: str,
    step: int,
    hits: Collection[str] = (),
    height: int = 640,
    on_open: Callable[[int], None],
    on_pick: Callable[[str], None],
    on_move: Callable[[int], None],
) -> None:
    """Draw a map. ``on_open`` is called with a community that was clicked (-1 for none), ``on_pick`` with a node's id,
    ``on_move`` with the step of the growth that was chosen; ``file`` names the picture when it is saved."""
    named = f"{name(survey)}-{language()}-{state.community if len(survey.atlas.ids) > ALL_LABELS else ''}"
    with st.container(key=f"{key}-parts"):
        st.html(f"<style>.st-key-{key}-parts{{display:none}}</style>")
        _part(key=f"{key}-places", data=_drawing(survey))
        _part(key=f"{key}-names", data={"key": named, **_names(survey, graph, state.community, language())})
    ids = survey.atlas.ids
    found = (survey.index.get(node, -1) for node in hits)
    _canvas(
        key=key,
        data={
            "map": name(survey),
            "names": named,
            "by": state.by,
            "palette": palette(survey, state.by, theme.dark()),
            "tones": list(tones(survey)),
            "accent": "#5aa7ec" if theme.dark() else "#1f6fbf",
            "opened": state.community,
            "selected": survey.index.get(state.selected, -1),
            "hits": [k for k in found if k >= 0][:HIGHLIGHTED],
            "step": step,
            "height": height,
            "memory": key,
            "file": file,
            "words": {
                word: t(f"map.{text}")
                for word, text in (
                    ("canvas", "canvas"),
                    ("hint", "canvas_hint"),
                    ("in", "zoom_in"),
                    ("out", "zoom_out"),
                    ("fit", "zoom_fit"),
                    ("save", "save_png"),
                    ("play", "play"),
                    ("stop", "stop"),
                    ("time", "time"),
                    ("facts", "n_facts"),
                )
            },
        },
        on_opened_change=_handler(key, "opened", on_open),
        on_picked_change=_handler(key, "picked", lambda k: on_pick(ids[k]) if 0 <= k < len(ids) else None),
        on_moved_change=_handler(key, "moved", on_move),
    )


@lru_cache(maxsize=4)
def _drawing(survey: Survey) -> bytes:
    return drawing(survey)


@lru_cache(maxsize=16)
def _names(survey: Survey, graph: Graph, opened: int, _language: str) -> dict[str, Any]:
    """Everything that has a name, in the language of the graph given."""
    count = len(survey.atlas.at)
    labelled = _labelled(survey, opened)
    links = (
        survey.links(opened, LINKS_OF_ONE)
        if 0 <= opened < count and len(survey.subject) > ALL_LINKS
        else np.zeros(0, dtype=np.int64)
    )
    return {
        "communities": [
            {
                "name": community_name(graph, survey, c),
                "lines": community_lines(graph, survey, c),
                "note": community_note(survey, c),
            }
            for c in range(count)
        ],
        "parts": [part_name(graph, survey, k) for k in range(len(survey.atlas.part_of))],
        "types": [type_label(node_type) for node_type in survey.marks.types],
        "steps": step_lines(survey),
        "labelled": labelled.tolist(),
        "labels": [graph.label(survey.atlas.ids[k]) for k in labelled],
        "from": survey.subject[links].tolist(),
        "to": survey.object[links].tolist(),
    }


def _labelled(survey: Survey, opened: int) -> Ints:
    size = len(survey.atlas.ids)
    if size <= ALL_LABELS:
        return np.arange(size)
    hubs = np.lexsort((np.arange(size), -survey.degree))[: ALL_LABELS // 4]
    if not 0 <= opened < len(survey.atlas.at):
        return hubs
    return np.unique(np.concatenate((hubs, survey.members(opened)[:ALL_LABELS])))


def _handler(key: str, event: str, call: Callable[[int], None]) -> Callable[[], None]:
    def handle() -> None:
        value = getattr(st.session_state.get(key), event, None)
        if isinstance(value, str) and value.lstrip("-").isdigit():
            call(int(value))

    return handle
