"""What the things on a map are called, in the visitor's language, and the colours they wear."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from core.graph.atlas.survey import Survey
from core.graph.export import node_family
from core.graph.model import Graph
from core.graph.structure.network import Ints
from core.graph.structure.traits import Trait, telling
from core.storage import tables
from core.storage.workspaces import Workspace
from core.ui.charts import BASELINE, FAMILY_COLORS
from core.ui.text import listed, number, percent, relation_label, t, type_label

TONES = ("#2f7fd0", "#c8641e", "#1f9a8a", "#7b6bd6", "#b3559c", "#8a7420")
"""What communities are told apart by; neighbours on the map get different ones."""
SOURCE_TONES = (*TONES, BASELINE)
STEPS = 9


def community_name(graph: Graph, survey: Survey, community: int) -> str:
    """What a community is called: its most telling values, or that it gathers what is scattered."""
    if community == survey.atlas.scattered:
        return t("map.scattered")
    return " · ".join(community_lines(graph, survey, community))


def community_lines(graph: Graph, survey: Survey, community: int) -> list[str]:
    """The name of a community in one line a value, as it is written on the map."""
    if community == survey.atlas.scattered:
        return [t("map.scattered")]
    named = telling(survey.traits[community])
    return [graph.label(trait.node) for trait in named] or [t("map.unnamed", n=number(community + 1))]


def part_name(graph: Graph, survey: Survey, part: int) -> str:
    """What a part of a community is called: its first telling value that the community is not named by; "" for none."""
    community = int(survey.atlas.part_of[part])
    known = {trait.node for trait in telling(survey.traits[community])}
    named = [trait for trait in telling(survey.part_traits[part], 4) if trait.node not in known]
    return graph.label(named[0].node) if named else ""


def community_note(survey: Survey, community: int) -> str:
    """The size of a community in words."""
    inside = survey.atlas.of == community
    products = int((inside & product_mask(survey)).sum())
    return t("map.size", products=number(products), values=number(int(inside.sum()) - products))


def summary(graph: Graph, survey: Survey, community: int) -> str:
    """A community in a sentence or two, each claim one of its traits."""
    told = survey.traits[community][:4]
    size = community_note(survey, community)
    if community == survey.atlas.scattered:
        return t("map.summary_scattered", size=size)
    if not told:
        return t("map.summary_plain", size=size)
    claims = listed(claim(graph, trait) for trait in told[:3])
    return t("map.summary", size=size, claims=claims)


def claim(graph: Graph, trait: Trait) -> str:
    """A trait in words: how many products, which relation and value."""
    return t(
        "map.claim",
        share=percent(trait.share, 0),
        relation=relation_label(trait.relation),
        value=graph.label(trait.node),
    )


def trait_note(trait: Trait) -> str:
    """How telling a trait is, in figures."""
    return t(
        "map.trait_note",
        relation=relation_label(trait.relation),
        share=percent(trait.share, 0),
        lift=number(trait.lift, 0 if trait.lift >= 10 else 1),
    )


def step_lines(survey: Survey) -> list[str]:
    """Each step of the growth in words: how far the log was, and what the graph had."""
    marks = survey.marks
    return [
        t("map.step", seq=number(int(seq)), facts=number(int(facts)), when=_when(moment))
        for seq, facts, moment in zip(marks.until, marks.facts, survey.times, strict=True)
    ]


def step_at(survey: Survey, seq: int) -> int:
    """The step of the growth that ends at or before a position of the log; the last one for -1."""
    last = max(len(survey.marks.until) - 1, 0)
    if seq < 0:
        return last
    return int(np.clip(np.searchsorted(survey.marks.until, seq, side="right") - 1, 0, last))


@lru_cache(maxsize=8)
def product_mask(survey: Survey) -> NDArray[np.bool_]:
    """(N,) which nodes are products."""
    return np.array([node.startswith("product:") for node in survey.atlas.ids], dtype=bool)


@lru_cache(maxsize=8)
def tones(survey: Survey) -> tuple[str, ...]:
    """A tone for each community, the least used among its nearest neighbours; grey for the scattered."""
    chosen: list[int] = []
    at, radius = survey.atlas.at, survey.atlas.radius
    for c in range(len(at)):
        gap = np.hypot(*(at[:c] - at[c]).T) - radius[:c] - radius[c]
        near = [chosen[k] for k in np.argsort(gap)[:5]] if c else []
        weights = [sum(6 - place for place, tone in enumerate(near) if tone == k) for k in range(len(TONES))]
        chosen.append(min(range(len(TONES)), key=lambda k: (weights[k], chosen.count(k), k)))
    return tuple(BASELINE if c == survey.atlas.scattered else TONES[k] for c, k in enumerate(chosen))


def palette(survey: Survey, by: str, dark: bool) -> list[str]:
    """The colours that the codes of a way of colouring stand for."""
    if by == "community":
        return list(tones(survey))
    if by == "type":
        return [_type_tone(name, dark) for name in survey.marks.types]
    if by == "source":
        return [SOURCE_TONES[min(k, len(SOURCE_TONES) - 1)] for k in range(max(len(survey.marks.sources), 1))]
    return ramp(dark)


def ramp(dark: bool) -> list[str]:
    """From little to much in ``STEPS`` steps of one hue, the end that stands out being much."""
    low, high = ((38, 60, 84), (150, 208, 255)) if dark else ((190, 212, 234), (8, 62, 122))
    return [
        "#{:02x}{:02x}{:02x}".format(
            *(round(a + (b - a) * k / (STEPS - 1)) for a, b in zip(low, high, strict=True))
        )
        for k in range(STEPS)
    ]


def key(survey: Survey, by: str, dark: bool, names: dict[str, str]) -> list[tuple[str, str]]:
    """The legend of a way of colouring: (colour, words) each; ``names`` are those of the sources."""
    colours = palette(survey, by, dark)
    if by == "type":
        counts = np.bincount(survey.marks.type, minlength=len(colours))
        order = np.lexsort((np.arange(len(counts)), -counts))[:12]
        return [(colours[int(k)], type_label(survey.marks.types[int(k)])) for k in order]
    if by == "source":
        shown = list(enumerate(survey.marks.sources))[: len(SOURCE_TONES)]
        return [(colours[k], names.get(source, source) or t("map.no_source")) for k, source in shown]
    if by == "sure":
        return [(colours[0], percent(0)), (colours[STEPS // 2], percent(0.5)), (colours[-1], percent(1))]
    if by == "time":
        ends = [survey.times[0], survey.times[-1]] if survey.times else [0.0, 0.0]
        return [
            (colours[0], t("map.oldest", when=_when(ends[0]))),
            (colours[-1], t("map.newest", when=_when(ends[1]))),
        ]
    return []


def source_names(workspace: Workspace) -> dict[str, str]:
    """The name of each source of the catalogue."""
    sources = tables.sources
    with workspace.db.read() as reader:
        return {row.id: row.name for row in reader.execute(select(sources.c.id, sources.c.name))}


def node_tones(survey: Survey, by: str, dark: bool) -> list[str]:
    """The colour of every node."""
    return _colours(survey, by, palette(survey, by, dark))


def _colours(survey: Survey, by: str, colours: Sequence[str]) -> list[str]:
    marks, last = survey.marks, len(colours) - 1
    if by == "community":
        codes: Ints = survey.atlas.of
    elif by == "type":
        codes = marks.type
    elif by == "source":
        codes = np.minimum(marks.source, last)
    else:
        share = marks.confidence if by == "sure" else marks.step / max(len(marks.until) - 1, 1)
        codes = np.round(share * last).astype(np.int32)
    return [colours[int(code)] for code in codes]


def _type_tone(node_type: str, dark: bool) -> str:
    if node_type == "Product":
        return "#dfe6ee" if dark else "#2b3644"
    group = node_family(node_type)
    return BASELINE if group is None else FAMILY_COLORS[group]


def _when(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment)) if moment else "–"
