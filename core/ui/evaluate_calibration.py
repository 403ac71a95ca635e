"""Whether confidence can be believed: the reliability diagram, what it was calibrated on, and what reviewing does."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from core.extract.calibrate import DRAWS, LEAST
from core.ui.charts import show
from core.ui.evaluate_charts import recalibration_figure, reliability_figure
from core.ui.text import number, t

FEW = 50


def calibration(result: Mapping[str, Any]) -> None:
    """Draw what is known of the confidence of an evaluation's values."""
    st.html(f'<h2 class="sg-h2">{escape(t("evaluate.calibration"))}</h2>')
    st.caption(_believed(result))
    show(reliability_figure(result["reliability"]), f"evaluate-reliability-{result['id']}")
    _recalibration(result)


def _believed(result: Mapping[str, Any]) -> str:
    """What the calibration error is; of the workspace's own readers also what they were calibrated on, unless they are
    judged on that."""
    told = t("evaluate.calibration_told", ece=number(result["ece"], 3))
    params = result["params"]
    if params["reader"] != "own" or params["source"] == "review" or "calibrated" not in result:
        return told
    facts = result["calibrated"]
    how = t(
        "evaluate.recalibrated" if facts else "evaluate.not_recalibrated",
        n=number(facts),
        least=number(LEAST),
    )
    return f"{told} {how}"


def _recalibration(result: Mapping[str, Any]) -> None:
    """How far reviewed facts would bring the calibration error down; nothing where readers were taught for the texts,
    where it was not measured, and of too few values."""
    points = result.get("recalibration", ())
    if result["params"]["how"] != "as_is" or len(points) < 2:
        return
    st.html(f'<h2 class="sg-h2">{escape(t("evaluate.recalibration"))}</h2>')
    before, *after = points
    few = max((point for point in after if point["facts"] <= FEW), key=lambda point: point["facts"])
    last = after[-1]
    many = t("evaluate.recalibration_many", n=number(last["facts"]), ece=number(last["ece"], 3))
    st.caption(
        t(
            "evaluate.recalibration_told",
            before=number(before["ece"], 3),
            few=number(few["facts"]),
            few_ece=number(few["ece"], 3),
            many=many if last is not few else "",
        ),
        help=t("evaluate.recalibration_help", draws=number(DRAWS), least=number(LEAST)),
    )
    show(recalibration_figure(points), f"evaluate-recalibration-{result['id']}")
