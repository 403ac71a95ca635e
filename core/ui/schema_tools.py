"""What can be done to the categories of a schema, and to the attributes of one, beside its table."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.extract.findings import stock
from core.extract.schema import Attribute
from core.extract.schema_edit import (
    Raw,
    Row,
    moved,
    renamed,
    rows,
    with_category,
    with_rows,
    without_category,
)
from core.storage.workspaces import Workspace
from core.ui.schema_state import Choice, Draft, choices, show
from core.ui.shell import empty
from core.ui.text import distinct, language, number, t


def tools(workspace: Workspace, draft: Draft, raw: Raw, choice: Choice) -> None:
    """Draw what can be done beside the table: add attributes, add a category, change this one."""
    with st.container(horizontal=True, vertical_alignment="center", key="schema-tools", gap="small"):
        if not choice.all:
            st.caption(
                t(
                    "schema.about_category",
                    n=number(len(rows(raw, choice.number))),
                    products=number(choice.products),
                ),
                width="content",
            )
        with st.popover(t("schema.add_attribute"), icon=":material/playlist_add:"):
            _add_attributes(draft, raw, choice)
        with st.popover(t("schema.add_category"), icon=":material/create_new_folder:"):
            _add_category(workspace, draft, raw)
        if choice.listed:
            with st.popover(t("schema.this_category"), icon=":material/edit:"):
                _edit_category(draft, raw, choice)


def _add_attributes(draft: Draft, raw: Raw, choice: Choice) -> None:
    """Attributes of the schema that the category does not ask for, and those of the stock."""
    there = rows(raw, choice.number)
    asked = {row.relation for row in there}
    own = {row.relation: row for row in rows(raw) if row.relation not in asked}
    common = {name: _of_stock(a) for name, a in stock().items() if name not in asked and name not in own}
    offered = {**own, **common}
    names = distinct({name: _named(row) for name, row in offered.items()})
    st.caption(t("schema.add_attribute_why"))
    picked = st.multiselect(
        t("schema.attributes"), list(names), format_func=names.__getitem__, key=f"schema_add_{draft.nonce}"
    )
    if st.button(t("schema.add"), disabled=not picked, key="schema-add-go"):
        draft.put(with_rows(raw, [*there, *(offered[name] for name in picked)], choice.number))
        st.rerun()


def _of_stock(attribute: Attribute) -> Row:
    return Row(
        attribute.relation,
        attribute.label,
        attribute.description,
        attribute.value_type,
        attribute.unit,
        source=attribute.source,
    )


def _named(row: Row) -> str:
    return row.label.get(language()) or row.label.get("en") or row.relation


def _add_category(workspace: Workspace, draft: Draft, raw: Raw) -> None:
    options = choices(workspace, raw)
    unlisted = [choice.name for choice in options.values() if not choice.all and not choice.listed]
    names = st.multiselect(
        t("schema.category_names"),
        unlisted,
        accept_new_options=True,
        key=f"schema_new_category_{draft.nonce}",
        help=t("schema.category_names_help"),
    )
    known = {name.casefold() for choice in options.values() if choice.listed for name in choice.names}
    taken = [name for name in names if name.strip().casefold() in known]
    if taken:
        st.caption(t("schema.category_taken", name=taken[0]))
    if st.button(t("common.create"), disabled=not names or bool(taken), key="schema-new-category-go"):
        draft.put(with_category(raw, names, _general(raw)))
        show("table", c=names[0])
        st.rerun()


def _general(raw: Raw) -> list[str]:
    """What a category asks for to begin with: the general attributes of product texts."""
    return [row.relation for row in rows(raw) if row.general and row.source == "product"]


def _edit_category(draft: Draft, raw: Raw, choice: Choice) -> None:
    names = st.text_input(
        t("schema.category_names"),
        ", ".join(choice.names),
        key=f"schema_names_{draft.nonce}",
        help=t("schema.category_rename_help"),
    )
    wanted = [name.strip() for name in names.replace("，", ",").split(",") if name.strip()]
    if st.button(
        t("schema.rename"), disabled=not wanted or tuple(wanted) == choice.names, key="schema-rename"
    ):
        draft.put(renamed(raw, choice.number, wanted))
        show("table", c=wanted[0])
        st.rerun()
    last = len(raw.get("categories") or []) - 1
    with st.container(horizontal=True):
        for way, to in (("upward", choice.number - 1), ("downward", choice.number + 1)):
            st.button(
                t(f"schema.move_{way}"),
                icon=f":material/arrow_{way}:",
                disabled=not 0 <= to <= last,
                key=f"schema-{way}",
                on_click=partial(_put, draft, moved(raw, choice.number, to)),
            )
        st.button(
            t("schema.remove_category"),
            icon=":material/delete:",
            key="schema-remove-category",
            on_click=partial(_put, draft, without_category(raw, choice.number), c=None),
        )


def _put(draft: Draft, raw: Raw, **params: object) -> None:
    draft.put(raw)
    show("table", **params)


def unlisted(draft: Draft, raw: Raw, choice: Choice) -> None:
    """A category of the catalogue that has no list: what happens to it now, and two ways to give it one."""

    def ways() -> None:
        with st.container(horizontal=True, horizontal_alignment="center"):
            if st.button(
                t("schema.propose_for_it"), icon=":material/lightbulb:", key="schema-unlisted-propose"
            ):
                show("propose")
                st.rerun()
            if st.button(t("schema.start_general"), key="schema-unlisted-general"):
                draft.put(with_category(raw, [choice.name], _general(raw)))
                st.rerun()

    empty(
        "schema-unlisted",
        what=t("schema.unlisted_what", name=choice.name, n=number(choice.products)),
        why=t("schema.unlisted_why", n=number(len(_general(raw)))),
        button=ways,
    )
