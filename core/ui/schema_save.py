"""What a saving would change, told before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from core.errors import ShelfGraphError
from core.extract.schema_diff import Change, changes, lines, removed_relations
from core.extract.schema_edit import Raw, rows
from core.extract.schema_text import check
from core.stages.schema_versions import NOTE_CHARS, in_force, save
from core.storage.workspaces import Workspace
from core.ui.labels import literal
from core.ui.schema_state import Draft
from core.ui.session import cached_graph
from core.ui.shell import problem
from core.ui.text import NOT_MEASURED, language, listed, number, relation_label, t
from core.ui.told import tell

MOST_CHANGES = 40
_SIGNS = {"added": "+", "asked": "+", "removed": "−", "not_asked": "−"}


def ask(workspace: Workspace, draft: Draft) -> None:
    """Open the dialog that shows what differs and saves it."""

    @st.dialog(t("schema.save_title"), width="large")
    def dialog() -> None:
        force, new = in_force(workspace).text, draft.checked().raw
        old = check(force).raw
        if new is None:
            st.caption(t("schema.save_faulty"))
            return
        if old is not None:
            differences(old, new, force, draft.text)
            _consequence(workspace, old, new)
        st.text_input(t("schema.note"), max_chars=NOTE_CHARS, key="schema-note", help=t("schema.note_help"))
        st.button(
            t("schema.save_go"),
            type="primary",
            icon=":material/save:",
            key="schema-save-go",
            on_click=_save,
            args=(workspace, draft),
        )
        failed()
        if not draft.changed:
            st.rerun()

    dialog()


def failed() -> None:
    """Say why a saving was refused."""
    error = st.session_state.pop("schema_error", None)
    if error is not None:
        problem(error)


def _save(workspace: Workspace, draft: Draft) -> None:
    note = str(st.session_state.get("schema-note") or "")
    try:
        saved = save(workspace, draft.text, based_on=draft.based_on, note=note, actor=actor())
    except ShelfGraphError as error:
        st.session_state["schema_error"] = error
        # Where another version came into force, what differs from that is shown now, and may be saved knowingly.
        draft.based_on = in_force(workspace).text
        return
    draft.based_on = draft.text
    draft.settle()
    tell("schema", t("schema.saved", version=saved.version[:8]))


def differences(old: Raw, new: Raw, before: str, after: str) -> None:
    """Draw the differences in words, and the two texts line by line behind a fold."""
    found = changes(old, new)
    names = {**_names(old), **_names(new)}
    if not found:
        st.caption(t("schema.same_meaning"))
    else:
        st.html(
            f'<ul class="sg-changes">{"".join(_line(change, names) for change in found[:MOST_CHANGES])}</ul>'
        )
        if len(found) > MOST_CHANGES:
            st.caption(t("schema.changes_more", n=number(len(found) - MOST_CHANGES)))
    text = lines(before, after)
    if text:
        with st.expander(t("schema.as_text"), icon=":material/difference:"):
            st.code(text, language="diff", height=320)


def actor() -> str:
    """Who is saving: the address signed in with, "" where nobody signs in."""
    return str(st.user.get("email") or "") if st.user.get("is_logged_in") else ""


def _consequence(workspace: Workspace, old: Raw, new: Raw) -> None:
    """How many facts the next build will keep apart, because what they say is no longer asked for."""
    gone = removed_relations(old, new)
    facts = [fact for fact in cached_graph(workspace).facts.values() if fact.relation in gone]
    if facts:
        names = listed(sorted({relation_label(fact.relation) for fact in facts}))
        st.warning(
            t("schema.facts_apart", n=number(len(facts)), names=literal(names)), icon=":material/info:"
        )


def _names(raw: Raw) -> dict[str, str]:
    here = language()
    return {row.relation: row.label.get(here) or row.label.get("en") or row.relation for row in rows(raw)}


def _line(change: Change, names: Mapping[str, str]) -> str:
    kind = change.kind.rpartition("_")[2] if change.kind != "not_asked" else "not_asked"
    sign = _SIGNS.get(kind, "~")
    key = (
        f"{change.kind}_of"
        if change.kind in ("attribute_changed", "order") and change.category
        else change.kind
    )
    fields = {
        "category": change.category,
        "attribute": names.get(change.relation, change.relation),
        "part": t(f"schema.part_{change.part}") if change.part else "",
        "before": _shown(change.before, change.kind, names),
        "after": _shown(change.after, change.kind, names),
    }
    said = escape(t(f"schema.change_{key}", **fields))
    return f'<li class="sg-change-{_CLASS[sign]}"><b>{sign}</b><span>{said}</span></li>'


def _shown(value: str, kind: str, names: Mapping[str, str]) -> str:
    if kind in ("order", "category_added"):
        value = listed(names.get(part, part) for part in value.replace("; ", ", ").split(", "))
    return (value if len(value) <= 90 else value[:89] + "…") or NOT_MEASURED


_CLASS: Mapping[str, str] = {"+": "more", "−": "less", "~": "other"}
