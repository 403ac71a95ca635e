"""Turtle, N-Triples and JSON-LD, written as a stream and read by rdflib's parsers into descriptions, not into a graph:
a store with three indices would take several times the memory and the time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import UnreadableFile
from core.graph.exchange.model import TABLES, Archive, Package
from core.graph.exchange.rdf_terms import (
    CLASSES,
    PREFIXES,
    Term,
    descriptions,
    full,
    term,
)
from core.graph.exchange.rows import archive_of, broken, columns, header_of, record_of, value_of

_ESCAPE = re.compile('["\\\\\x00-\x1f\x7f-\x9f\ufffe\uffff\u2028\u2029\ufeff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_FAILURES = (
    SyntaxError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, OSError,
)  # fmt: skip
"""Beside errors of their own, rdflib's parsers let through what goes wrong inside of them."""
_LOCAL = re.compile(r"[A-Za-z]\w*", re.ASCII)


def write_turtle(package: Package, path: Path) -> None:
    """Write Turtle, one paragraph a subject."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for prefix, iri in PREFIXES.items():
            out.write(f"@prefix {prefix}: <{iri}> .\n")
        for subject, said in descriptions(package):
            parts = [f"{_turtle_name(predicate)} {_turtle(found)}" for predicate, found in said]
            out.write(f"\n<{subject}> " + " ;\n  ".join(parts) + " .\n")


def write_ntriples(package: Package, path: Path) -> None:
    """Write N-Triples, one line a triple."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for subject, said in descriptions(package):
            for predicate, found in said:
                out.write(f"<{subject}> <{full(predicate)}> {_ntriples(found)} .\n")


def write_jsonld(package: Package, path: Path) -> None:
    """Write JSON-LD 1.1: a context of prefixes and one object a subject."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write('{"@context": ' + json.dumps(dict(PREFIXES)) + ',\n"@graph": [\n')
        for number, (subject, said) in enumerate(descriptions(package)):
            out.write(",\n" if number else "")
            out.write(json.dumps(_object(subject, said), ensure_ascii=False))
        out.write("\n]}\n")


def read_turtle(path: Path, where: str) -> Archive:
    """Read Turtle; raises UnreadableFile with the parser's line for what is none."""
    return _read(path, where, "turtle")


def read_ntriples(path: Path, where: str) -> Archive:
    """Read N-Triples."""
    return _read(path, where, "nt11")


def read_jsonld(path: Path, where: str) -> Archive:
    """Read JSON-LD; a context that would have to be fetched is refused."""
    try:
        found = json.loads(path.read_bytes())
        _refuse_remote(found, where)
    except (ValueError, RecursionError) as error:
        raise broken(f"it is not JSON ({error})", where) from error
    return _read(path, where, "json-ld", found)


def _read(path: Path, where: str, form: str, parsed: Any = None) -> Archive:
    from rdflib import Dataset, Graph
    from rdflib.exceptions import Error

    from core.graph.exchange.rdf_sink import Sink

    sink = Sink()
    try:
        if parsed is None:
            Graph(store=sink).parse(str(path), format=form)
        else:
            from rdflib.plugins.parsers.jsonld import to_rdf

            to_rdf(parsed, Dataset(store=sink))
    except (Error, *_FAILURES) as error:
        raise broken(f"it is no {form} ({' '.join(str(error).split())[:240]})", where) from error
    return _archive(sink.subjects, where)


def _archive(subjects: Mapping[str, Mapping[str, list[str]]], where: str) -> Archive:
    kind, value = full("rdf:type"), full("rdf:value")
    classes = {full(names[0]): table for table, names in CLASSES.items()}
    tables: dict[str, list[Any]] = {name: [] for name in TABLES}
    header = None
    for subject, said in subjects.items():
        place = f"{where}, <{subject[:120]}>"
        for name in said.get(kind, ()):
            if name == full("sg:Graph"):
                header = header_of(_header(said, place), where)
            elif (table := classes.get(name)) == "log":
                tables["log"].append(_entry(said.get(value, [""])[0], place))
            elif table == "products" and full(term("products", "id")) not in said:
                continue  # a node of the graph that is called a product elsewhere
            elif table:
                tables[table].append(record_of(table, _values(table, said, place), place))
    if header is None:
        raise broken("the description of the graph is missing", where)
    return archive_of(header, tables)


def _values(table: str, said: Mapping[str, list[str]], where: str) -> dict[str, Any]:
    found = {}
    for column, kind in columns(table).items():
        texts = said.get(full(term(table, column)), [])
        if len(texts) > 1:
            raise broken(f"{column!r} has {len(texts)} values", where)
        missing = "" if kind == "text" else None
        found[column] = value_of(kind, texts[0], where) if texts else missing
    return found


def _entry(text: str, where: str) -> Any:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise broken(f"it is not JSON ({error})", where) from error
    if not isinstance(row, list):
        raise broken("it is no entry of a log", where)
    return record_of("log", dict(zip(columns("log"), row, strict=False)), where)


def _header(said: Mapping[str, list[str]], where: str) -> dict[str, Any]:
    def one(name: str, kind: str) -> Any:
        return value_of(kind, next(iter(said.get(full(f"sg:{name}"), ())), None), where)

    return {
        "name": one("name", "text"),
        "graph_hash": one("graph_hash", "text"),
        "seq": one("seq", "whole"),
        "policy": one("policy", "text") or "{}",
        "format_version": one("format_version", "whole"),
    }


def _refuse_remote(found: Any, where: str) -> None:
    """Only contexts that stand in the file are used: reading a file must not make this server call another."""
    waiting = [found]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            context = item.get("@context")
            for part in context if isinstance(context, list) else [context]:
                if isinstance(part, str) or (isinstance(part, dict) and "@import" in part):
                    raise UnreadableFile(
                        "The file points to a context elsewhere, which is not fetched.",
                        where=where,
                        remedy="Put the context into the file, and try again.",
                    )
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _object(subject: str, said: list[tuple[str, Term]]) -> dict[str, Any]:
    made: dict[str, Any] = {"@id": subject}
    for predicate, found in said:
        if predicate == "rdf:type":
            made.setdefault("@type", []).append(full(found.value))
            continue
        value: Any = {"@id": full(found.value)} if found.iri else found.value
        if found.datatype:
            value = {"@value": found.value, "@type": f"xsd:{found.datatype}"}
        made.setdefault(predicate, []).append(value)
    return made


def _ntriples(found: Term) -> str:
    if found.iri:
        return f"<{full(found.value)}>"
    return f'"{_escaped(found.value)}"' + (f"^^<{full('xsd:' + found.datatype)}>" if found.datatype else "")


def _turtle(found: Term) -> str:
    if found.iri:
        return _turtle_name(found.value)
    return f'"{_escaped(found.value)}"' + (f"^^xsd:{found.datatype}" if found.datatype else "")


def _turtle_name(name: str) -> str:
    prefix, _, local = name.partition(":")
    return name if prefix in PREFIXES and _LOCAL.fullmatch(local) else f"<{full(name)}>"


def _escaped(text: str) -> str:
    return _ESCAPE.sub(lambda m: _SHORT.get(m[0]) or f"\\u{ord(m[0]):04X}", text)
