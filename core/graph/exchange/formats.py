"""The formats: what each is called, written by, read by, and what it cannot carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from core.catalogue.limits import unpacked_bytes
from core.errors import GraphError, UnreadableFile
from core.graph.exchange.model import Archive, Package
from core.storage.whole import whole_file

RESAVED = "resaved"
"""Loses the records when another program opens and saves it: what it keeps are nodes, facts and their attributes."""
RESPELT = "respelt"
"""Control characters in names, which XML has no place for, are spelt ``_x0007_`` in what other programs see."""
FLATTENED = "flattened"
"""Cells that a spreadsheet would run are led by an apostrophe in what other programs see."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format. ``module`` holds its writer and reader; ``loses`` names what its file or its use by others cannot
    keep, each with a text of its own; reading back what was written loses nothing in any of them."""

    id: str
    name: str
    suffix: str
    mime: str
    module: str
    writer: str
    reader: str
    loses: tuple[str, ...] = ()

    def write(self, package: Package, path: Path) -> None:
        """Write a file; it appears under its name only when it is whole."""
        write: Callable[[Package, Path], None] = getattr(_module(self.module), self.writer)
        with whole_file(path) as scratch:
            write(package, scratch)

    def read(self, path: Path, where: str = "") -> Archive:
        """Read a file; raises UnreadableFile for one that is damaged or of another kind."""
        shown = where or path.name
        if path.stat().st_size > unpacked_bytes():
            raise UnreadableFile(
                f"The file has more than {unpacked_bytes() / 1e6:,.0f} MB.",
                where=shown,
                remedy="Raise SHELFGRAPH_MAX_UPLOAD_MB if you trust it.",
            )
        read: Callable[[Path, str], Archive] = getattr(_module(self.module), self.reader)
        return read(path, shown)


_RDF, _XML = "rdf_files", "xml_files"
FORMATS: Mapping[str, Format] = {
    made.id: made
    for made in (
        Format("turtle", "Turtle", "ttl", "text/turtle", _RDF, "write_turtle", "read_turtle"),
        Format("jsonld", "JSON-LD", "jsonld", "application/ld+json", _RDF, "write_jsonld", "read_jsonld"),
        Format("ntriples", "N-Triples", "nt", "application/n-triples", _RDF, "write_ntriples", "read_ntriples"),
        Format(
            "graphml", "GraphML", "graphml", "application/graphml+xml", _XML, "write_graphml", "read_graphml",
            (RESAVED, RESPELT),
        ),
        Format("gexf", "GEXF", "gexf", "application/gexf+xml", _XML, "write_gexf", "read_gexf", (RESAVED, RESPELT)),
        Format("neo4j", "Neo4j CSV", "neo4j.zip", "application/zip", "neo4j_csv", "write", "read", (FLATTENED,)),
        Format("parquet", "Parquet", "parquet.zip", "application/zip", "parquet", "write", "read"),
        Format("json", "Node-link JSON", "json", "application/json", "node_link", "write", "read", (RESAVED,)),
    )
}  # fmt: skip


def format_of(name: str) -> Format:
    """The format of that id; raises GraphError where there is none."""
    found = FORMATS.get(name)
    if found is None:
        raise GraphError(
            f"There is no format {name[:40]!r}.", where="format", remedy=f"Use one of {', '.join(FORMATS)}."
        )
    return found


def format_of_file(path: Path, name: str = "") -> Format:
    """The format of a file by its ending, or, for a zip, by what is in it; raises UnreadableFile for any other."""
    shown = name or path.name
    ending = shown.lower().rpartition(".")[2]
    if ending == "zip":
        return _of_zip(path, shown)
    for found in FORMATS.values():
        if found.suffix == ending:
            return found
    raise UnreadableFile(
        f"A file that ends in {('.' + ending)[:20]!r} is none of the formats.",
        where=shown,
        remedy=f"Use one of {', '.join('.' + f.suffix for f in FORMATS.values())}.",
    )


def _of_zip(path: Path, shown: str) -> Format:
    from core.graph.exchange.zips import zip_reader

    with zip_reader(path, shown) as archive:
        names = set(archive.namelist())
    for name, sign in (("parquet", "evidence.parquet"), ("neo4j", "nodes.csv")):
        if sign in names:
            return FORMATS[name]
    raise UnreadableFile(
        "The zip holds no graph.",
        where=shown,
        remedy="A zip of a graph has nodes.csv or evidence.parquet in it.",
    )


def _module(name: str) -> object:
    return import_module(f"core.graph.exchange.{name}")
