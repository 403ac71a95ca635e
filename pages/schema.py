"""Schema: what to look for in each category, edited as a table or as text, proposed from the catalogue, versioned."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape

import streamlit as st

from core.extract.schema_edit import Raw, category_names, rows
from core.settings import ASSETS
from core.stages.schema_versions import InForce, in_force, read_with
from core.storage.workspaces import Workspace
from core.ui import schema_save
from core.ui.schema_history import history
from core.ui.schema_propose import proposals, take
from core.ui.schema_state import VIEWS, Choice, Draft, choices, chosen, discard, draft_of, labels, show, view
from core.ui.schema_table import table
from core.ui.schema_yaml import editor, remarks
from core.ui.shell import go, header, run_page, set_params
from core.ui.text import number, t
from core.ui.told import told

STYLE = ASSETS / "css" / "schema.css"
Action = Callable[[], object]


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    schema_save.failed()
    # In the line of state, as a toast would lie over the button that is wanted next.
    said = told("schema")
    force = in_force(workspace)
    draft = draft_of(workspace, force)
    raw = draft.checked().raw
    # A text that cannot be read has no table: the text is where it is mended.
    shown = view() if raw is not None or view() == "versions" else "yaml"
    choice = _bar(workspace, raw, shown)
    draft.at(shown, choice.name if choice else "")
    action = _content(workspace, draft, force, raw, choice, shown)
    header("schema", _state(workspace, draft, force, said), action)


def _content(
    workspace: Workspace, draft: Draft, force: InForce, raw: Raw | None, choice: Choice | None, shown: str
) -> Action:
    save = partial(_save, workspace, draft)
    if shown == "versions":
        history(workspace, draft, force)
    elif raw is None or choice is None or shown == "yaml":
        editor(draft)
    elif shown == "propose":
        ticked = proposals(workspace, draft, raw, choice)
        return partial(_take, draft, raw, choice, ticked)
    else:
        table(workspace, draft, raw, choice)
        remarks(draft.text, draft.checked().remarks)
    return save


def _bar(workspace: Workspace, raw: Raw | None, shown: str) -> Choice | None:
    left, right = st.columns([4, 5], vertical_alignment="bottom")
    choice = None
    if raw is not None and shown in ("table", "propose"):
        options = choices(workspace, raw)
        choice = chosen(options, raw)
        names = labels(options)
        ids = list(options)
        with left:
            picked = st.selectbox(
                t("schema.category"),
                ids,
                index=ids.index(choice.name),
                format_func=names.__getitem__,
                key=f"schema_category_{hash(tuple(names.items()))}_{choice.name}",
            )
        if picked != choice.name:
            set_params(c=picked or None)
            st.rerun()
    views = VIEWS if raw is not None else ("yaml", "versions")
    with right, st.container(horizontal=True, horizontal_alignment="right"):
        turned = st.segmented_control(
            t("schema.view"),
            views,
            default=shown,
            format_func=lambda name: t(f"schema.view_{name}"),
            key=f"schema_view_{shown}_{len(views)}",
            label_visibility="collapsed",
            required=True,
        )
    if turned != shown:
        show(turned)
        st.rerun()
    return choice


def _state(workspace: Workspace, draft: Draft, force: InForce, said: str) -> str:
    found = draft.checked()
    if found.raw is None:
        fatal = sum(remark.fatal for remark in found.remarks)
        return t("schema.state_faulty", n=number(fatal))
    size = t(
        "schema.state",
        attributes=number(len(rows(found.raw))),
        categories=number(len(category_names(found.raw))),
    )
    if said:
        size = f"{size} · <strong>{escape(said)}</strong>"
    if draft.changed:
        return f"{size} · <strong>{escape(t('schema.state_unsaved'))}</strong>"
    if said:
        return size
    origin = t("schema.state_own") if force.own else t("schema.state_shipped")
    parts = [size, t("schema.state_version", version=f"<code>{force.version[:8]}</code>", origin=origin)]
    read = read_with(workspace)
    if read:
        parts.append(t("schema.state_read" if read == force.version else "schema.state_stale"))
    return " · ".join(parts)


def _save(workspace: Workspace, draft: Draft) -> None:
    fatal = any(remark.fatal for remark in draft.checked().remarks)
    if draft.changed:
        st.button(
            t("schema.discard"), key="schema-discard", type="tertiary", on_click=discard, args=(workspace,)
        )
    elif read_with(workspace) not in ("", in_force(workspace).version):
        _build_again()
    if st.button(
        t("schema.save"),
        type="primary",
        icon=":material/save:",
        key="schema-save",
        disabled=not draft.changed or fatal,
    ):
        schema_save.ask(workspace, draft)


def _build_again() -> None:
    if st.button(t("schema.build_again"), icon=":material/auto_awesome_motion:", key="schema-build"):
        go("build")


def _take(draft: Draft, raw: Raw, choice: Choice, ticked: list[object]) -> None:
    st.button(
        t("schema.take", n=number(len(ticked))),
        type="primary",
        icon=":material/playlist_add_check:",
        key="schema-take",
        disabled=not ticked,
        on_click=take,
        args=(draft, raw, choice, ticked),
    )


run_page("schema", render)
