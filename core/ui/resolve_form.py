"""The settings of the resolver, in a popover beside the button that starts it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.errors import ConfigError
from core.llm.registry import available
from core.stages.resolve_plan import ResolveParams, parse
from core.ui.shell import problem
from core.ui.text import t


def form(*, alone: bool) -> ResolveParams | None:
    """Draw the popover; a source that is ``alone`` is compared with itself. Gives the settings, None while they
    contradict each other."""
    start = ResolveParams()
    with st.popover(t("resolve.settings"), icon=":material/tune:"):
        asked: dict[str, Any] = {
            "what": tuple(
                st.pills(
                    t("resolve.what"),
                    list(start.what),
                    selection_mode="multi",
                    default=list(start.what),
                    format_func=lambda one: t(f"resolve.what_{one}"),
                    key="resolve-what",
                )
            ),
            "sure": _share("sure", 50, start.sure),
            "doubtful": _share("doubtful", 5, start.doubtful),
        }
        for name in ("anchored", "within", "color", "vectors", "afresh"):
            note = t(f"resolve.{name}_help") if name != "color" else None
            asked[name] = st.toggle(
                t(f"resolve.{name}"),
                value=alone if name == "within" else getattr(start, name),
                key=f"resolve-{name}",
                help=note,
            )
        asked |= _model()
        try:
            return parse(asked)
        except ConfigError as error:
            if asked["doubtful"] > asked["sure"]:
                st.caption(f":orange[{t('resolve.doubtful_above')}]")
            else:
                problem(error)
            return None


def _share(name: str, least: int, start: float) -> float:
    chosen = st.slider(
        t(f"resolve.{name}"),
        least,
        100,
        round(start * 100),
        format="%d%%",
        key=f"resolve-{name}",
        help=t(f"resolve.{name}_help"),
    )
    return int(chosen) / 100


def _model() -> dict[str, Any]:
    there = {card.id: card.name for card in available() if not card.missing}
    model = st.selectbox(
        t("resolve.model"),
        ["", *there],
        format_func=lambda one: there.get(one, t("resolve.model_none")),
        key="resolve-model",
        help=t("resolve.model_help"),
    )
    if not model:
        return {}
    pairs = st.number_input(t("resolve.model_pairs"), 1, 2_000, 50, key="resolve-model-pairs")
    return {"model": model, "model_pairs": int(pairs)}
