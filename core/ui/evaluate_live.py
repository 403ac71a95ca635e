"""An evaluation while it runs: which fold, which epoch, and what the finished parts came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from core.jobs import JobEvent, Jobs, JobView
from core.stages.evaluate_plan import EvaluateParams
from core.storage.workspaces import Workspace
from core.ui.evaluate_state import how_name, method_name, points, source_name
from core.ui.text import number, t

_MOST_EVENTS = 5_000


def live(workspace: Workspace, job: JobView) -> None:
    """Draw what the job is doing; keeps its height."""
    asked = {**EvaluateParams().model_dump(mode="json"), **job.params}
    title = " · ".join((source_name(asked), how_name(asked), method_name(asked)))
    events = Jobs(workspace).events(job.id, limit=_MOST_EVENTS)
    height = " sg-live-on" if job.active else ""
    done = f'<ul aria-label="{escape(t("evaluate.parts_done"), quote=True)}">{_scored(events)}</ul>'
    st.html(
        f'<div class="sg-live{height}"><strong>{escape(title)}</strong>'
        f"<div>{escape(_doing(events, job))}</div>{done}</div>"
    )


def _doing(events: Sequence[JobEvent], job: JobView) -> str:
    part = _last(events, "part")
    if not job.active or part is None:
        return ""
    fields = {name: number(value) for name, value in part.data.items()}
    if not part.data["train"]:
        return t("evaluate.doing_as_is", **fields)
    epoch = _last(events, "epoch")
    if epoch is None or epoch.seq < part.seq:
        return t("evaluate.doing_part", **fields)
    if epoch.data["epoch"] == epoch.data["of"]:
        return t("evaluate.doing_reading", **fields)
    return t(
        "evaluate.doing_epoch",
        **fields,
        epoch=number(epoch.data["epoch"]),
        epochs=number(epoch.data["of"]),
    )


def _scored(events: Sequence[JobEvent]) -> str:
    # A resumed job reports a part again; the last report counts.
    found: dict[tuple[int, int], Mapping[str, Any]] = {
        (event.data["fold"], event.data["texts"]): event.data for event in events if event.kind == "scored"
    }
    lines = (
        t(
            "evaluate.part_scored" if data["texts"] else "evaluate.part_scored_as_is",
            fold=number(data["fold"]),
            texts=number(data["texts"]),
            f1=points(data["strict"]),
        )
        for _, data in sorted(found.items())
    )
    return "".join(f"<li>{escape(line)}</li>" for line in lines)


def _last(events: Sequence[JobEvent], kind: str) -> JobEvent | None:
    return next((event for event in reversed(events) if event.kind == kind), None)
