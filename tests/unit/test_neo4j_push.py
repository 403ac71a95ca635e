"""The push to a Neo4j server, against one on this machine that keeps what it is told in a small property graph."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from core.errors import GraphError, SettingsError
from core.graph.exchange.collect import collect
from core.graph.exchange.cypher import load_script
from core.graph.exchange.push import Server, push, server
from core.graph.log import Log
from core.settings import settings
from core.storage.workspaces import Workspace
from tests.exchange_world import every_kind
from tests.graph_world import readings

NODES = re.compile(
    r"UNWIND \$rows AS row MERGE \(n:Node \{id: row\.id\}\) SET n:`((?:[^`]|``)+)`, n\.name = row\.name,.*"
)
FACTS = re.compile(
    r"UNWIND \$rows AS row MATCH .* MERGE \(a\)-\[f:`((?:[^`]|``)+)` \{id: row\.id\}\]->\(b\) SET .*"
)


class FakeNeo4j(HTTPServer):
    """Understands the statements that are pushed and no others."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.nodes: dict[str, dict[str, Any]] = {}
        self.facts: dict[str, dict[str, Any]] = {}
        self.sizes: list[int] = []
        self.refuse = ""

    def run(self, text: str, given: dict[str, Any]) -> None:
        self.sizes.append(len(given.get("rows", ())))
        if found := NODES.fullmatch(text):
            for row in given["rows"]:
                self.nodes[row["id"]] = {"type": found[1], "name": row["name"], "graph": given["graph"]}
        elif found := FACTS.fullmatch(text):
            for row in given["rows"]:
                assert {row["start"], row["end"]} <= self.nodes.keys()
                self.facts[row["id"]] = {"type": found[1], **row["properties"], "graph": given["graph"]}
        elif text.endswith("DETACH DELETE n"):
            self.nodes = {i: n for i, n in self.nodes.items() if n["graph"] == given["graph"]}
        elif text.endswith("DELETE f"):
            self.facts = {i: f for i, f in self.facts.items() if f["graph"] == given["graph"]}
        else:
            assert text.startswith("CREATE CONSTRAINT"), text


class _Handler(BaseHTTPRequestHandler):
    server: FakeNeo4j

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/db/shop%2F1/query/v2"
        assert base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")) == b"me:secret"
        errors = [{"code": "Neo.X", "message": self.server.refuse}] if self.server.refuse else []
        if not errors:
            self.server.run(body["statement"], body["parameters"])
        answer = json.dumps(
            {"data": {"fields": [], "values": []}, **({"errors": errors} if errors else {})}
        ).encode()
        self.send_response(400 if errors else 202)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def neo4j() -> Iterator[FakeNeo4j]:
    fake = FakeNeo4j()
    thread = threading.Thread(target=fake.serve_forever, daemon=True)
    thread.start()
    yield fake
    fake.shutdown()
    fake.server_close()


def at(fake: FakeNeo4j) -> Server:
    return Server(f"http://127.0.0.1:{fake.server_port}/", "shop/1", "me", "secret")


def test_a_push_makes_the_server_hold_the_graph_and_again_changes_nothing(
    workspace: Workspace, neo4j: FakeNeo4j
) -> None:
    every_kind(workspace)
    package = collect(workspace)
    done = push(package, at(neo4j), batch=2)
    graph = package.graph
    assert {i: n["name"] for i, n in neo4j.nodes.items()} == {i: n.label for i, n in graph.nodes.items()}
    assert {i: f["type"] for i, f in neo4j.facts.items()} == {i: f.relation for i, f in graph.facts.items()}
    assert done.statements == len(neo4j.sizes)
    assert max(neo4j.sizes) == 2
    before = (dict(neo4j.nodes), dict(neo4j.facts))
    push(package, at(neo4j))
    assert (neo4j.nodes, neo4j.facts) == before


def test_a_later_push_takes_away_what_left_the_graph(workspace: Workspace, neo4j: FakeNeo4j) -> None:
    every_kind(workspace)
    push(collect(workspace), at(neo4j))
    Log(workspace).reject([a.id for a in readings()[9:]])
    package = collect(workspace)
    push(package, at(neo4j))
    assert neo4j.nodes.keys() == package.graph.nodes.keys()
    assert neo4j.facts.keys() == package.graph.facts.keys()


def test_refusals_and_silence_are_told_without_secrets(workspace: Workspace, neo4j: FakeNeo4j) -> None:
    every_kind(workspace)
    package = collect(workspace)
    neo4j.refuse = "Unauthorized"
    with pytest.raises(GraphError, match="Unauthorized") as found:
        push(package, at(neo4j))
    assert found.value.where == "127.0.0.1/shop/1"
    assert "secret" not in str(found.value)
    with pytest.raises(GraphError, match="cannot be reached"):
        push(package, Server("http://127.0.0.1:1", "shop", "me", "secret"))


@pytest.mark.parametrize("url", ["", "bolt://127.0.0.1:7687", "file:///etc/passwd", "http://"])
def test_only_an_http_address_of_the_settings_is_a_server(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SHELFGRAPH_NEO4J_URL", url)
    settings.cache_clear()
    with pytest.raises(SettingsError, match="Neo4j"):
        server()


def test_the_script_quotes_every_name(workspace: Workspace) -> None:
    from dataclasses import replace

    from core.domain import Fact, Node

    every_kind(workspace)
    package = collect(workspace)
    hostile = "x`]->() DETACH DELETE n //'\n"
    nodes = {"a": Node("a", hostile, "A"), "b": Node("b", hostile, "B")}
    graph = replace(package.graph, nodes=nodes, facts={"f": Fact("f", "a", hostile, "b", (), 1.0)})
    script = load_script(replace(package, graph=graph))
    outside = re.sub(r"`(?:[^`]|``)*`|'(?:[^'\\]|\\.)*'", "", script)
    assert "DETACH" not in outside
