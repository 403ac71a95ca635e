"""What of SPARQL is let through: reading this graph, in bounded time and space.

A query may not reach for other data (SERVICE, FROM, GRAPH), change any (updates), or hold the processor in one call
that cannot be stopped: regular expressions that backtrack without end (CWE-1333), functions that make long texts
longer over and over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from core.errors import GraphError

MOST_CHARS = 4_000
MOST_GROWING = 3
MOST_QUANTIFIERS = 3
_WHERE = "SPARQL"
_GROWING = ("Builtin_CONCAT", "Builtin_REPLACE", "Builtin_ENCODE_FOR_URI", "Aggregate_GroupConcat")
_ELSEWHERE = {"ServiceGraphPattern": "SERVICE", "Graph": "GRAPH"}
_KINDS = ("SelectQuery", "AskQuery", "ConstructQuery")
_UPDATE = re.compile(r"\b(insert|delete|load|clear|drop|create|copy|move|add)\b", re.IGNORECASE)
_STRINGS = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|<[^>\s]*>|#[^\n]*")
_AFTER_GROUP = re.compile(r"\)\s*[*+{]")
_QUANTIFIER = re.compile(r"(?<!\\)[*+{]")


def prepared(text: str, prefixes: dict[str, Any]) -> Any:
    """The query ready for rdflib; raises GraphError that says what is not let through, or where it cannot be read."""
    from pyparsing import ParseBaseException
    from rdflib.plugins.sparql.algebra import translateQuery
    from rdflib.plugins.sparql.parser import parseQuery

    if len(text) > MOST_CHARS:
        raise _refused(f"A query has at most {MOST_CHARS:,} characters.", "Ask for less at once.")
    try:
        query = translateQuery(parseQuery(text), initNs=prefixes)
    except ParseBaseException as error:
        if _is_update(text):
            raise _refused(
                "The graph can be read here, not changed.", "Ask with SELECT, ASK or CONSTRUCT."
            ) from None
        shown = text[error.loc : error.loc + 40].split("\n")[0]
        raise GraphError(
            f"This is no SPARQL from {shown!r} on." if shown else "The query ends too early.",
            where=f"line {error.lineno}, column {error.col}",
            remedy="Mind brackets, dots and prefixes; prefixes shown under the box need not be declared.",
        ) from None
    except (RecursionError, ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
        raise _refused(
            f"The query cannot be understood ({str(error)[:120]}).", "Write it more simply."
        ) from error
    except Exception as error:
        if type(error) is Exception:  # rdflib has no class of its own for a prefix it does not know
            raise _refused(str(error)[:160], "Declare the prefix, or use one of those shown.") from error
        raise
    _check(query.algebra)
    return query


def _check(algebra: Any) -> None:
    if algebra.name not in _KINDS:
        raise _refused("DESCRIBE is not answered here.", "Ask with SELECT, ASK or CONSTRUCT.")
    growing = 0
    for part in _parts(algebra):
        if part.name in _ELSEWHERE or dict.get(part, "datasetClause"):
            said = _ELSEWHERE.get(part.name, "FROM")
            raise _refused(f"{said} reaches for data elsewhere.", "Ask this graph only.")
        if part.name in ("Builtin_REGEX", "Builtin_REPLACE"):
            _check_expression(part.pattern)
        if part.name in _GROWING:
            growing += 1
            if growing > MOST_GROWING or len(dict.get(part, "arg") or ()) > 8:
                raise _refused(
                    "The query builds longer and longer texts.",
                    f"Use CONCAT, REPLACE and GROUP_CONCAT at most {MOST_GROWING} times in all.",
                )


def _check_expression(pattern: Any) -> None:
    from rdflib import Literal

    text = str(pattern)
    if not isinstance(pattern, Literal) or len(text) > 100:
        raise _refused("A regular expression must be a text of at most 100 characters.", "Write it out.")
    if _AFTER_GROUP.search(text) or len(_QUANTIFIER.findall(text)) > MOST_QUANTIFIERS:
        raise _refused(
            "This regular expression may run without end.",
            f"Repeat no groups, and use *, + and {{}} at most {MOST_QUANTIFIERS} times; CONTAINS often does as well.",
        )


def _parts(part: Any) -> Iterator[Any]:
    """Every part of an algebra, itself included."""
    waiting, seen = [part], set[int]()
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if id(item) in seen:
                continue
            seen.add(id(item))
            if hasattr(item, "name"):
                yield item
            waiting.extend(item.values())
        elif isinstance(item, list | tuple | set):
            waiting.extend(item)


def _is_update(text: str) -> bool:
    return bool(_UPDATE.search(_STRINGS.sub(" ", text)))


def _refused(what: str, remedy: str) -> GraphError:
    return GraphError(what, where=_WHERE, remedy=remedy)
