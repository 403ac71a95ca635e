"""SPARQL 1.1 over a graph: SELECT, ASK and CONSTRUCT, within a time and a number of rows."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import Any

from core.errors import GraphError, ShelfGraphError
from core.graph.exchange.rdf_terms import BASE, PREFIXES
from core.graph.model import Graph
from core.graph.pattern_match import MOST_ROWS, index_of
from core.graph.sparql_guard import prepared
from core.graph.sparql_store import GraphTriples, OutOfTime, node_of

SECONDS = 10.0
GRACE = 0.5
"""The triples end a query at its deadline; one that asks for none any more is broken off so many seconds later."""
NAMESPACES = {**PREFIXES, "node": f"{BASE}node:", "type": f"{PREFIXES['sg']}type:"}
"""Prefixes that need not be declared."""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A value of an answer: what it reads, and the node it stands for, "" where it is none."""

    text: str
    node: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """An answer. ``truth`` is that of an ASK, None otherwise; a CONSTRUCT has three columns. ``more`` where the limit
    cut rows off."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: bool = False
    truth: bool | None = None


def ask(graph: Graph, text: str, limit: int = MOST_ROWS, seconds: float = SECONDS) -> Found:
    """The answer to a query, at most ``limit`` rows of it, in the query's order.

    Raises GraphError for what is no query, is not let through (``sparql_guard``), or takes longer than ``seconds``.
    """
    deadline = time.monotonic() + seconds
    return _in_time(lambda: _ask(graph, text, limit, deadline), seconds)


def _ask(graph: Graph, text: str, limit: int, deadline: float) -> Found:
    from rdflib import Graph as Triples
    from rdflib.plugins.sparql.sparql import SPARQLError

    query = prepared(text, dict(NAMESPACES))
    try:
        result = Triples(store=GraphTriples(index_of(graph), deadline)).query(query)
        if result.type == "ASK":
            return Found((), (), truth=bool(result.askAnswer))
        columns = ("subject", "predicate", "object") if result.type == "CONSTRUCT" else _columns(result)
        rows = list(islice(_rows(result), limit + 1))
    except (
        SPARQLError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise GraphError(
            f"The query cannot be answered ({str(error)[:160]}).",
            where="SPARQL",
            remedy="Write it more simply.",
        ) from error
    told = tuple(tuple(_cell(graph, value) for value in row) for row in rows[:limit])
    return Found(columns, told, len(rows) > limit)


def _columns(result: Any) -> tuple[str, ...]:
    return tuple(str(name) for name in result.vars)


def _rows(result: Any) -> Iterable[tuple[Any, ...]]:
    return (tuple(row) for row in result)


def _cell(graph: Graph, value: Any) -> Cell:
    if value is None:
        return Cell("")
    node = node_of(value)
    if node is not None:
        return Cell(graph.label(node), node)
    text = str(value)
    for prefix, iri in sorted(NAMESPACES.items(), key=lambda pair: -len(pair[1])):
        if text.startswith(iri) and type(value).__name__ == "URIRef":
            return Cell(f"{prefix}:{text.removeprefix(iri)}")
    return Cell(text)


def _in_time(work: Callable[[], Found], seconds: float) -> Found:
    """The result of ``work``, done in a thread that is broken off after ``seconds``: rdflib has no limit of its own."""
    future: Future[Found] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # the thread's end: whatever it was goes to whoever waits for it
            if not future.done():
                future.set_exception(error)
            if not isinstance(error, ShelfGraphError | OutOfTime):
                raise

    thread = threading.Thread(target=run, name="sparql", daemon=True)
    thread.start()
    thread.join(seconds + GRACE)
    if thread.is_alive():
        _break_off(thread)
    if not future.done() or isinstance(future.exception(), OutOfTime):
        raise GraphError(
            f"The query takes longer than {seconds:g} seconds.",
            where="SPARQL",
            remedy="Name a value in it, let its parts share a variable, or add a LIMIT.",
        )
    return future.result()


def _break_off(thread: threading.Thread, tries: int = 10) -> None:
    """Throw ``OutOfTime`` into a thread until it ends; Python ignores one that arrives in a finaliser."""
    for _ in range(tries):
        ident = ctypes.c_ulong(thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(OutOfTime))
        thread.join(0.25)  # so that whoever handles one that came in a finaliser is not hit by the next
        if not thread.is_alive():
            return
