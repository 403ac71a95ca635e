"""GraphML and GEXF: nodes and facts as other programs draw them, and the records, which they pass over.

GraphML holds the records as data of the graph; GEXF, whose graph has no data of its own, in an element of ShelfGraph's
namespace behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from core.graph.exchange.drawn import EDGE_ATTRIBUTES, NODE_ATTRIBUTES, edges, nodes
from core.graph.exchange.model import Archive, Package
from core.graph.exchange.rows import archive_of_lines, broken, lines, text_of
from core.graph.exchange.spelling import json_in_xml, to_xml

NAMESPACE = "urn:shelfgraph:ns:"
_GRAPHML, _GEXF = "http://graphml.graphdrawing.org/xmlns", "http://gexf.net/1.3"
_PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n'
_RECORDS = "shelfgraph"


def write_graphml(package: Package, path: Path) -> None:
    """Write GraphML."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(f'{_PROLOGUE}<graphml xmlns="{_GRAPHML}">\n')
        for owner, names in (
            ("node", NODE_ATTRIBUTES),
            ("edge", EDGE_ATTRIBUTES),
            ("graph", {_RECORDS: "string"}),
        ):
            for name, kind in names.items():
                out.write(
                    f'<key id="{owner[0]}_{name}" for="{owner}" attr.name="{name}" attr.type="{kind}"/>\n'
                )
        out.write('<graph edgedefault="directed">\n')
        for node in nodes(package):
            out.write(f'<node id="{to_xml(node["id"])}">{_data("n", NODE_ATTRIBUTES, node)}</node>\n')
        for edge in edges(package):
            ends = f'source="{to_xml(edge["source"])}" target="{to_xml(edge["target"])}"'
            out.write(f'<edge id="{edge["key"]}" {ends}>{_data("e", EDGE_ATTRIBUTES, edge)}</edge>\n')
        out.write(f'<data key="g_{_RECORDS}">\n')
        _records(out, package.archive)
        out.write("</data>\n</graph>\n</graphml>\n")


def write_gexf(package: Package, path: Path) -> None:
    """Write GEXF 1.3."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(f'{_PROLOGUE}<gexf xmlns="{_GEXF}" version="1.3">\n')
        out.write(
            '<meta><creator>ShelfGraph</creator></meta>\n<graph defaultedgetype="directed" mode="static">\n'
        )
        for owner, names in (("node", _GEXF_NODE), ("edge", EDGE_ATTRIBUTES)):
            out.write(f'<attributes class="{owner}">')
            for name, kind in names.items():
                shown = "integer" if kind == "int" else kind
                out.write(f'<attribute id="{owner[0]}_{name}" title="{name}" type="{shown}"/>')
            out.write("</attributes>\n")
        out.write("<nodes>\n")
        for node in nodes(package):
            named = f'id="{to_xml(node["id"])}" label="{to_xml(node["label"])}"'
            out.write(f"<node {named}>{_values('n', _GEXF_NODE, node)}</node>\n")
        out.write("</nodes>\n<edges>\n")
        for edge in edges(package):
            ends = f'source="{to_xml(edge["source"])}" target="{to_xml(edge["target"])}"'
            named = f'id="{edge["key"]}" label="{to_xml(edge["relation"])}" weight="{edge["confidence"]!r}"'
            out.write(f"<edge {named} {ends}>{_values('e', EDGE_ATTRIBUTES, edge)}</edge>\n")
        out.write(f'</edges>\n</graph>\n<sg:{_RECORDS} xmlns:sg="{NAMESPACE}">\n')
        _records(out, package.archive)
        out.write(f"</sg:{_RECORDS}>\n</gexf>\n")


def read_graphml(path: Path, where: str) -> Archive:
    """Read GraphML; raises UnreadableFile for a file without the records of ShelfGraph."""
    return _read(path, where, f"{{{_GRAPHML}}}data", f"g_{_RECORDS}")


def read_gexf(path: Path, where: str) -> Archive:
    """Read GEXF; raises UnreadableFile for a file without the records of ShelfGraph."""
    return _read(path, where, f"{{{NAMESPACE}}}{_RECORDS}", None)


def _read(path: Path, where: str, tag: str, key: str | None) -> Archive:
    text = ""
    try:
        parents: list[Any] = []
        for event, element in iterparse(path, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                parents.append(element)
                continue
            parents.pop()
            if element.tag == tag and element.get("key") == key:
                text = element.text or ""
            if parents:
                parents[-1].remove(element)  # what was read is let go, or the tree holds the whole file
    except DefusedXmlException as error:
        raise broken("it declares a document type, which no graph needs", where) from error
    except ParseError as error:
        raise broken(f"it is not XML ({error})", where) from error
    if not text.strip():
        raise broken("the records of ShelfGraph are missing (another program may have saved it)", where)
    return archive_of_lines(text.strip("\n").split("\n"), where)


_GEXF_NODE = {name: kind for name, kind in NODE_ATTRIBUTES.items() if name != "label"}


def _data(owner: str, names: Iterable[str], values: Mapping[str, Any]) -> str:
    return "".join(f'<data key="{owner}_{name}">{_text(values[name])}</data>' for name in names)


def _values(owner: str, names: Iterable[str], values: Mapping[str, Any]) -> str:
    made = (f'<attvalue for="{owner}_{name}" value="{_text(values[name])}"/>' for name in names)
    return f"<attvalues>{''.join(made)}</attvalues>"


def _text(value: Any) -> str:
    return to_xml(value) if isinstance(value, str) else text_of(value)


def _records(out: TextIO, archive: Archive) -> None:
    for line in lines(archive):
        out.write(json_in_xml(line) + "\n")
