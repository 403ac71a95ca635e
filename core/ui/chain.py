"""Where a workspace stands on the chain catalogue → extract → graph → recommend → explain, and what is stale.

Stale means: made from something that has changed since. Counts and hashes are compared, so the answer is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from sqlalchemy import Connection, func, select

from core.storage import tables
from core.storage.workspaces import Workspace
from core.ui import navigation
from core.ui.session import cached_graph, database_stamp
from core.ui.text import number, t

State = Literal["empty", "current", "stale"]
ICONS: Mapping[State, str] = {
    "empty": "radio_button_unchecked",
    "current": "check_circle",
    "stale": "update",
}


@dataclass(frozen=True, slots=True)
class Station:
    """One link of the chain: the page that works on it, its figure (localised), and why it is stale."""

    name: str
    page: str
    state: State
    figure: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The figures the stations are made from. ``graph_hash`` is "" for an empty graph."""

    products: int
    read: int
    unread: int  # changed or new since the last reading
    facts: int
    graph_hash: str
    runs: int
    serving: str  # id of the serving run
    serving_graph: str  # hash of the graph it was trained on

    @property
    def graph_moved(self) -> bool:
        """Whether the graph is another than the serving run was trained on."""
        return bool(self.serving) and self.serving_graph != self.graph_hash


def standing(workspace: Workspace) -> Standing:
    """Where the workspace stands; kept until its database changes."""
    stamp = database_stamp(workspace)
    return _standing(str(workspace.folder), stamp, workspace) if stamp else _measure(workspace)


def stations(now: Standing) -> tuple[Station, ...]:
    """The five links of the chain in order."""
    stale_reading = bool(now.read and now.unread)
    recommend: State = "empty" if not now.serving else "stale" if now.graph_moved else "current"
    ready = t("common.chain_ready") if now.serving else t("common.chain_waiting")
    return (
        Station("catalogue", "catalogue", *_plain(now.products, "chain_products")),
        Station(
            "extract",
            "build",
            "stale" if stale_reading else "current" if now.read else "empty",
            _read_figure(now),
            t("common.chain_stale_extract", n=number(now.unread)) if stale_reading else "",
        ),
        Station("graph", "graph", *_plain(now.facts, "chain_facts")),
        Station(
            "recommend",
            "recommend" if now.serving else "train",
            recommend,
            ready,
            t("common.chain_stale_recommend") if now.graph_moved else "",
        ),
        Station(
            "explain", "explain", recommend, ready, t("common.chain_stale_explain") if now.graph_moved else ""
        ),
    )


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: texts ``home.next_<name>`` and ``home.next_<name>_why``, and the page it is done on."""

    name: str
    page: str


def next_step(now: Standing) -> Step:
    """The first link of the chain that is empty or stale; looking at recommendations where none is."""
    if not now.products:
        return Step("catalogue", "catalogue")
    if not now.read:
        return Step("read", "build")
    if now.unread:
        return Step("reread", "build")
    if not now.serving:
        return Step("train", "train")
    if now.graph_moved:
        return Step("retrain", "train")
    return Step("recommend", "recommend")


def strip(workspace: Workspace, *, with_stations: bool = True) -> None:
    """Draw the chain as a thin line of links, and the job that runs, if one does."""
    for station in stations(standing(workspace)) if with_stations else ():
        hint = station.reason or t(f"common.chain_{'empty' if station.state == 'empty' else 'current'}")
        with st.container(key=f"sg-chain-{station.state}-{station.name}"):
            navigation.link(
                station.page,
                f"{t(f'common.chain_{station.name}')} :gray[{station.figure}]",
                icon=ICONS[station.state],
                help=hint,
            )
    _running_job(workspace)


def _running_job(workspace: Workspace) -> None:
    from core.ui.progress import strip_job  # it needs the shell, which needs this module

    strip_job(workspace)


def _read_figure(now: Standing) -> str:
    if not now.read:
        return t("common.chain_nothing")
    if now.read < now.products:
        return t("common.chain_read_part", n=number(now.read), of=number(now.products))
    return t("common.chain_read", n=number(now.read))


def _plain(count: int, figure: str) -> tuple[State, str]:
    return (
        ("current", t(f"common.{figure}", n=number(count))) if count else ("empty", t("common.chain_nothing"))
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _standing(folder: str, stamp: tuple[int, ...], _workspace: Workspace) -> Standing:
    return _measure(_workspace)


def _measure(workspace: Workspace) -> Standing:
    with workspace.db.read() as connection:
        products = _count(connection, select(func.count()).select_from(tables.products))
        read, unread = _reading(connection)
        has_log = connection.scalar(select(tables.log.c.seq).limit(1)) is not None
        runs = _count(connection, select(func.count()).select_from(tables.runs))
        serving = connection.execute(
            select(tables.runs.c.id, tables.runs.c.graph_hash).where(tables.runs.c.serving)
        ).first()
    graph = cached_graph(workspace) if has_log else None
    return Standing(
        products=products,
        read=read,
        unread=unread,
        facts=len(graph.facts) if graph else 0,
        graph_hash=graph.hash if graph else "",
        runs=runs,
        serving=serving.id if serving else "",
        serving_graph=serving.graph_hash if serving else "",
    )


def _reading(connection: Connection) -> tuple[int, int]:
    """Products read in their present form, and products that changed or came after the last reading."""
    documents, marks, products = tables.documents, tables.read_marks, tables.products
    last = connection.scalar(select(func.max(marks.c.time)))
    if last is None:
        return 0, 0
    present = (documents.c.id == marks.c.document_id) & (documents.c.hash == marks.c.document_hash)
    read = select(func.count(documents.c.product_id.distinct())).select_from(documents.join(marks, present))
    changed = select(func.count()).select_from(products).where(products.c.updated_at > last)
    return _count(connection, read.where(documents.c.current)), _count(connection, changed)


def _count(connection: Connection, query: object) -> int:
    return int(connection.scalar(query) or 0)  # type: ignore[call-overload]
