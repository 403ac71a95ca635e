"""Pushing a graph to a Neo4j server, through its Query API (``POST /db/<name>/query/v2``, from version 5.19 on).

The server is set by whoever runs ShelfGraph (``SHELFGRAPH_NEO4J_URL`` and the like), never by a visitor: a visitor who
could name an address could make this server call any other.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from core.errors import GraphError, SettingsError
from core.graph.exchange.cypher import BATCH, Statement, statements
from core.graph.exchange.model import Package
from core.settings import settings

SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A Neo4j server: the address of its HTTP port, the database, and who one is there."""

    url: str
    database: str = "neo4j"
    user: str = "neo4j"
    password: str = ""

    @property
    def shown(self) -> str:
        """Host and database, without secrets."""
        return f"{urlsplit(self.url).hostname}/{self.database}"


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was sent: statements, nodes and facts; and where to."""

    server: str
    statements: int
    nodes: int
    facts: int


def is_set() -> bool:
    """Whether a server is set."""
    return bool(settings().neo4j_url)


def server() -> Server:
    """The server of the settings; raises SettingsError where none is set, or its address is not one of HTTP."""
    found = settings()
    if urlsplit(found.neo4j_url).scheme not in ("http", "https") or not urlsplit(found.neo4j_url).hostname:
        raise SettingsError(
            "No Neo4j server is set."
            if not found.neo4j_url
            else "The address of the Neo4j server is not one of HTTP.",
            where="SHELFGRAPH_NEO4J_URL",
            remedy="Set it to the server's HTTP address, such as http://127.0.0.1:7474, and start ShelfGraph again.",
        )
    return Server(
        found.neo4j_url, found.neo4j_database, found.neo4j_user, found.neo4j_password.get_secret_value()
    )


def push(
    package: Package,
    target: Server,
    batch: int = BATCH,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Pushed:
    """Make the server's graph this one; doing it again changes nothing there.

    Raises GraphError with the server's own words where it refuses a statement, or cannot be reached.
    """
    waiting = list(statements(package, batch))
    for done, statement in enumerate(waiting):
        on_progress(done, len(waiting))
        _send(target, statement)
    return Pushed(target.shown, len(waiting), len(package.graph.nodes), len(package.graph.facts))


def _send(target: Server, statement: Statement) -> None:
    address = f"{target.url.rstrip('/')}/db/{quote(target.database, safe='')}/query/v2"
    body = json.dumps({"statement": statement.text, "parameters": dict(statement.parameters)}).encode()
    token = base64.b64encode(f"{target.user}:{target.password}".encode()).decode()
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Authorization": f"Basic {token}",
    }
    try:
        with build_opener(_NoRedirect()).open(Request(address, body, headers), timeout=SECONDS) as reply:
            answer = _errors(reply.read(1_000_000))
    except HTTPError as error:
        answer = _errors(error.read(1_000_000)) or [f"HTTP {error.code}"]
    except (URLError, OSError) as error:
        raise GraphError(
            f"The Neo4j server cannot be reached ({getattr(error, 'reason', error)}).",
            where=target.shown,
            remedy="See that it runs and that its HTTP port is open, then push again.",
        ) from error
    if answer:
        raise GraphError(
            f"The Neo4j server refuses: {answer[0][:300]}",
            where=target.shown,
            remedy="Mend what it names (user, password, database, rights), then push again; nothing is written twice.",
        )


def _errors(body: bytes) -> list[str]:
    """The messages of the errors in a reply."""
    try:
        found: Any = json.loads(body or b"{}")
    except ValueError:
        return ["it does not answer in JSON"]
    errors = found.get("errors") if isinstance(found, dict) else None
    return [
        str(error.get("message", error)) if isinstance(error, dict) else str(error) for error in errors or ()
    ]


class _NoRedirect(HTTPRedirectHandler):
    """The password goes to the server that was set and to no other."""

    def redirect_request(self, *_arguments: Any) -> None:
        """Follow nothing."""
        return
