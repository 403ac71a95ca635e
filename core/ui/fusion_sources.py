"""The view "Sources": what each adds alone, shares and contradicts, and how it is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from html import escape

import pandas as pd
import streamlit as st

from core.catalogue.sources import Source
from core.graph.contributions import Contribution, Contributions
from core.graph.departure import delete_source, departure
from core.graph.model import Graph
from core.jobs import Jobs
from core.storage.workspaces import Workspace
from core.ui.catalogue_state import kind_name
from core.ui.facts import chips
from core.ui.fusion_state import shares, source_name, sources_of
from core.ui.shell import guarded, param, set_params
from core.ui.tables import export_button, table
from core.ui.text import ago, number, percent, relation_label, t

DELETED_AT_ONCE = 20_000
LISTED = 12
_PARTS = ("alone", "shared", "contradicted")


def draw(workspace: Workspace, graph: Graph) -> None:
    """Draw the view."""
    found, sources = shares(graph), sources_of(workspace)
    _bars(found, sources)
    chosen = _table(found, sources)
    share = next((row for row in found.sources if row.source == chosen), None)
    if chosen in sources:
        _source(workspace, graph, sources[chosen], share or Contribution(chosen))
    else:
        st.caption(t("fusion.choose_source"))


def _bars(found: Contributions, sources: Mapping[str, Source]) -> None:
    """One bar a source on one scale: what only it says, what others say too, and what others contradict."""
    most = max((row.facts for row in found.sources), default=1)
    rows = []
    for row in found.sources:
        contradicted = min(row.contradicted, row.alone)
        parts = {"alone": row.alone - contradicted, "shared": row.shared, "contradicted": contradicted}
        bars = "".join(
            f'<span class="sg-fuse-{part}" style="width:{count / most:.4%}" '
            f'title="{escape(t(f"fusion.{part}"))}: {number(count)}"></span>'
            for part, count in parts.items()
            if count
        )
        rows.append(
            f'<div class="sg-fuse-row"><div class="sg-fuse-name">{escape(source_name(sources, row.source))}</div>'
            f'<div class="sg-fuse-bar">{bars}</div><div class="sg-fuse-figure">{number(row.facts)}</div></div>'
        )
    key = "".join(
        f'<span class="sg-fuse-key sg-fuse-{part}-key">{escape(t(f"fusion.{part}"))}</span>'
        for part in _PARTS
    )
    st.html(f'<div class="sg-fuse">{"".join(rows)}</div><div class="sg-fuse-keys">{key}</div>')


def _table(found: Contributions, sources: Mapping[str, Source]) -> str:
    """The same as a table; gives the id of the chosen source."""
    missing = [one for one in sources if one not in {row.source for row in found.sources}]
    rows = [*found.sources, *(Contribution(one) for one in missing)]
    frame = pd.DataFrame(
        {
            "source": [source_name(sources, row.source) for row in rows],
            "facts": [row.facts for row in rows],
            "alone": [row.alone for row in rows],
            "shared": [row.shared for row in rows],
            "contradicted": [row.contradicted for row in rows],
            "products": [row.products for row in rows],
            "products_alone": [row.products_alone for row in rows],
            "values_alone": [row.values_alone for row in rows],
            "gain": [100 * row.gain for row in rows],
        }
    )
    columns: dict[str, object] = {
        name: st.column_config.NumberColumn(
            t(f"fusion.{name}"), help=t(f"fusion.{name}_help"), format="localized"
        )
        for name in frame.columns[1:-1]
    }
    columns["source"] = st.column_config.TextColumn(t("fusion.source"), width=150)
    columns["gain"] = st.column_config.NumberColumn(
        t("fusion.gain"), help=t("fusion.gain_help"), format="+%.1f pp"
    )
    st.caption(t("fusion.completeness", share=percent(found.completeness), n=number(found.asked)))
    picked = table(frame, "fusion_sources", columns=columns, selection=True)
    export_button(frame.rename(columns={name: t(f"fusion.{name}") for name in frame}), "sources")
    chosen = rows[picked[0]].source if picked else param("source", "") or ""
    set_params(source=chosen or None)
    return chosen


def _source(workspace: Workspace, graph: Graph, source: Source, share: Contribution) -> None:
    st.html(
        f'<h3 class="sg-h3">{escape(source.name)}</h3><p class="sg-quiet">{escape(kind_name(source.kind))} · '
        f"{escape(ago(source.imported_at))} · {escape(t('fusion.rows', n=number(source.rows_ok)))}</p>"
    )
    if share.relations_alone:
        st.caption(t("fusion.relations_alone"))
        shown = share.relations_alone[:LISTED]
        st.html(chips(("", relation_label(relation)) for relation in shown))
        if len(share.relations_alone) > LISTED:
            st.caption(t("fusion.more", n=number(len(share.relations_alone) - LISTED)))
    with st.popover(t("fusion.delete"), icon=":material/delete:"):
        _deletion(workspace, graph, source)


def _deletion(workspace: Workspace, graph: Graph, source: Source) -> None:
    """What would go, and the button that lets it go."""
    asked = f"fusion_departure_{source.id}"
    if not st.session_state.get(asked):
        st.caption(t("fusion.delete_hint"))
        st.button(
            t("fusion.delete_preview"),
            icon=":material/visibility:",
            key=f"{asked}_ask",
            on_click=lambda: st.session_state.update({asked: True}),
        )
        return
    with guarded():
        going = departure(workspace, source.id)
        st.markdown(
            t(
                "fusion.delete_what",
                items=number(going.items),
                facts=number(len(going.gone)),
                left=number(len(graph.facts) - len(going.gone) + len(going.come)),
            )
        )
        if going.come:
            st.caption(t("fusion.delete_come", n=number(len(going.come))))
        examples = [
            (f.relation, f"{graph.label(f.subject)[:40]} → {graph.label(f.object)}") for f in going.gone
        ]
        st.html(chips(examples[:6]))
        st.button(
            t("fusion.delete_sure"),
            type="primary",
            icon=":material/delete:",
            key=f"{asked}_do",
            on_click=partial(_delete, workspace, source, asked),
        )


def _delete(workspace: Workspace, source: Source, asked: str) -> None:
    st.session_state.pop(asked, None)
    with guarded():
        if source.rows_ok > DELETED_AT_ONCE:
            job = Jobs(workspace).submit("import", {"action": "delete", "source_id": source.id})
            set_params(job=job, source=None)
            return
        delete_source(workspace, source.id)
        set_params(source=None)
        st.toast(t("fusion.deleted", name=source.name), icon=":material/delete:")
