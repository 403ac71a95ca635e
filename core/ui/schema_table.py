"""The attributes of a category as a table that is edited in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from core.extract.schema import Attribute
from core.extract.schema_check import SOURCES, VALUE_TYPES, usual_units
from core.extract.schema_edit import Raw, Row, placed, rows, with_rows
from core.extract.schema_text import check, head_of, write
from core.ontology import relation as ontology_relation
from core.storage.workspaces import Workspace
from core.ui.schema_state import Choice, Draft, shares
from core.ui.schema_tools import tools, unlisted
from core.ui.text import language, t

T = TypeVar("T")
HEIGHT = 620
ROW_PIXELS = 35
_COLUMNS = (
    "position", "label_en", "label_zh", "description", "value_type", "unit", "examples", "general", "source", "found",
    "canonical",
)  # fmt: skip


def table(workspace: Workspace, draft: Draft, raw: Raw, choice: Choice) -> None:
    """Draw the table of a category; what is typed goes into the draft at once."""
    if not choice.all and not choice.listed:
        unlisted(draft, raw, choice)
        return
    tools(workspace, draft, raw, choice)
    base = check(draft.base).raw or raw
    before = rows(base, choice.number)
    found = shares(workspace, choice, base)
    frame = _frame(before, found, choice)
    edited = st.data_editor(
        frame,
        key=f"schema_table_{draft.nonce}",
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        height=min(HEIGHT, ROW_PIXELS * (len(frame) + 2) + 3),
        column_order=[name for name in _COLUMNS if name in frame],
        column_config=_config(before),
        disabled=["found", "canonical"],
        placeholder="",
    )
    _take(draft, base, before, edited, choice)
    st.caption(t("schema.table_hint_all" if choice.all else "schema.table_hint"))


def _take(draft: Draft, base: Raw, before: list[Row], edited: pd.DataFrame, choice: Choice) -> None:
    """Put what the table says now into the draft; a moved row starts the table anew in its new order."""
    records = edited.to_dict("records")
    listed = [_row(record, before) for record in records]
    positions = {row.relation: at for at, row in enumerate(before, 1)}
    was = [positions.get(row.relation) for row in listed]
    typed = [_whole(record.get("position")) for record in records]
    typed = [new if old is not None else None for new, old in zip(typed, was, strict=True)]
    ordered = placed(listed, was, typed)
    if ordered == before:
        draft.text = draft.base
        return
    draft.text = write(with_rows(base, ordered, choice.number), head_of(draft.base))
    if any(new is not None and new != old for new, old in zip(typed, was, strict=True)):
        draft.settle()
        st.rerun()


def _frame(listed: Sequence[Row], found: Mapping[str, float], choice: Choice) -> pd.DataFrame:
    here = language()
    data: dict[str, Any] = {
        "relation": [row.relation for row in listed],
        "position": pd.array(range(1, len(listed) + 1), dtype="Int64"),
        "label_en": [row.label.get("en", "") for row in listed],
        "label_zh": [row.label.get("zh", "") for row in listed],
        "description": [row.description.get(here, "") for row in listed],
        "value_type": [row.value_type for row in listed],
        "unit": [row.unit for row in listed],
        "examples": [list(row.examples.get(here, ())) for row in listed],
    }
    if choice.all:
        data |= {"general": [row.general for row in listed], "source": [row.source for row in listed]}
    if found:
        data["found"] = [found.get(row.relation, 0.0) * 100 for row in listed]
    data["canonical"] = [_canonical(row) for row in listed]
    return pd.DataFrame(data)


def _canonical(row: Row) -> str:
    kind = row.value_type if row.value_type in VALUE_TYPES else "text"
    attribute = Attribute(row.relation, {}, value_type=kind)
    return f"{ontology_relation(row.relation).schema_org}: {attribute.schema_type}"


def _config(listed: Sequence[Row]) -> dict[str, Any]:
    made = st.column_config
    units = ("", *usual_units(), *(row.unit for row in listed if row.unit not in usual_units()))
    name = {key: t(f"schema.column_{key}") for key in _COLUMNS}
    hint = {
        key: t(f"schema.column_{key}_help") for key in ("position", "general", "found", "canonical", "unit")
    }
    return {
        "relation": None,
        "position": made.NumberColumn(name["position"], min_value=1, step=1, width=58, help=hint["position"]),
        "label_en": made.TextColumn(name["label_en"], width=120, max_chars=60),
        "label_zh": made.TextColumn(name["label_zh"], width=100, max_chars=60),
        "description": made.TextColumn(name["description"], width=215, max_chars=300),
        "value_type": made.SelectboxColumn(
            name["value_type"],
            options=VALUE_TYPES,
            format_func=lambda kind: t(f"schema.type_{kind}"),
            default="text",
            required=True,
            width=90,
        ),
        "unit": made.SelectboxColumn(name["unit"], options=units, default="", width=75, help=hint["unit"]),
        "examples": made.MultiselectColumn(name["examples"], accept_new_options=True, width=205),
        "general": made.CheckboxColumn(name["general"], default=True, width=105, help=hint["general"]),
        "source": made.SelectboxColumn(
            name["source"],
            options=SOURCES,
            format_func=lambda source: t(f"schema.source_{source}"),
            default="product",
            required=True,
            width=80,
        ),
        "found": made.NumberColumn(name["found"], format="%.0f%%", width=60, help=hint["found"]),
        "canonical": made.TextColumn(name["canonical"], width=140, help=hint["canonical"]),
    }


def _row(record: Mapping[str, Any], before: Sequence[Row]) -> Row:
    """The row of a line of the table; parts that the table does not show stay as they were."""
    relation = _text(record.get("relation"))
    old = next((row for row in before if row.relation == relation), Row())
    here = language()
    labels = {"en": _text(record.get("label_en")), "zh": _text(record.get("label_zh"))}
    examples = record.get("examples")
    listed = tuple(str(value) for value in examples) if isinstance(examples, (list, tuple)) else ()
    general = record.get("general", old.general)
    return replace(
        old,
        label=_with(old.label, labels),
        description=_with(old.description, {here: _text(record.get("description"))}),
        value_type=_text(record.get("value_type")) or "text",
        unit=_text(record.get("unit")),
        examples=_with(old.examples, {here: listed}),
        source=_text(record.get("source")) or old.source,
        general=bool(general) if not pd.isna(general) else True,
    )


def _with(old: Mapping[str, T], new: Mapping[str, T]) -> dict[str, T]:
    """By language: the new ones in place of the old, none where it is empty and was not there before."""
    return {**old, **{code: value for code, value in new.items() if value or code in old}}


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _whole(value: Any) -> int | None:
    return None if value is None or pd.isna(value) else int(value)
