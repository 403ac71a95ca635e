"""A fine-tuning while it runs: what it does, its meters, and its curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from core.jobs import JobEvent, Jobs, JobView
from core.storage.workspaces import Workspace
from core.ui.charts import show
from core.ui.finetune_charts import loss_figure
from core.ui.text import duration, number, percent, t

_MOST_EVENTS = 5_000


def live(workspace: Workspace, job: JobView) -> None:
    """Draw what the job is doing; keeps its height."""
    events = Jobs(workspace).events(job.id, limit=_MOST_EVENTS)
    plan = next((event.data for event in reversed(events) if event.kind == "plan"), None)
    steps, checks = lines(events, "step"), lines(events, "check")
    st.html(f'<p class="sg-state sg-tune-doing">{escape(_doing(plan))}</p>')
    meters(plan, steps[-1] if steps else None, checks)
    total = int(plan["steps"]) if plan else 0
    show(loss_figure(steps, checks, total), f"finetune-live-{job.id}")


def lines(events: Sequence[JobEvent], kind: str) -> list[Mapping[str, Any]]:
    """The lines of a kind by step; a resumed job reports a step again, and the last report counts."""
    found = {event.data["step"]: event.data for event in events if event.kind == kind}
    return [found[step] for step in sorted(found)]


def meters(
    plan: Mapping[str, Any] | None, step: Mapping[str, Any] | None, checks: Sequence[Mapping[str, Any]]
) -> None:
    """Losses, tokens a second, learning rate, memory and time left, each in its place."""
    shown = step or {}
    cells = {
        "valid": _valid(checks),
        "right": percent(checks[-1]["right"], 1) if checks else number(None),
        "left": duration(shown.get("left")),
        "speed": number(shown.get("tokens_per_s"), 0),
        "rate": number(shown.get("lr")),
        "memory": t("finetune.mb", n=number(shown.get("memory_mb"), 0)),
    }
    drawn = "".join(
        f'<div class="sg-tune-meter" title="{escape(t(f"finetune.meter_{name}_help"), quote=True)}">'
        f"<span>{escape(t(f'finetune.meter_{name}'))}</span><strong>{escape(value)}</strong></div>"
        for name, value in cells.items()
    )
    st.html(f'<div class="sg-tune-meters">{drawn}</div>')


def _valid(checks: Sequence[Mapping[str, Any]]) -> str:
    if not checks:
        return number(None)
    last, first = checks[-1]["loss"], checks[0]["loss"]
    return number(last, 3) if len(checks) == 1 else f"{number(first, 3)} → {number(last, 3)}"


def _doing(plan: Mapping[str, Any] | None) -> str:
    if plan is None:
        return t("finetune.doing_start")
    counts = plan["counts"]
    told = t(
        "finetune.doing",
        lessons=number(counts["lessons"]),
        texts=number(counts["texts"]),
        valid=number(counts["valid_texts"]),
        parameters=number(counts["parameters"]),
        device=str(plan["device"]).upper(),
        precision=plan["precision"],
    )
    if counts["foreign"]:
        told += " " + t("finetune.foreign", n=number(counts["foreign"]))
    return told
