"""A typed configuration as a form, worded by its page: presets, fields in sections, a field as a widget."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from pydantic import BaseModel

from core.form import Entry, entries
from core.ui.text import t


@dataclass(frozen=True, slots=True)
class PresetForm:
    """A form that starts from a preset. ``first`` are the fields in sight; the others wait behind a click, in
    ``sections``. ``only_for`` has the kinds that a field belongs to, where it does not belong to all of them."""

    page: str
    model: type[BaseModel]
    presets: Mapping[str, BaseModel]
    first: Sequence[str]
    sections: Sequence[str]
    only_for: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def draw(self) -> dict[str, Any]:
        """Draw it and give the value of every field."""
        preset = st.segmented_control(
            t(f"{self.page}.preset"),
            list(self.presets),
            default="balanced",
            format_func=lambda name: t(f"finetune.preset_{name}"),
            help=t(f"{self.page}.preset_help"),
            key=f"{self.page}-preset",
            required=True,
        )
        start = self.presets[preset or "balanced"].model_dump(mode="json")
        every, values = {entry.name: entry for entry in entries(self.model)}, dict(start)

        def field_of(entry: Entry) -> Any:
            return widget(entry, start[entry.name], self.page, f"{self.page}_{preset}")

        for name, column in zip(self.first, st.columns(len(self.first)), strict=True):
            with column:
                values[name] = field_of(every[name])
        rest = [entry for name, entry in every.items() if name not in self.first]
        shown = [one for one in rest if values["kind"] in self.only_for.get(one.name, (values["kind"],))]
        with st.expander(t("common.settings_more")):
            return values | in_sections(self.page, self.sections, shown, field_of)


def in_sections(
    page: str, sections: Sequence[str], shown: Sequence[Entry], draw: Callable[[Entry], Any], columns: int = 2
) -> dict[str, Any]:
    """Draw fields in columns under the headings of their sections, and give their values by name; a section without a
    field is left out."""
    values: dict[str, Any] = {}
    for section in sections:
        own = [entry for entry in shown if entry.section == section]
        if not own:
            continue
        st.markdown(f"**{t(f'{page}.section_{section}')}**")
        places = st.columns(columns)
        for at, entry in enumerate(own):
            with places[at % columns]:
                values[entry.name] = draw(entry)
    return values


def widget(entry: Entry, value: Any, page: str, key: str, *, disabled: bool = False) -> Any:
    """Draw a field that starts at ``value`` and give what it is set to; label, help and options are the page's texts
    ``field_…``, ``help_…`` and ``option_…``. A ``disabled`` one is shown and keeps its value."""
    common: dict[str, Any] = {
        "label": t(f"{page}.field_{entry.name}"),
        "help": t(f"{page}.help_{entry.name}"),
        "key": f"{key}_{entry.name}",
        "disabled": disabled,
    }
    if entry.kind == "choice":
        return st.selectbox(
            options=entry.options,
            index=entry.options.index(value),
            format_func=lambda option: t(f"{page}.option_{option}"),
            **common,
        )
    if entry.kind == "switch":
        return st.toggle(value=value, **common)
    if entry.kind == "text":
        return str(st.text_input(value=str(value), **common)).strip()
    if entry.kind == "whole":
        least, most = int(entry.least or 0), int(entry.most or 10**9)
        return int(st.number_input(value=int(value), min_value=least, max_value=most, step=1, **common))
    step = 10.0 ** math.floor(math.log10(value)) if value else 0.1
    return float(
        st.number_input(
            value=float(value), min_value=entry.least, max_value=entry.most, step=step, format="%g", **common
        )
    )
