"""The error browser: every wrong value in its text, by kind of mistake and by attribute or category."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.extract.evaluate import Mistake
from core.ui.evaluate_lit import key, lit
from core.ui.evaluate_state import Kept
from core.ui.shell import param, set_params, whole_param
from core.ui.tables import export_button
from core.ui.text import number, percent, t

if TYPE_CHECKING:
    from pandas import DataFrame

PAGE = 20
KINDS = tuple(kind.value for kind in Mistake)

Row = Mapping[str, Any]


def errors(kept: Kept, narrow: tuple[str, str] | None) -> None:
    """Draw the errors of an evaluation; ``narrow`` is ("attribute" or "category", its name)."""
    rows = [row for row in kept.result["wrong"] if narrow is None or row[narrow[0]] == narrow[1]]
    st.html(f'<h2 class="sg-h2">{escape(t("evaluate.errors"))}</h2>')
    if not kept.result["wrong"]:
        st.caption(t("evaluate.no_errors"))
        return
    kind = _kind(kept, rows)
    shown = sorted(
        (row for row in rows if not kind or row["mistake"] == kind), key=lambda row: -row["confidence"]
    )
    _line(kept, narrow, kind, shown)
    last = max(0, (len(shown) - 1) // PAGE)
    page = min(_page(), last)
    cards = "".join(_card(kept, row) for row in shown[page * PAGE : (page + 1) * PAGE])
    st.html(f'<div class="sg-errors">{cards}</div>')
    if last:
        _turn(page, last, len(shown))


def frame_of(kept: Kept, rows: Sequence[Row]) -> DataFrame:
    """The errors as a table to take away."""
    import pandas as pd

    columns = {
        "id": [row["id"] for row in rows],
        "category": [row["category"] for row in rows],
        "attribute": [row["attribute"] for row in rows],
        "mistake": [row["mistake"] for row in rows],
        "gold": [" | ".join(row["gold"]) for row in rows],
        "given": [row["value"] or "" for row in rows],
        "confidence": [round(row["confidence"], 4) if row["value"] else None for row in rows],
        "text": [kept.result["texts"][row["text"]] for row in rows],
    }
    return pd.DataFrame(columns)


def _kind(kept: Kept, rows: Sequence[Row]) -> str:
    """The kind of mistake that is picked, "" for all."""
    counts = Counter(row["mistake"] for row in rows)
    asked = param("kind", "")
    chosen = st.pills(
        t("evaluate.kind"),
        KINDS,
        default=asked if asked in KINDS else None,
        format_func=lambda name: f"{t(f'evaluate.mistake_{name}')} {number(counts[name])}",
        key=f"evaluate-kind-{kept.id}-{len(rows)}",
        label_visibility="collapsed",
        help=t("evaluate.kind_help"),
    )
    if (chosen or "") != asked:
        set_params(kind=chosen, p=None)
    return str(chosen or "")


def _line(kept: Kept, narrow: tuple[str, str] | None, kind: str, shown: Sequence[Row]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="evaluate-errors-line"):
        told = t(f"evaluate.about_mistake_{kind}") if kind else t("evaluate.surest_first")
        if narrow:
            name = kept.named(narrow[1]) if narrow[0] == "attribute" else narrow[1]
            told = f"**{name}** · {told}"
        st.caption(told, width="content")
        st.html(key(), width="content")
        if shown:
            export_button(frame_of(kept, shown), f"errors-{kept.id}", label=t("evaluate.export_errors"))


def _card(kept: Kept, row: Row) -> str:
    text = kept.result["texts"][row["text"]]
    gold = t("evaluate.or").join(f"“{value}”" for value in row["gold"]) or t("evaluate.nothing")
    given = f"“{row['value']}”" if row["value"] else t("evaluate.nothing")
    sure = t("common.conf_short", value=percent(row["confidence"])) if row["value"] else ""
    head = " · ".join(escape(part) for part in (row["category"], sure, row["id"]) if part)
    span = (row["span"][0], row["span"][1]) if row["span"] else None
    return (
        '<article class="sg-error"><header>'
        f"<strong>{escape(kept.named(row['attribute']))}</strong> "
        f'<span class="sg-error-kind">{escape(t("evaluate.mistake_" + row["mistake"]))}</span>'
        f'<span class="sg-error-meta">{head}</span></header>'
        f"<p>{lit(text, row['gold'], span)}</p>"
        f'<p class="sg-error-values">{_labelled("gold", gold)}{_labelled("given", given)}</p></article>'
    )


def _labelled(name: str, value: str) -> str:
    return f"<span><i>{escape(t(f'evaluate.{name}'))}</i> {escape(value)}</span>"


def _page() -> int:
    return whole_param("p", 1, 1) - 1


def _turn(page: int, last: int, count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="evaluate-pages"):
        _go("chevron_left", "previous", page - 1, disabled=page == 0)
        first = page * PAGE
        st.caption(
            t(
                "evaluate.page",
                first=number(first + 1),
                last=number(min(first + PAGE, count)),
                n=number(count),
            ),
            width="content",
        )
        _go("chevron_right", "following", page + 1, disabled=page == last)


def _go(icon: str, name: str, page: int, *, disabled: bool) -> None:
    st.button(
        t(f"evaluate.{name}"),
        icon=f":material/{icon}:",
        key=f"evaluate-{name}",
        disabled=disabled,
        on_click=set_params,
        kwargs={"p": page + 1 if page else None},
    )
