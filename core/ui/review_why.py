"""A fold in a reviewer's card: why was this read? The words that made the reader say so, and what it went by."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.domain import Assertion, Document, DocumentKind
from core.explain.reading import Why, by_span_reader, by_tagger, why_read
from core.explain.words import Segment, WordShares
from core.extract.joint import READER, TAGGER, Joint
from core.extract.tagger import Clue, Tagger
from core.extract.teach import reader_of, tagger_of
from core.graph.review import Item
from core.stages.schema_versions import in_force
from core.storage.workspaces import Workspace
from core.ui.explain_view import coloured_words
from core.ui.review_edit import excerpt
from core.ui.text import percent, relation_label, t

READER_WORDS = 6
"""The span reader is slower by far, so fewer words are weighed: 64 readings instead of 256."""
NEAR = 240
"""So many letters of the text are shown around the value: those weighed are its nearest words."""
HARDLY = 0.05
"""A tagger less sure than this did not read the value by itself: shares in so little are noise."""

_CLUES: tuple[tuple[str, str], ...] = (
    ("w=", "word"), ("s=", "shape"), ("s-1,0,+1=", "shapes"), ("s-1=", "shapes"), ("s+1=", "shapes"),
    ("p2=", "starts"), ("p3=", "starts"), ("p4=", "starts"), ("e2=", "ends"), ("e3=", "ends"), ("e4=", "ends"),
    ("unit=", "unit"), ("counts", "counts"), ("number", "number"), ("digits=", "digits"),
    ("lex=", "listed"), ("lex>", "before_listed"), ("lex<", "after_listed"),
    ("gaz=", "learned"), ("gaz>", "before_learned"), ("gaz<", "after_learned"),
    ("known", "column"), ("-1,0,+1=", "around"), ("-1,0=", "pair"), ("0,+1=", "pair"), ("-2,-1=", "before"),
    ("+1,+2=", "after"), ("-1=", "before"), ("+1=", "after"), ("-2=", "before"), ("+2=", "after"),
    ("k=", "pattern"), ("at=", "place"), ("last", "place"), ("glued", "glued"), ("seg=", "place"),
    ("c=", "category"), ("s", "segment"),
)  # fmt: skip


def why_fold(workspace: Workspace, item: Item, document: Document) -> None:
    """Draw the fold for what a tagger or span reader read in this text; nothing for what others said."""
    reading = next(
        (a for a in item.readings if a.extractor in (TAGGER, READER) and a.document_id == document.id), None
    )
    if reading is None or reading.document_hash != document.hash:
        return
    fold = st.expander(
        t("review.why_read"),
        icon=":material/psychology_alt:",
        key=f"review-why-{reading.id}",
        on_change="rerun",
    )
    if not fold.open:
        return
    with fold, st.spinner(t("review.why_read_wait")):
        _draw(workspace, item, reading, document)


def _draw(workspace: Workspace, item: Item, reading: Assertion, document: Document) -> None:
    kind = "review" if document.kind is DocumentKind.REVIEW else "text"
    tagger = _tagger(str(workspace.folder), _version(workspace), workspace)
    found = _why(reading.id, tagger.version, workspace, item.category, kind, reading, document)
    if found is None:
        st.caption(t("review.why_read_gone"))
        return
    tagged = reading.extractor == TAGGER
    if tagged and found.confidence < HARDLY:
        st.markdown(t("review.why_read_pattern", all=percent(found.confidence, 0)))
    else:
        _shares(reading, found)
        if tagged:
            _clues(tagger, reading, document, item.category, kind)
    if tagged and reading.extractor_version != tagger.version:
        st.caption(t("review.why_read_other"))


def _shares(reading: Assertion, found: Why) -> None:
    name = t(f"review.by_{reading.extractor}")
    who = name[:1].upper() + name[1:]
    st.markdown(
        t("review.why_read_told", who=who, base=percent(found.base, 0), all=percent(found.confidence, 0)),
        help=t("review.why_read_help"),
    )
    st.html(coloured_words(_shown(found)))


def _clues(tagger: Tagger, reading: Assertion, document: Document, category: str, kind: str) -> None:
    clues = tagger.clues(document.text, reading.start, reading.end, reading.relation, category, kind)
    rows = "".join(f"<li>{escape(clue_label(clue))}</li>" for clue in _distinct(clues))
    if rows:
        st.html(
            f'<h3 class="sg-review-h">{escape(t("review.clues"))}</h3><ul class="sg-review-why">{rows}</ul>'
        )


def clue_label(clue: Clue) -> str:
    """A feature of the tagger in words, and how much it speaks for the value."""
    for prefix, name in _CLUES:
        if clue.feature.startswith(prefix):
            value = clue.feature.removeprefix(prefix)
            if name in ("listed", "learned"):
                value = value.partition("-")[2]
            if name == "category":
                value = value.partition("|")[0]
            if "listed" in name or "learned" in name:
                value = relation_label(value)
            shown = value.replace("|", " ").strip("<> ") or "–"
            told = t(f"review.clue_{name}", token=clue.token, value=shown)
            return f"{told} (+{clue.weight:.1f})"
    return clue.feature


def _distinct(clues: Sequence[Clue]) -> list[Clue]:
    """The strongest of those that read alike."""
    found: dict[str, Clue] = {}
    for clue in clues:
        found.setdefault(clue_label(clue).rpartition(" (")[0], clue)
    return list(found.values())[:6]


def _shown(found: Why) -> WordShares:
    """The text around the value, its words tinted by their shares."""
    first, last = excerpt(found.text, found.start, found.end, NEAR)
    first += len(found.text[first:last]) - len(found.text[first:last].lstrip())
    before, after = "… " if first else "", " …" if last < len(found.text) else ""
    shift = len(before) - first
    inside = [
        (Segment(word.start + shift, word.end + shift), value)
        for word, value in zip(found.segments, found.values, strict=True)
        if first <= word.start and word.end <= last
    ]
    segments, values = tuple(s for s, _ in inside), [v for _, v in inside]
    shares = found.values[: len(values)].copy()
    shares[:] = values
    text = before + found.text[first:last].rstrip() + after
    return WordShares("shapley", text, segments, shares, found.base, found.confidence)


def _version(workspace: Workspace) -> str:
    current = workspace.folder / "tagger" / "current"
    return current.read_text("utf-8") if current.is_file() else ""


@st.cache_resource(max_entries=4, show_spinner=False)
def _tagger(folder: str, version: str, _workspace: Workspace) -> Tagger:
    return tagger_of(_workspace)


@st.cache_data(max_entries=256, show_spinner=False)
def _why(
    assertion_id: str,
    version: str,
    _workspace: Workspace,
    _category: str,
    _kind: str,
    _reading: Assertion,
    _document: Document,
) -> Why | None:
    place = (_document.text, _reading.start, _reading.end)
    if _reading.extractor == TAGGER:
        tagger = _tagger(str(_workspace.folder), _version(_workspace), _workspace)
        return why_read(by_tagger(tagger, _reading.relation, _category, _kind), *place)
    files, schema = reader_of(_workspace), in_force(_workspace).schema
    if files is None or schema is None:
        return None
    asked = by_span_reader(files.load(), Joint(schema), _reading.relation, _category)
    return why_read(asked, *place, most=READER_WORDS)
