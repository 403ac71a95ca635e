"""A tuning while it runs: what it does, its meters, its curves, and the kinds that are done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from core.jobs import JobEvent, Jobs, JobView
from core.storage.workspaces import Workspace
from core.ui.charts import show
from core.ui.encoder_charts import contrast_figure, ndcg_figure, perplexity_figure
from core.ui.encoder_state import kind_name
from core.ui.text import duration, number, percent, t

_MOST_EVENTS = 10_000


def live(workspace: Workspace, job: JobView) -> None:
    """Draw what the job is doing; keeps its height."""
    events = Jobs(workspace).events(job.id, limit=_MOST_EVENTS)
    plan = _latest(events, "plan")
    doing = _latest(events, "method")
    kind = doing["method"] if doing else ""
    steps, checks = lines(events, "step", kind), lines(events, "check", kind)
    st.html(f'<p class="sg-state sg-tune-doing">{escape(_doing(plan, doing))}</p>')
    _meters(steps, checks)
    total = int(doing["total"]) if doing else 0
    first, second, third = st.columns(3)
    with first:
        show(perplexity_figure(checks, 0), f"encoder-live-perplexity-{job.id}")
    with second:
        show(contrast_figure(steps, total), f"encoder-live-loss-{job.id}")
    with third:
        frozen = plan["frozen"]["ndcg"] if plan else None
        show(ndcg_figure(checks, frozen, total), f"encoder-live-ndcg-{job.id}")
    done = {event.data["card"]["kind"]: event.data["card"] for event in events if event.kind == "kept"}
    if plan and len(plan["kinds"]) > 1:
        told = [_done(one, done.get(one), one == kind) for one in plan["kinds"]]
        st.html(f'<div class="sg-encoder-kinds">{"".join(told)}</div>')


def lines(events: Sequence[JobEvent], name: str, kind: str) -> list[Mapping[str, Any]]:
    """The lines of one kind of tuning by step; a resumed job reports a step again, and the last report counts."""
    found = {
        event.data["step"]: event.data
        for event in events
        if event.kind == name and event.data["method"] == kind
    }
    return [found[step] for step in sorted(found)]


def _latest(events: Sequence[JobEvent], name: str) -> Mapping[str, Any] | None:
    return next((event.data for event in reversed(events) if event.kind == name), None)


def _done(kind: str, card: Mapping[str, Any] | None, doing: bool) -> str:
    value = number(card["valid"]["ndcg"], 3) if card else ("…" if doing else "–")
    state = "sg-now" if doing and card is None else ("" if card else "sg-later")
    return f'<span class="{state}">{escape(kind_name(kind))} <strong>{escape(value)}</strong></span>'


def _doing(plan: Mapping[str, Any] | None, doing: Mapping[str, Any] | None) -> str:
    if plan is None or doing is None:
        return t("encoder.doing_start")
    counts = doing["counts"]
    return t(
        "encoder.doing",
        kind=kind_name(doing["method"]),
        base=plan["base"],
        pairs=number(counts["pairs"]),
        texts=number(counts["texts"]),
        held_out=number(counts["held_out"]),
        parameters=number(counts["parameters"]),
        share=percent(counts["parameters"] / max(1, counts["all_parameters"]), 2),
        device=str(doing["device"]).upper(),
        precision=doing["precision"],
    )


def _meters(steps: Sequence[Mapping[str, Any]], checks: Sequence[Mapping[str, Any]]) -> None:
    shown = steps[-1] if steps else {}
    cells = {
        "perplexity": _span(checks, "perplexity", 1),
        "ndcg": _span(checks, "ndcg", 3),
        "left": duration(shown.get("left")),
        "speed": number(shown.get("texts_per_s"), 1),
        "rate": number(shown.get("lr")),
        "memory": t("finetune.mb", n=number(shown["memory_mb"], 0)) if shown else number(None),
    }
    drawn = "".join(
        f'<div class="sg-tune-meter" title="{escape(t(f"encoder.meter_{name}_help"), quote=True)}">'
        f"<span>{escape(t(f'encoder.meter_{name}'))}</span><strong>{escape(value)}</strong></div>"
        for name, value in cells.items()
    )
    st.html(f'<div class="sg-tune-meters">{drawn}</div>')


def _span(checks: Sequence[Mapping[str, Any]], name: str, digits: int) -> str:
    known = [line[name] for line in checks if line[name] is not None]
    if len(known) < 2:
        return number(known[0], digits) if known else number(None)
    return f"{number(known[0], digits)} → {number(known[-1], digits)}"
