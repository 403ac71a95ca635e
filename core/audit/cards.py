"""A card as plain parts, and its two forms: Markdown and one self-contained page. Whatever a title says stays text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_SPECIAL = re.compile(r"([\\`*_{}\[\]|<>~$&])")
_LINE_START = re.compile(r"^(\d*)([#+\-.)=])(?=\s|$|[#\-=+])")
LONGEST_CELL = 400


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every row has as many cells as ``head``."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a card: pairs of name and value, tables, and sentences."""

    title: str
    pairs: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """A model card or a data card in one ``language``."""

    title: str
    lead: str
    sections: tuple[Section, ...]
    language: str = "en"


def markdown(cards: Sequence[Card]) -> str:
    """The cards as GitHub-flavoured Markdown; nothing of a value is taken for markup."""
    lines: list[str] = []
    for card in cards:
        lines += [f"# {_md(card.title)}", "", _md(card.lead), ""]
        for section in card.sections:
            lines += [f"## {_md(section.title)}", ""]
            lines += [f"- **{_md(name)}**: {_md(value)}" for name, value in section.pairs]
            lines += [""] if section.pairs else []
            for one in section.tables:
                lines += [_md_row(one.head), "|" + " --- |" * len(one.head), *map(_md_row, one.rows), ""]
            for note in section.notes:
                lines += [_md(note), ""]
    return "\n".join(lines).rstrip() + "\n"


def page(cards: Sequence[Card]) -> str:
    """The cards as one HTML page that needs nothing else and runs nothing."""
    language = cards[0].language if cards else "en"
    title = " · ".join(card.title for card in cards)
    body = "".join(_html(card) for card in cards)
    return (
        f'<!doctype html><html lang="{escape(language, quote=True)}"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(shown(title))}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def shown(text: str) -> str:
    """The text on one line, without control and direction marks, cut at LONGEST_CELL characters."""
    kept = "".join(" " if one.isspace() else one for one in text if one.isspace() or _visible(one))
    line = " ".join(kept.split())
    return line if len(line) <= LONGEST_CELL else line[: LONGEST_CELL - 1].rstrip() + "…"


def _visible(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co")


def _md(text: str) -> str:
    # Bare addresses would become links, and a first character a list or a heading.
    inert = _SPECIAL.sub(r"\\\1", shown(text)).replace("://", ":\\/\\/").replace("www.", "www\\.")
    return _LINE_START.sub(r"\1\\\2", inert)


def _md_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_md(cell) or " " for cell in cells) + " |"


def _html(card: Card) -> str:
    return (
        f"<article><h1>{escape(shown(card.title))}</h1><p class=lead>{escape(shown(card.lead))}</p>"
        + "".join(_html_section(section) for section in card.sections)
        + "</article>"
    )


def _html_section(section: Section) -> str:
    pairs = "".join(
        f"<dt>{escape(shown(name))}</dt><dd>{escape(shown(value))}</dd>" for name, value in section.pairs
    )
    tables = "".join(_html_table(one) for one in section.tables)
    notes = "".join(f"<p>{escape(shown(note))}</p>" for note in section.notes)
    listed = f"<dl>{pairs}</dl>" if pairs else ""
    return f"<section><h2>{escape(shown(section.title))}</h2>{listed}{tables}{notes}</section>"


def _html_table(one: Table) -> str:
    head = "".join(f"<th>{escape(shown(cell))}</th>" for cell in one.head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(shown(cell))}</td>" for cell in row) + "</tr>" for row in one.rows
    )
    return f"<div class=scroll><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:15px/1.55 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "article+article{margin-top:3rem;border-top:3px double}h1{font-size:1.7rem;margin:1.2rem 0 .2rem}"
    "h2{font-size:1.1rem;margin:1.6rem 0 .4rem}.lead{opacity:.75;margin-top:0}"
    "dl{display:grid;grid-template-columns:minmax(9rem,max-content) 1fr;gap:.15rem 1.2rem;margin:0}dt{opacity:.7}"
    "dd{margin:0;overflow-wrap:anywhere}.scroll{overflow-x:auto}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.5rem 0}"
    "th,td{text-align:left;padding:.2rem .9rem .2rem 0;border-bottom:1px solid #8884;overflow-wrap:anywhere}"
)
