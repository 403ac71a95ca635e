"""A graph comes into a workspace that has a graph of its own; and files that are not what they seem do not."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalogue.sources import find
from core.domain import EntryKind
from core.errors import GraphError, UnreadableFile
from core.graph.departure import delete_source
from core.graph.exchange import spelling
from core.graph.exchange.collect import collect
from core.graph.exchange.files import make, ready, take
from core.graph.exchange.formats import FORMATS, format_of, format_of_file
from core.graph.exchange.model import Archive, EntryRecord
from core.graph.exchange.restore import bring_in
from core.graph.log import Log
from core.graph.store import GraphStore
from core.settings import settings
from core.storage.workspaces import Workspace, Workspaces
from tests.exchange_world import every_kind
from tests.graph_world import document, fill, put_products, read, readings


def other_shop(name: str = "Other") -> Workspace:
    """A workspace with a shop and a graph of its own."""
    made = Workspaces(settings().workspaces).create(name)
    put_products(made, {"z9": ("Teapot", "", "A teapot made of glass, 0.9 l.")})
    text = document("z9", "A teapot made of glass, 0.9 l.")
    Log(made).append([read(text, "material", "glass"), read(text, "capacity", "0.9 l")])
    return made


def facts(workspace: Workspace) -> set[str]:
    return set(GraphStore(workspace).graph().facts)


@pytest.fixture
def archive(workspace: Workspace) -> Archive:
    every_kind(workspace)
    return collect(workspace).archive


def test_a_file_joins_as_a_source_and_leaves_with_it(workspace: Workspace, archive: Archive) -> None:
    there = other_shop()
    own = facts(there)
    done = bring_in(there, archive, "shop.ttl")
    assert (done.way, done.products, done.kept) == ("source", 4, 0)
    assert facts(there) == own | facts(workspace)
    with there.db.read() as reader:
        brought = [find(reader, kind, "shop.ttl") for kind in ("products", "statements")]
    for source in brought:
        assert source
        delete_source(there, source.id)
    assert facts(there) == own


def test_joining_again_changes_nothing_even_after_a_new_decision(
    workspace: Workspace, archive: Archive
) -> None:
    there = other_shop()
    bring_in(there, archive, "shop.ttl")
    accepted = readings()[0].id
    Log(there).reject([accepted])
    head, shown = Log(there).head(), GraphStore(there).graph().hash
    assert bring_in(there, archive, "shop.ttl").way == "unchanged"
    again = bring_in(there, archive, "the same under another name.ttl")
    assert (again.products, again.kept, again.entries) == (0, 4, 0)
    assert (Log(there).head(), GraphStore(there).graph().hash) == (head, shown)


def test_a_graph_read_back_into_its_own_workspace_changes_nothing(
    workspace: Workspace, archive: Archive
) -> None:
    head = Log(workspace).head()
    done = bring_in(workspace, archive, "own.ttl")
    assert done.same
    assert (done.kept, done.entries, Log(workspace).head()) == (4, 0, head)


def test_an_undone_merge_is_not_merged_again_by_an_older_file(workspace: Workspace, archive: Archive) -> None:
    merges = [e.seq for e in Log(workspace).entries() if e.kind is EntryKind.MERGED]
    Log(workspace).undo(merges[:1])
    shown = GraphStore(workspace).graph().hash
    bring_in(workspace, archive, "older.ttl")
    assert GraphStore(workspace).graph().hash == shown


def test_a_newer_file_brings_what_is_new(workspace: Workspace, archive: Archive) -> None:
    there = other_shop()
    bring_in(there, archive, "shop.ttl")
    text = document("k1", "A stainless steel kettle of 0.9 l for pour-over coffee at home.")
    Log(workspace).append([read(text, "productType", "kettle")])
    Log(workspace).accept([readings()[4].id])
    done = bring_in(there, collect(workspace).archive, "shop.ttl")
    assert (done.way, done.products, done.assertions, done.entries) == ("source", 0, 1, 2)
    assert facts(workspace) <= facts(there)


def broken_archives() -> dict[str, tuple[Callable[[Archive], Archive], str]]:
    """What a file may get wrong, and the word by which the error names it."""

    def first(archive: Archive, name: str, **changes: object) -> Archive:
        records = getattr(archive, name)
        return replace(archive, **{name: (replace(records[0], **changes), *records[1:])})

    def entry(archive: Archive, **values: object) -> Archive:
        last = EntryRecord(archive.header.seq + 1, "accepted", "x", "{}", "", 1.0, "")
        return replace(archive, log=(*archive.log, replace(last, **values)))

    return {
        "other words": (lambda a: first(a, "assertions", object="gold"), "assertion"),
        "no place": (lambda a: first(a, "assertions", start=9_999_999, end=10_000_000), "assertion"),
        "no text": (lambda a: first(a, "assertions", document_id="nowhere"), "assertion"),
        "changed text": (lambda a: first(a, "documents", text="gold"), "document"),
        "unknown kind": (lambda a: entry(a, kind="sung"), "log position"),
        "odd data": (lambda a: entry(a, data="[1]"), "log position"),
        "no position": (lambda a: entry(a, seq=0), "log"),
        "odd undoing": (lambda a: entry(a, kind="undone", target="-"), "log"),
        "twice": (lambda a: replace(a, products=a.products * 2), "products"),
        "no source": (lambda a: first(a, "products", source_id="gone"), "shop"),
        "odd policy": (lambda a: replace(a, header=replace(a.header, policy='{"mood":1}')), "shop"),
        "other policy": (
            lambda a: replace(a, header=replace(a.header, policy='{"minimum_confidence":0.99}')),
            "promised",
        ),
        "another graph": (lambda a: entry(a, kind="rejected", target=a.assertions[0].id), "promised"),
    }


@pytest.mark.parametrize("name", broken_archives())
def test_an_archive_that_does_not_hold_together_is_refused(archive: Archive, name: str) -> None:
    spoil, place = broken_archives()[name]
    there = other_shop()
    head = Log(there).head()
    with pytest.raises(UnreadableFile) as found:
        bring_in(there, spoil(archive), "shop.ttl")
    assert place in found.value.where
    assert Log(there).head() == head


HOSTILE_FILES = {
    "entities.graphml": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><graphml>&b;</graphml>',
    "outside.gexf": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><gexf>&a;</gexf>',
    "resaved.graphml": b'<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph/></graphml>',
    "remote.jsonld": b'{"@context": "http://127.0.0.1:9/context.jsonld", "@id": "urn:a"}',
    "nested.jsonld": b'{"a": [{"@context": [{"@import": "http://127.0.0.1:9/"}]}]}',
    "deep.json": b"[" * 200_000,
    "other.json": b'{"nodes": [], "links": []}',
    "deep.ttl": b"<urn:a> <urn:b> " + b"[ <urn:c> " * 20_000,
    "other.ttl": b"<urn:a> <urn:b> <urn:c> .",
    "other.nt": b"<urn:a> <urn:b> <urn:c> .",
    "newer.json": b'{"graph": {"shelfgraph": {"header": {"format_version": 99}}}}',
    "picture.png": b"\x89PNG",
    "no.zip": b"PK\x03\x04 and then nothing",
}


@pytest.mark.parametrize("name", HOSTILE_FILES)
def test_hostile_files_are_refused_with_their_name(workspace: Workspace, tmp_path: Path, name: str) -> None:
    path = tmp_path / "upload"
    path.write_bytes(HOSTILE_FILES[name])
    with pytest.raises(UnreadableFile) as found:
        take(workspace, path, name)
    assert found.value.where.startswith(name)
    assert len(str(found.value)) < 700
    assert Log(workspace).head() == 0


def test_a_zip_that_unpacks_to_too_much_is_refused(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFGRAPH_MAX_UPLOAD_MB", "1")
    settings.cache_clear()
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("nodes.csv", b"0" * 2_000_000)
    with pytest.raises(UnreadableFile, match="more than 1 MB"):
        take(workspace, path, "bomb.zip")


def test_a_cell_of_the_wrong_kind_is_named_by_its_line(workspace: Workspace, tmp_path: Path) -> None:
    fill(workspace)
    made = make(workspace, "neo4j")
    spoilt = tmp_path / "spoilt.zip"
    with zipfile.ZipFile(made.path) as good, zipfile.ZipFile(spoilt, "w") as out:
        for name in good.namelist():
            data = good.read(name)
            out.writestr(
                name, data.replace(b",0.9,Evidence", b",sure,Evidence") if name == "assertions.csv" else data
            )
    with pytest.raises(UnreadableFile) as found:
        take(workspace, spoilt, "spoilt.zip")
    assert "'sure' is not a number" in found.value.what
    assert found.value.where == "spoilt.zip, assertions.csv, line 2"


def test_files_are_kept_until_the_graph_changes(workspace: Workspace) -> None:
    with pytest.raises(GraphError):
        make(workspace, "turtle")
    fill(workspace)
    store = GraphStore(workspace)
    assert ready(workspace, store.graph()) == {}
    made = {name: make(workspace, name).bytes for name in ("json", "gexf")}
    assert ready(workspace, store.graph()) == made
    Log(workspace).reject([readings()[0].id])
    assert ready(workspace, store.graph()) == {}
    last = make(workspace, "json")
    assert list(last.path.parent.iterdir()) == [last.path]


def test_every_format_is_known_by_its_ending_and_says_what_it_is(tmp_path: Path) -> None:
    assert len({form.suffix for form in FORMATS.values()}) == len(FORMATS)
    for form in FORMATS.values():
        assert format_of(form.id) is form
        if not form.suffix.endswith("zip"):
            assert format_of_file(tmp_path / f"X.{form.suffix.upper()}") is form
    with pytest.raises(GraphError, match="turtle, jsonld"):
        format_of("<b>")


any_text = st.text(st.characters(exclude_categories=["Cs"]))


@given(any_text)
def test_spelling_is_undone_exactly(text: str) -> None:
    assert spelling.from_cell(spelling.to_cell(text)) == text
    assert spelling.from_iri(spelling.to_iri(text)) == text
    assert json.loads(spelling.json_in_xml(json.dumps([1])))


@given(any_text)
def test_what_xml_cannot_hold_survives_an_xml_parser(text: str) -> None:
    from defusedxml.ElementTree import fromstring

    found = fromstring(f'<a b="{spelling.to_xml(text)}">{spelling.to_xml(text)}</a>')
    assert spelling.from_xml(found.get("b")) == text
    assert spelling.from_xml(found.text or "") == text


@given(any_text)
def test_no_cell_starts_like_a_formula(text: str) -> None:
    assert not spelling.to_cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_other_programs_see_nodes_and_facts(workspace: Workspace, tmp_path: Path) -> None:
    import networkx as nx
    from rdflib import Dataset
    from rdflib import Graph as Triples

    every_kind(workspace)
    package = collect(workspace)
    paths = {}
    for form in FORMATS.values():
        paths[form.id] = tmp_path / f"g.{form.suffix}"
        form.write(package, paths[form.id])
    shapes = {
        "graphml": nx.read_graphml(paths["graphml"]),
        "gexf": nx.read_gexf(paths["gexf"]),
        "json": nx.node_link_graph(json.loads(paths["json"].read_text("utf-8")), edges="links"),
    }
    for network in shapes.values():
        assert (len(network), network.number_of_edges()) == (
            len(package.graph.nodes),
            len(package.graph.facts),
        )
        assert {data["quote"] for _, _, data in network.edges(data=True)} >= {"1.2 l", "不锈钢"}
    turtle = set(Triples().parse(paths["turtle"], format="turtle"))
    assert turtle == set(Triples().parse(paths["ntriples"], format="nt"))
    assert {quad[:3] for quad in Dataset().parse(paths["jsonld"], format="json-ld")} == turtle
