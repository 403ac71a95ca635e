"""The mapping editor: which column is which field, proposed, changed in place, kept from one table to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core.catalogue.mapping import ColumnMapping, Proposal, propose
from core.catalogue.rows import RawRow, RawTable
from core.catalogue.sources import Source
from core.catalogue.store import Catalogue
from core.catalogue.synonyms import EVENTS, FIELDS, KINDS, PRODUCTS, REQUIRED
from core.catalogue.times import zone
from core.domain import EventKind
from core.errors import MappingError
from core.ui.catalogue_state import field_name, kind_name
from core.ui.shell import problem
from core.ui.text import number, t

COLUMNS_A_ROW = 4


@dataclass(frozen=True)
class Choice:
    """What the user decided about a table. ``source_id`` is that of the source to update, "" for a new one."""

    mapping: ColumnMapping
    source: str
    source_id: str


def choose(
    catalogue: Catalogue,
    table: RawTable,
    head: Sequence[RawRow],
    known: Sequence[Source],
    *,
    key: str,
    shown: bool,
) -> Choice:
    """The choice for a table; drawn where ``shown``, otherwise as it was left."""
    slot = f"mapping-{key}-{len(table.columns)}"
    proposal: Proposal = st.session_state.get(slot) or catalogue.propose(table)
    if shown:
        proposal = _edit(table, head, proposal, slot)
    st.session_state[slot] = proposal
    return _target(table, proposal.mapping, known, slot, shown=shown)


def _edit(table: RawTable, head: Sequence[RawRow], proposal: Proposal, slot: str) -> Proposal:
    kind = st.segmented_control(
        t("catalogue.kind"),
        KINDS,
        default=proposal.mapping.kind,
        format_func=kind_name,
        key=f"{slot}-kind",
        help=t("catalogue.kind_help"),
    ) or proposal.mapping.kind  # fmt: skip
    if kind != proposal.mapping.kind:
        proposal = propose(table.columns, head, kind)
    fields = _fields(table, proposal, f"{slot}-{kind}")
    rest = [column for column in table.columns if column not in fields.values()]
    mapping = replace(proposal.mapping, fields=fields)
    if kind == PRODUCTS and rest:
        kept = [column for column in proposal.mapping.attributes if column in rest]
        chosen = st.multiselect(
            t("catalogue.attributes"),
            rest,
            kept,
            key=f"{slot}-attributes",
            help=t("catalogue.attributes_help"),
        )
        mapping = replace(mapping, attributes=tuple(chosen))
    return replace(proposal, mapping=_details(mapping, proposal, slot))


def _fields(table: RawTable, proposal: Proposal, key: str) -> dict[str, str]:
    """One box a field, in rows; required ones are marked, and each says why its column was proposed."""
    kind = proposal.mapping.kind
    found: dict[str, str] = {}
    names = FIELDS[kind]
    for start in range(0, len(names), COLUMNS_A_ROW):
        for place, name in zip(st.columns(COLUMNS_A_ROW), names[start : start + COLUMNS_A_ROW], strict=False):
            proposed = proposal.mapping.fields.get(name, "")
            options = ["", *table.columns]
            reason = proposal.reasons.get(name)
            with place:
                column = st.selectbox(
                    field_name(name) + (" *" if name in REQUIRED[kind] else ""),
                    options,
                    index=options.index(proposed) if proposed in options else 0,
                    format_func=lambda option: option or t("catalogue.no_column"),
                    key=f"{key}-{name}",
                    help=t(f"catalogue.because_{reason}")
                    if reason and proposed
                    else t(f"catalogue.help_{name}"),
                )
            if column:
                found[name] = column
    return found


def _details(mapping: ColumnMapping, proposal: Proposal, slot: str) -> ColumnMapping:
    """What no column tells: the kind of the events, how dates are written, the currency."""
    dated = bool(mapping.fields.get("time"))
    if mapping.kind == EVENTS and not mapping.fields.get("kind"):
        options = [kind.value for kind in EventKind]
        chosen = st.segmented_control(
            t("catalogue.event_kind"),
            options,
            default=mapping.event_kind,
            format_func=lambda name: t(f"catalogue.event_{name}"),
            key=f"{slot}-event-kind",
        )
        mapping = replace(mapping, event_kind=chosen or mapping.event_kind)
    if not (dated or mapping.fields.get("price")):
        return mapping
    with st.expander(t("catalogue.details"), icon=":material/tune:", expanded=proposal.ambiguous_dates):
        if dated:
            mapping = replace(
                mapping,
                day_first=st.checkbox(t("catalogue.day_first"), mapping.day_first, key=f"{slot}-day-first"),
                time_zone=st.text_input(
                    t("catalogue.time_zone"), mapping.time_zone, key=f"{slot}-zone"
                ).strip()
                or "UTC",
            )
            try:
                zone(mapping.time_zone)
            except MappingError as error:
                problem(error)
                mapping = replace(mapping, time_zone="UTC")
        if mapping.fields.get("price"):
            currency = st.text_input(
                t("catalogue.currency"), mapping.currency, max_chars=3, key=f"{slot}-currency"
            )
            mapping = replace(mapping, currency=currency.strip().upper())
    return mapping


def _target(
    table: RawTable, mapping: ColumnMapping, known: Sequence[Source], slot: str, *, shown: bool
) -> Choice:
    """A new source, or a new version of one that is there: the same name and columns mean the latter."""
    same_kind = [source for source in known if source.kind == mapping.kind]
    alike = [one for one in same_kind if one.name == table.name and set(one.columns) == set(table.columns)]
    proposed = alike[0].id if alike else ""
    key = f"{slot}-target-{mapping.kind}"
    chosen: str = st.session_state.get(f"{key}-kept", proposed)
    if shown and same_kind:
        names = {source.id: source.name for source in same_kind}
        options = ["", *names]
        chosen = st.selectbox(
            t("catalogue.target"),
            options,
            index=options.index(chosen) if chosen in options else 0,
            format_func=lambda one: (
                t("catalogue.target_update", name=names[one]) if one else t("catalogue.target_new")
            ),
            key=key,
            help=t("catalogue.target_help"),
        )
        st.session_state[f"{key}-kept"] = chosen
        updated = next((source for source in same_kind if source.id == chosen), None)
        if updated:
            st.caption(t("catalogue.target_note", name=updated.name, n=number(updated.rows_ok)))
    return Choice(mapping, _free_name(table.name, known, mapping.kind), chosen)


def _free_name(name: str, known: Sequence[Source], kind: str) -> str:
    """The name of a new source: a second file of a name gets a number, so that it does not replace the first."""
    taken = {source.name for source in known if source.kind == kind}
    final, count = name, 1
    while final in taken:
        count += 1
        final = f"{name} ({count})"
    return final
