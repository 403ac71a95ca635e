"""From decisions to a better tagger: the offer, the job, what it learned from, and where to go next."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.jobs import Jobs, JobView, Status
from core.storage.workspaces import Workspace
from core.ui.progress import job_panel
from core.ui.review_state import Desk
from core.ui.shell import go
from core.ui.text import ago, duration, number, t

ENOUGH = 10
"""Decisions after which teaching is offered."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Where teaching stands: decisions ``new`` since the last time, the job that runs, the last that ended well, and
    whether nothing was read since."""

    new: int
    running: JobView | None
    last: JobView | None
    unread: bool

    @property
    def offered(self) -> bool:
        """Whether there is enough to teach, and nothing is being taught."""
        return self.running is None and self.new >= ENOUGH

    @property
    def fresh(self) -> bool:
        """Whether the tagger has learned something that no build has read with yet."""
        return self.running is None and not self.offered and self.last is not None and self.unread


def standing(workspace: Workspace, desk: Desk) -> Lesson:
    """Where teaching stands now."""
    jobs = Jobs(workspace)
    taught = jobs.list("teach", limit=20)
    last = next((job for job in taught if job.status is Status.DONE and job.result), None)
    since = last.created_at if last else 0.0
    built = (
        any(job.created_at > (last.finished_at or since) for job in jobs.list("build", limit=5))
        if last
        else False
    )
    return Lesson(
        sum(made.time > since for made in desk.made),
        next((job for job in taught if job.active), None),
        last,
        not built,
    )


def action(workspace: Workspace, lesson: Lesson) -> None:
    """Draw the page's primary action, where it is one of these."""
    if lesson.offered:
        if st.button(
            t("review.teach"),
            type="primary",
            icon=":material/school:",
            key="review-teach",
            help=t("review.teach_help", n=number(lesson.new)),
        ):
            Jobs(workspace).submit("teach", {})
            st.rerun()
    elif lesson.fresh and st.button(
        t("review.read_again"), type="primary", icon=":material/auto_awesome_motion:", key="review-read-again"
    ):
        go("build")


def panel(workspace: Workspace, lesson: Lesson) -> None:
    """Draw the job while it runs, and afterwards what the tagger learned from."""
    if lesson.running:
        job_panel(workspace, lesson.running.id)
    elif lesson.last and lesson.last.result and (lesson.fresh or lesson.offered):
        found = lesson.last.result
        by_model = found.get("model_texts", 0)
        st.caption(
            t(
                "review.taught",
                when=ago(lesson.last.finished_at),
                decisions=number(found["decisions"]),
                texts=number(found["texts"]),
                facts=number(found["facts"]),
                examples=number(found["examples"]),
                time=duration(found["seconds"]),
            )
            + (" " + t("review.taught_model", n=number(by_model)) if by_model else "")
            + (" " + t("review.taught_next") if lesson.fresh else "")
        )
