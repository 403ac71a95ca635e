"""Two evaluations beside each other: figure by figure, and attribute by attribute."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.extract.evaluate import Mistake
from core.ui.evaluate_state import SCORES, Kept, Result, points, signed
from core.ui.tables import ROW_PIXELS, table
from core.ui.text import number, percent, t

if TYPE_CHECKING:
    from pandas import DataFrame

Line = tuple[str, str, str, str]

_COSTS = {"speed": ("products_per_second", 1), "tokens": ("tokens_per_product", 1), "ece": ("ece", 3)}
_HEIGHT = 15 * ROW_PIXELS + 3


def differences(kept: Kept, other: Kept) -> None:
    """Draw what is different in ``other``; of the attributes those that changed most come first."""
    st.html(f'<h2 class="sg-h2">{escape(t("evaluate.differences"))}</h2>')
    if other_texts(kept, other):
        st.caption(f":material/info: {t('evaluate.other_texts')}")
    left, right = st.columns(2, gap="large")
    with left:
        _table(_frame(t("evaluate.column_figure"), figures(kept.result, other.result)), "figures")
    lines = attributes(kept, other)
    if lines:
        with right:
            _table(_frame(t("evaluate.column_attribute"), lines), "attributes")


def other_texts(kept: Kept, other: Kept) -> bool:
    """Whether the two judged on different texts."""
    same = all(kept.params[name] == other.params[name] for name in ("source", "file"))
    return not same or kept.result["n"] != other.result["n"]


def figures(mine: Result, theirs: Result) -> list[Line]:
    """Name, this one, the other one and the difference, of each figure."""
    parts = {"f1": "F1", "precision": t("evaluate.precision"), "recall": t("evaluate.recall")}
    lines = [
        _scored(f"{t(f'evaluate.{score}')} · {label}", mine[score][part], theirs[score][part])
        for score in SCORES
        for part, label in parts.items()
    ]
    for kind in Mistake:
        one, two = (result["mistakes"].get(kind.value, 0) for result in (mine, theirs))
        name = f"{t('evaluate.column_wrong')} · {t(f'evaluate.mistake_{kind.value}')}"
        lines.append((name, number(one), number(two), signed(one - two, 0)))
    for name, (key, digits) in _COSTS.items():
        one, two = mine[key], theirs[key]
        lines.append(
            (t(f"evaluate.{name}"), number(one, digits), number(two, digits), signed(one - two, digits))
        )
    one, two = mine["llm_share"], theirs["llm_share"]
    lines.append((t("evaluate.llm_share"), percent(one), percent(two), f"{signed(100 * (one - two), 0)}%"))
    return lines


def attributes(kept: Kept, other: Kept) -> list[Line]:
    """The same of the strict F1 of each attribute that both have."""
    mine, theirs = kept.result["by_attribute"], other.result["by_attribute"]
    shared = sorted(mine.keys() & theirs.keys(), key=lambda name: -abs(mine[name]["f1"] - theirs[name]["f1"]))
    return [_scored(kept.named(name), mine[name]["f1"], theirs[name]["f1"]) for name in shared]


def _scored(name: str, mine: float, theirs: float) -> Line:
    return name, points(mine), points(theirs), signed(100 * (mine - theirs))


def _frame(first: str, lines: list[Line]) -> DataFrame:
    import pandas as pd

    names = (first, t("evaluate.column_this"), t("evaluate.column_other"), t("evaluate.column_change"))
    return pd.DataFrame(lines, columns=list(names))


def _table(frame: DataFrame, name: str) -> None:
    figure: Any = st.column_config.TextColumn(width=70, alignment="right")
    columns = dict.fromkeys(frame.columns[1:], figure)
    table(frame, f"evaluate-differences-{name}", columns=columns, height=_HEIGHT)
