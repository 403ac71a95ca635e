"""The state of the Review page: the desk (everything to decide, and who decided what), and the link.

Where somebody is in the queue, and what the queue is narrowed to, is in the link; so is the reviewer's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import streamlit as st
from sqlalchemy import func, select

from core.domain import Assertion, EntryKind
from core.graph.looks import Look, value_of
from core.graph.model import Graph, Reason
from core.graph.reading import read_assertions
from core.graph.review import EVERYTHING, Item, Key, Narrow, Signals, queue
from core.graph.review_log import Decision, carry_over, final_verdicts, read_decisions
from core.graph.suspected import SUSPECTED, with_suspects
from core.storage import tables
from core.storage.decisions import FACT, decisions, stamp, standing
from core.storage.workspaces import Workspace
from core.ui.session import cached_catalogue, cached_graph, catalogue_stamp, log_head
from core.ui.shell import param, set_params, whole_param
from core.ui.text import percent, t

Show = Literal["open", "second", "mine"]
SHOWS: tuple[Show, ...] = ("open", "second", "mine")
By = Literal["value", "fact"]
BYS: tuple[By, ...] = ("value", "fact")
NAME_LENGTH = 40
ROWS = 12
SEPARATOR = "~"


@dataclass(frozen=True, eq=False)
class Desk:
    """A version of the graph as reviewers see it. ``decided`` maps each reviewer to the assertions that reviewer
    said something about."""

    graph: Graph
    assertions: Mapping[str, Assertion]
    items: Sequence[Item]
    made: Sequence[Decision]
    verdicts: Mapping[str, EntryKind]
    decided: Mapping[str, frozenset[str]]

    def listed(self, show: Show, me: str) -> list[Item]:
        """What nobody decided, what others did and ``me`` did not, or what ``me`` decided; in the queue's order."""
        mine = self.decided.get(me, frozenset())
        if show == "mine":
            return [item for item in self.items if not mine.isdisjoint(item.ids)]
        if show == "second":
            others = frozenset[str]().union(*(ids for name, ids in self.decided.items() if name != me))
            seconds = [i for i in self.items if not others.isdisjoint(i.ids) and mine.isdisjoint(i.ids)]
            return [_blind(item) for item in seconds]
        return [item for item in self.items if self.verdicts.keys().isdisjoint(item.ids)]

    @cached_property
    def said(self) -> Mapping[str, tuple[str, EntryKind]]:
        """Who said the last word about an assertion, and what."""
        return {i: (made.actor, verdict) for made in self.made for i, verdict in made.verdicts.items()}

    def verdict_on(self, item: Item) -> tuple[str, EntryKind] | None:
        """The last word about an item; None where nobody decided about it."""
        return next((self.said[i] for i in item.ids if i in self.said), None)

    def settled(self, look: Look) -> list[Item]:
        """What has the value of the look as well and is decided already."""
        inside = {item.ids for item in look.items}
        alike = self._alike.get(value_of(look.lead), ())
        return [item for item in alike if item.ids not in inside and self.verdict_on(item)]

    @cached_property
    def _alike(self) -> Mapping[Key, Sequence[Item]]:
        groups: dict[Key, list[Item]] = {}
        for item in self.items:
            groups.setdefault(value_of(item), []).append(item)
        return groups

    def last_of(self, me: str) -> Decision | None:
        """The decision that an undo takes back."""
        return next((made for made in reversed(self.made) if made.actor == me), None)


@dataclass(frozen=True, slots=True)
class ReviewState:
    """What the link says. ``by`` is what a look is about; ``at`` an assertion of the item that is open; ``rows`` how
    long the list is."""

    me: str = ""
    show: Show = "open"
    by: By = "value"
    at: str = ""
    narrow: Narrow = EVERYTHING
    rows: int = ROWS


def _blind(item: Item) -> Item:
    """The item with nothing that depends on its verdict: what was rejected is kept apart, and contradicts nothing."""
    return replace(item, rivals=(), signals=Signals(item.lead.confidence, item.signals.agreeing))


def desk(workspace: Workspace) -> Desk:
    """The desk at the head of the log; made again when log or catalogue have changed."""
    folder = f"{workspace.folder}#{workspace.info.created_at}"
    _settle(folder, log_head(workspace), workspace)
    graph = cached_graph(workspace)
    key = (graph.seq, graph.hash, *catalogue_stamp(workspace), *stamp(workspace))
    return _desk(folder, key, workspace, graph)


def read_state() -> ReviewState:
    """The state in the link; parts that cannot be read count as not there."""
    show = param("show")
    low, high = whole_param("lo", 0, 0, 100) / 100, whole_param("hi", 100, 0, 100) / 100
    return ReviewState(
        me=signed_in() or clean_name(param("me") or ""),
        show=show if show in SHOWS else "open",
        by="fact" if param("look") == "fact" else "value",
        at=param("at") or "",
        narrow=Narrow(
            _parts(param("rel")),
            _parts(param("cat")),
            _parts(param("by")),
            _parts(param("why")),
            min(low, high),
            max(low, high),
        ),
        rows=whole_param("rows", ROWS, ROWS, 600),
    )


def change(**values: object) -> None:
    """Change parts of the state in the link; for callbacks."""
    state = replace(read_state(), **values)  # type: ignore[arg-type]
    narrow = state.narrow
    set_params(
        me=state.me if not signed_in() else None,
        show=None if state.show == "open" else state.show,
        look=None if state.by == "value" else state.by,
        at=state.at,
        rel=SEPARATOR.join(sorted(narrow.relations)),
        cat=SEPARATOR.join(sorted(narrow.categories)),
        by=SEPARATOR.join(sorted(narrow.extractors)),
        why=SEPARATOR.join(sorted(narrow.reasons)),
        lo=None if narrow.low == 0.0 else round(narrow.low * 100),
        hi=None if narrow.high == 1.0 else round(narrow.high * 100),
        rows=None if state.rows == ROWS else state.rows,
    )


def signed_in() -> str:
    """The name a visitor signed in with, which nobody can choose; "" where the app is open to all."""
    if not st.secrets.load_if_toml_exists() or "auth" not in st.secrets or not st.user.is_logged_in:
        return ""
    return clean_name(str(st.user.get("name") or st.user.get("email") or ""))


def clean_name(name: str) -> str:
    """A reviewer's name as it is written into the log: one line, at most 40 characters."""
    return " ".join("".join(c for c in name if c.isprintable()).split())[:NAME_LENGTH]


def current(now: Desk, found: Sequence[Look], state: ReviewState) -> Look | None:
    """The look that is open: around the item of the link, listed or not; else the first of ``found`` that was not put
    off in this visit, else the first of them."""
    asked = next((item for item in now.items if state.at in item.ids), None) if state.at else None
    if asked is None:
        later = put_off()
        return next((look for look in found if look.lead.lead.id not in later), None) or next(
            iter(found), None
        )
    if state.by == "fact":
        return Look((asked,))
    value = value_of(asked)
    around = next((look for look in found if value_of(look.lead) == value), Look((asked,)))
    return around.led_by(asked)


def put_off() -> dict[str, None]:
    """The leads of all items that were passed over in this visit, oldest first."""
    found: dict[str, None] = st.session_state.setdefault("review_later", {})
    return found


def reason_label(code: str, *, sentence: bool = False) -> str:
    """Why something is kept apart or rejected, in a word or in a sentence; reasons of a shop's own are spelt out."""
    known = code in {*Reason, EntryKind.RETRACTED, SUSPECTED}
    if not known:
        return code.replace("_", " ")
    return t(f"review.why_{code}") if sentence else t(f"review.reason_{code}")


def extractor_label(extractor: str) -> str:
    """Who read it: the catalogue's columns, tagger or span reader, a language model by its name, or a reviewer."""
    kind, _, model = extractor.partition(":")
    if kind not in ("columns", "tagger", "reader", "llm", "reviewer", "prediction"):
        return extractor
    return f"{t(f'review.by_{kind}')} {model}".strip()


def confidences(values: Iterable[float]) -> str:
    """Confidences, each in [0, 1], as one figure or as a range; there is at least one."""
    found = list(values)
    low, high = percent(min(found), 0), percent(max(found), 0)
    return low if low == high else f"{low.removesuffix('%')}–{high}"


def _parts(text: str | None) -> frozenset[str]:
    return frozenset(part for part in (text or "").split(SEPARATOR) if part)


@st.cache_resource(max_entries=16, show_spinner=False)
def _settle(folder: str, head: int, _workspace: Workspace) -> int:
    """Once a version: what reviewers said holds for what a newer version of an extractor read again."""
    return carry_over(_workspace)


@st.cache_resource(max_entries=4, show_spinner=False)
def _desk(folder: str, key: tuple[object, ...], _workspace: Workspace, _graph: Graph) -> Desk:
    with _workspace.db.read() as reader:
        count = int(reader.scalar(select(func.count()).select_from(tables.assertions)) or 0)
        made = read_decisions(reader)
    assertions = _assertions(folder, count, _workspace)
    products = cached_catalogue(_workspace).products
    items = queue(_graph, assertions, {i: product.category or "" for i, product in products.items()})
    items = with_suspects(items, standing(decisions(_workspace), FACT))
    decided: dict[str, set[str]] = {}
    for one in made:
        decided.setdefault(one.actor, set()).update(one.verdicts)
    by_name = {name: frozenset(ids) for name, ids in decided.items()}
    return Desk(_graph, assertions, items, made, final_verdicts(made), by_name)


@st.cache_resource(max_entries=4, show_spinner=False)
def _assertions(folder: str, count: int, _workspace: Workspace) -> dict[str, Assertion]:
    """All assertions; they never change, and are only ever added to."""
    with _workspace.db.read() as reader:
        return {a.id: a for a in read_assertions(reader)}
