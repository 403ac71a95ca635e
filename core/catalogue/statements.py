"""Statements of prior knowledge, subject, relation, object, from a table or from RDF; each with its line.

A table has columns for the three, and may have one for the type of the subject. Of RDF, N-Triples is read line by
line, so that a broken line costs itself only; Turtle is read whole, and its statements are counted instead of lines.
Resources go by their label (SKOS, RDFS), else by the last part of their address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from core.catalogue.clean import clean_line
from core.catalogue.read import read_tables
from core.catalogue.rows import Content, Issue, RawRow, RawTable
from core.errors import MappingError, UnreadableFile

SUFFIXES = ("csv", "tsv", "xlsx", "json", "jsonl", "parquet", "ttl", "nt")
MOST_CHARS = 500
_COLUMNS = {
    "subject": ("subject", "head", "s", "child", "narrower", "concept", "主体", "主语", "头实体", "下位词"),
    "relation": ("relation", "predicate", "property", "p", "关系", "谓语", "谓词", "属性"),
    "object": ("object", "tail", "o", "value", "parent", "broader", "客体", "宾语", "尾实体", "上位词", "值"),
    "type": ("type", "subject type", "subject_type", "kind", "类型"),
}
_BROADER = frozenset(("broader", "broaderTransitive", "broadMatch", "subClassOf", "subPropertyOf"))
_NARROWER = frozenset(("narrower", "narrowerTransitive", "narrowMatch"))
_LABELS = ("prefLabel", "label", "name", "title")
_STRUCTURE = frozenset(
    (
        *_LABELS, "altLabel", "hiddenLabel", "inScheme", "hasTopConcept", "topConceptOf", "notation", "note",
        "definition", "comment", "scopeNote", "example", "editorialNote", "historyNote", "changeNote", "seeAlso",
        "isDefinedBy", "imports", "versionInfo", "domain", "range", "modified", "created", "creator",
    )
)  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Statement(NamedTuple):
    """One statement in words. ``type`` is what the file says of the subject's type, "" where it says nothing."""

    subject: str
    relation: str
    object: str
    type: str = ""


@dataclass
class Statements:
    """What a file says: good statements by line, rows that cannot be used with the reason, and the number of those that
    only name or order things."""

    content_hash: str
    columns: tuple[str, ...] = ()
    good: list[tuple[int, Statement]] = field(default_factory=list)
    bad: list[tuple[RawRow, Issue]] = field(default_factory=list)
    structural: int = 0


def read_statements(data: bytes | Path, name: str) -> Statements:
    """Everything a file says. Raises UnreadableFile, or MappingError for a table without the three columns."""
    suffix = Path(name).suffix.lower().lstrip(".")
    if suffix in ("ttl", "nt"):
        return _rdf(Content(data), name, suffix)
    return _table(read_tables(data, name)[0], name)


def _table(raw: RawTable, name: str) -> Statements:
    place = _places(raw.columns)
    missing = [part for part in ("subject", "object") if part not in place]
    if missing or ("relation" not in place and not _is_taxonomy(place)):
        raise MappingError(
            f"No column gives the {(missing or ['relation'])[0]} of the statements.",
            where=f"{name}: {', '.join(raw.columns)}"[:200],
            remedy="Name the columns subject, relation and object (and type, if you like), or child and parent.",
        )
    found = Statements(raw.content_hash, raw.columns)
    for row in raw.rows():
        cells = {part: clean_line(row.cells.get(column, "")) for part, column in place.items()}
        relation = cells.get("relation", "broader")
        statement = Statement(cells["subject"], relation, cells["object"], cells.get("type", ""))
        issue = row.issue or _fault(statement)
        if issue:
            found.bad.append((row, issue))
        else:
            found.good.append((row.line, statement))
    return found


def _places(columns: Sequence[str]) -> dict[str, str]:
    folded = {column.strip().casefold(): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for part, names in _COLUMNS.items():
        column = next((folded[name] for name in names if name in folded), None)
        if column is not None:
            found[part] = column
    return found


def _is_taxonomy(place: Mapping[str, str]) -> bool:
    """Two columns whose names say which is the broader one need no relation."""
    return place["object"].strip().casefold() in ("parent", "broader", "上位词")


def _fault(statement: Statement) -> Issue | None:
    for part in ("subject", "relation", "object"):
        words = getattr(statement, part)
        if not any(c.isalnum() for c in words):
            return Issue(part, f"missing_{part}")
        if len(words) > MOST_CHARS:
            return Issue(part, "statement_too_long", f"{len(words)}")
    if statement.subject.casefold() == statement.object.casefold():
        return Issue("object", "says_itself")
    return None


def _rdf(content: Content, name: str, suffix: str) -> Statements:
    with content.open() as reader:
        raw = reader.read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            "The file is not UTF-8.", where=f"{name}, byte {error.start}", remedy="Save it as UTF-8."
        ) from error
    found = Statements(content.fingerprint[0], ("statement",))
    triples = list(_lines(text, found) if suffix == "nt" else enumerate(_turtle(text, name), 1))
    names = _names(triple for _, triple in triples)
    for line, triple in triples:
        _put(found, line, triple, names)
    return found


def _lines(text: str, found: Statements) -> Iterator[tuple[int, Any]]:
    from rdflib import Graph
    from rdflib.exceptions import ParserError

    for line, words in enumerate(text.splitlines(), 1):
        if not words.strip() or words.lstrip().startswith("#"):
            continue
        graph = Graph()
        try:
            graph.parse(data=words + "\n", format="nt")
        except ParserError as error:
            found.bad.append(
                (RawRow(line, {"statement": words}), Issue("", "not_a_triple", str(error)[:200]))
            )
            continue
        yield from ((line, triple) for triple in graph)


def _turtle(text: str, name: str) -> list[Any]:
    from rdflib import Graph
    from rdflib.plugins.parsers.notation3 import BadSyntax

    graph = Graph()
    try:
        graph.parse(data=text, format="turtle")
    except BadSyntax as error:
        raise UnreadableFile(
            "This is not Turtle.",
            where=f"{name}, line {error.lines + 1}",
            remedy="Mend that line, or save the file as N-Triples: there a broken line costs itself only.",
        ) from error
    return sorted(graph)


def _names(triples: Any) -> dict[Any, str]:
    """The label of each resource: the preferred before others, English before other languages, then by the alphabet."""
    ranked: dict[Any, tuple[int, bool, str]] = {}
    for subject, predicate, value in triples:
        kind = _local(predicate)
        if kind in _LABELS and clean_line(str(value)):
            language = getattr(value, "language", None) or ""
            rank = (_LABELS.index(kind), not language.startswith("en"), clean_line(str(value)))
            ranked[subject] = min(ranked.get(subject, rank), rank)
    return {subject: rank[2] for subject, rank in ranked.items()}


def _put(found: Statements, line: int, triple: Any, names: Mapping[Any, str]) -> None:
    from rdflib import BNode
    from rdflib.namespace import RDF

    subject, predicate, value = triple
    kind = _local(predicate)
    if kind in _STRUCTURE or predicate == RDF.type:
        found.structural += 1
        return
    row = RawRow(line, {"statement": f"{subject.n3()} {predicate.n3()} {value.n3()}"})
    if any(isinstance(end, BNode) and end not in names for end in (subject, value)):
        found.bad.append((row, Issue("", "nameless_node")))
        return
    if kind in _NARROWER:
        subject, value = value, subject
    relation = "broader" if kind in _BROADER | _NARROWER else _CAMEL.sub(" ", kind).replace("_", " ")
    statement = Statement(_word(subject, names), relation, _word(value, names))
    issue = _fault(statement)
    if issue:
        found.bad.append((row, issue))
    else:
        found.good.append((line, statement))


def _word(term: Any, names: Mapping[Any, str]) -> str:
    from rdflib import URIRef

    if term in names:
        return names[term]
    return (
        _CAMEL.sub(" ", _local(term)).replace("_", " ") if isinstance(term, URIRef) else clean_line(str(term))
    )


def _local(term: Any) -> str:
    """The last part of an address."""
    return clean_line(unquote(re.split(r"[#/]", str(term).rstrip("#/"))[-1]))
