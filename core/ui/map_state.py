"""The state of the Map page, all of it in the link."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.ui.shell import param, set_params, whole_param

VIEWS = ("map", "structure", "versions")
COLOURS = ("community", "type", "source", "sure", "time")
PARTS = ("communities", "central", "motifs")


@dataclass(frozen=True, slots=True)
class MapState:
    """What the link says: ``community`` is the one that is opened (-1 for none), ``selected`` a node's id, ``at`` the
    position of the log up to which growth is shown (-1 for all of it), ``old`` and ``new`` the versions compared (-1
    for what suggests itself)."""

    view: str = "map"
    by: str = "community"
    community: int = -1
    selected: str = ""
    query: str = ""
    at: int = -1
    as_table: bool = False
    part: str = "communities"
    old: int = -1
    new: int = -1


def read_state() -> MapState:
    """The state in the link; parts that cannot be read count as not there."""
    return MapState(
        _one_of(param("view"), VIEWS),
        _one_of(param("by"), COLOURS),
        whole_param("c", -1),
        param("sel") or "",
        param("q") or "",
        whole_param("at", -1),
        param("as") == "table",
        _one_of(param("part"), PARTS),
        whole_param("a", -1),
        whole_param("b", -1),
    )


def write_state(state: MapState) -> None:
    """Put a state into the link, leaving out what is as it begins."""
    begin = MapState()
    set_params(
        view=None if state.view == begin.view else state.view,
        by=None if state.by == begin.by else state.by,
        c=None if state.community < 0 else state.community,
        sel=state.selected,
        q=state.query,
        at=None if state.at < 0 else state.at,
        **{"as": "table" if state.as_table else None},
        part=None if state.part == begin.part else state.part,
        a=None if state.old < 0 else state.old,
        b=None if state.new < 0 else state.new,
    )


def change(**values: object) -> None:
    """Change parts of the state in the link; for callbacks."""
    write_state(replace(read_state(), **values))  # type: ignore[arg-type]


def open_community(community: int) -> None:
    """Open a community, or none (-1)."""
    change(view="map", community=community, selected="")


def _one_of(text: str | None, names: tuple[str, ...]) -> str:
    return text if text in names else names[0]
