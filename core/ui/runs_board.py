"""The leaderboard of runs: one line a run, with its interval, its gain and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.recommend.comparison import recipe
from core.recommend.runs import Run
from core.ui.certificate_view import signed
from core.ui.tables import table
from core.ui.text import NOT_MEASURED, ago, duration, listed, number, percent, t


def board(known: Sequence[Run], opened: str) -> str:
    """Draw the table; gives the id of the run whose row was chosen, ``opened`` where none was."""
    import pandas as pd

    frame = pd.DataFrame([_row(run) for run in known])
    text = st.column_config.TextColumn
    columns: dict[str, Any] = {
        t("runs.column_run"): text(width=180),
        t("runs.column_serving"): text(width=60),
        "NDCG@10": text(alignment="right", width=130),
        t("runs.column_gain"): text(alignment="right", width=130),
        t("runs.column_cold"): text(alignment="right"),
        t("runs.column_coverage"): text(alignment="right", width="small"),
        t("runs.column_seconds"): text(alignment="right", width=95),
        t("runs.column_recipe"): text(width="large"),
    }
    chosen = table(frame, f"runs_board_{len(known)}", columns=columns, selection=True)
    return known[chosen[0]].id if chosen else opened


def settings_of(run: Run, *, seed: bool = True) -> str:
    """The nearest preset and what was changed: "Quick, Seed: 3"; the seed may be left out."""
    preset, changed = recipe(run)
    return listed(
        [
            t(f"train.preset_{preset}"),
            *(
                t("runs.setting", field=t(f"train.field_{name}"), value=setting(value))
                for name, value in changed.items()
                if seed or name != "seed"
            ),
        ]
    )


def setting(value: object) -> str:
    """A setting's value as people read it."""
    if isinstance(value, bool):
        return t("runs.value_yes" if value else "runs.value_no")
    if isinstance(value, str):
        return t(f"train.option_{value}")
    return str(value) if isinstance(value, int) else f"{value:g}"


def _row(run: Run) -> dict[str, str]:
    own = run.metrics.get("models", {}).get("shelfgraph")
    return {
        t("runs.column_run"): run.name,
        t("runs.column_serving"): t("runs.serves") if run.serving else _unfinished(run),
        "NDCG@10": level(own),
        t("runs.column_gain"): gain(run),
        t("runs.column_cold"): number(own["segments"]["cold_item"]["mean"], 4) if own else NOT_MEASURED,
        t("runs.column_coverage"): percent(own["coverage"]) if own else NOT_MEASURED,
        t("runs.column_seconds"): duration(run.metrics.get("seconds")),
        t("runs.column_when"): ago(run.created_at),
        t("runs.column_recipe"): settings_of(run),
    }


def level(figures: dict[str, Any] | None) -> str:
    """NDCG@10 with half its interval: "0.0812 ± 0.0110"."""
    if not figures:
        return NOT_MEASURED
    return f"{number(figures['ndcg@10'], 4)} ± {number((figures['high'] - figures['low']) / 2, 4)}"


def gain(run: Run) -> str:
    """The paired gain over the baseline that was best on validation, as a share of it: "+6.2% ± 2.1%"."""
    leader = run.metrics.get("baseline")
    compared = run.metrics.get("compared", {}).get(leader)
    base = run.metrics["models"][leader]["ndcg@10"] if compared else 0.0
    if not base:
        return NOT_MEASURED
    told = compared["difference"]
    half = (told["high"] - told["low"]) / 2
    return f"{signed(100 * told['mean'] / base, 1)}% ± {percent(half / base, 1)}"


def _unfinished(run: Run) -> str:
    return "" if run.status == "done" else t(f"train.status_{run.status}")
