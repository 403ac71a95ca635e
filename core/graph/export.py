"""A view in files that other programs read: pyvis HTML, GraphML, CSV, node-link JSON.

Labels are text in each of them: no label can run as a script, be a formula, or break the file.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from html import escape
from typing import Any

import networkx as nx

from core.graph.layout import Point
from core.graph.model import product_id
from core.graph.query import View
from core.ontology import RELATIONS, Family, family
from core.shorten import shorten
from core.spreadsheet import defused

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EXTERNAL = re.compile(
    r"""<link\b[^>]*?href="https?:[^>]*>|<script\b[^>]*?src="https?:[^>]*>\s*</script>|<center>.*?</center>""",
    re.DOTALL,
)
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
_FAMILY_OF_TYPE = {relation.node_type: relation.family for relation in RELATIONS.values()} | {"Product": None}
FACT_COLUMNS = (
    "product_id", "subject", "relation", "family", "object", "object_id", "object_type", "confidence",
    "supports", "fact_id",
)  # fmt: skip


def node_family(node_type: str) -> Family | None:
    """The family a node is coloured by; None for products."""
    return _FAMILY_OF_TYPE.get(node_type, Family.OTHER)


def pyvis_html(
    view: View,
    places: Mapping[str, Point],
    colors: Mapping[Family, str],
    title: str,
    relation_labels: Mapping[str, str] | None = None,
    dark: bool = False,
) -> str:
    """One HTML file that needs no network: vis-network inside, nodes at their ``places``, physics off.

    A content security policy in the page forbids it to load or send anything.
    """
    from pyvis.network import Network

    ink, paper, line = ("#e2e8ef", "#11161d", "#55606e") if dark else ("#1b2430", "#ffffff", "#aab4c0")
    network = Network(height="100vh", width="100%", directed=True, bgcolor=paper, cdn_resources="in_line")
    labels = relation_labels or {}
    for node in view.nodes:
        group = node_family(node.type)
        x, y = places.get(node.id, (0.0, 0.0))
        network.add_node(
            node.id,
            label=shorten(node.label, 32),
            title=f"{node.label}\n{node.type}",
            x=x,
            y=y,
            physics=False,
            shape="box" if group is None else "dot",
            size=18 if node.id == view.center else 11,
            color={"background": paper, "border": ink} if group is None else colors[group],
            font={"color": ink, "size": 13},
            borderWidth=2 if node.id == view.center else 1,
        )
    for fact in view.facts:
        name = labels.get(fact.relation, fact.relation)
        network.add_edge(
            fact.subject,
            fact.object,
            title=f"{name} · {fact.confidence:.2f}",
            color={"color": colors[family(fact.relation)], "opacity": 0.35 + 0.5 * fact.confidence},
            width=1.4,
            arrows={"to": {"enabled": True, "scaleFactor": 0.45}},
        )
    network.set_options(
        json.dumps(
            {
                "physics": {"enabled": False},
                "interaction": {"hover": True, "dragNodes": True, "keyboard": {"enabled": True}},
                "edges": {"smooth": False, "color": {"color": line}},
            }
        )
    )
    head = (
        f'<head><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title>"
        f"<style>html,body{{margin:0;background:{paper}}}#mynetwork{{border:0!important}}</style>"
    )
    page = _EXTERNAL.sub("", network.generate_html(notebook=False))
    return "<!DOCTYPE html>\n" + page.replace("<head>", head, 1)


def graphml(view: View) -> bytes:
    """GraphML of the view; characters that XML cannot hold become U+FFFD."""
    buffer = io.BytesIO()
    nx.write_graphml(_network(view, _xml), buffer, encoding="utf-8")
    return buffer.getvalue()


def node_link(view: View) -> str:
    """The view as node-link JSON, as networkx and D3 read it."""
    return json.dumps(nx.node_link_data(_network(view, str), edges="links"), ensure_ascii=False, indent=1)


def fact_rows(view: View) -> list[dict[str, Any]]:
    """One row a fact with the columns ``FACT_COLUMNS``, ordered by subject, relation and value."""
    nodes = {node.id: node for node in view.nodes}
    rows = [
        {
            "product_id": product_id(fact.subject) or "",
            "subject": nodes[fact.subject].label,
            "relation": fact.relation,
            "family": family(fact.relation).value,
            "object": nodes[fact.object].label,
            "object_id": fact.object,
            "object_type": nodes[fact.object].type,
            "confidence": round(fact.confidence, 4),
            "supports": len(fact.supports),
            "fact_id": fact.id,
        }
        for fact in view.facts
    ]
    return sorted(rows, key=lambda row: (str(row["subject"]), str(row["relation"]), str(row["object"])))


def fact_csv(view: View) -> bytes:
    """The facts as CSV in UTF-8 with a byte-order mark; cells that a spreadsheet would run are led by an apostrophe."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, FACT_COLUMNS)
    writer.writeheader()
    for row in fact_rows(view):
        writer.writerow(
            {name: defused(value) if isinstance(value, str) else value for name, value in row.items()}
        )
    return buffer.getvalue().encode("utf-8-sig", "replace")


def _network(view: View, clean: Any) -> Any:
    network = nx.MultiDiGraph()
    for node in view.nodes:
        network.add_node(
            clean(node.id),
            label=clean(node.label),
            type=clean(node.type),
            aliases=clean(" | ".join(node.aliases)),
        )
    for fact in view.facts:
        network.add_edge(
            clean(fact.subject),
            clean(fact.object),
            key=fact.id,
            relation=clean(fact.relation),
            family=family(fact.relation).value,
            confidence=round(fact.confidence, 6),
            supports=len(fact.supports),
        )
    return network


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
