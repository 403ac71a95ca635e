"""Build: watch the model read the products and the graph grow, and watch it again afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.graph.replay import Replay
from core.jobs import Jobs, JobView, Status
from core.storage.workspaces import Workspace
from core.ui import build_outlook, build_view, chain
from core.ui.build_form import form
from core.ui.progress import job_panel
from core.ui.session import cached_catalogue, cached_graph
from core.ui.shell import empty, go, header, page_exists, param, run_page, set_params
from core.ui.text import ago, duration, number, relation_label, standing_label, t

POLL_SECONDS = 0.8
REPLAY_SECONDS, REPLAY_STEPS = 0.8, 30
WATCHED = ("build", "demo")


def render(workspace: Workspace) -> None:
    """Draw the page."""
    products = len(cached_catalogue(workspace).products)
    job = _watched(workspace)
    if not products and job is None:
        header("build")
        empty("build", what=t("build.empty_what"), why=t("build.empty_why"), button=lambda: _fill(workspace))
    elif job is not None and job.active:
        header("build", t("build.state_live", products=number(products)))
        _live(workspace, job)
    else:
        _set_up(workspace, products, job)


def _watched(workspace: Workspace) -> JobView | None:
    """The build of the link, else the one that runs, else the last one."""
    known = [job for stage in WATCHED for job in Jobs(workspace).list(stage, limit=50)]
    asked = param("job")
    running = (job for job in known if job.active)
    ended = (job for job in sorted(known, key=lambda job: -job.created_at))
    return next((job for job in known if job.id == asked), None) or next(running, None) or next(ended, None)


def _state(workspace: Workspace, products: int) -> str:
    now = chain.standing(workspace)
    if not now.read:
        return t("build.state_unread", products=number(products))
    graph = cached_graph(workspace)
    return t(
        "build.state_read",
        products=number(products),
        read=number(now.read),
        facts=number(len(graph.facts)),
        apart=number(graph.ledger.quarantined),
        hash=f"<code>{graph.hash[:8]}</code>",
    )


def _set_up(workspace: Workspace, products: int, job: JobView | None) -> None:
    from core.llm.registry import available

    cards = available()
    params = build_outlook.ask(workspace, form(workspace, products, cards))
    label = t("build.build_again") if job else t("build.build")

    def action() -> None:
        if st.button(label, type="primary", icon=":material/play_arrow:", key="build-start"):
            set_params(job=Jobs(workspace).submit("build", params.model_dump(exclude_none=True)))
            st.rerun()

    header("build", _state(workspace, products), action)
    if job is not None:
        _afterwards(workspace, job)


def _live(workspace: Workspace, job: JobView) -> None:
    set_params(job=job.id)

    def draw(_job: JobView) -> None:
        build_view.draw(build_view.followed(workspace, job.id).head, key=f"build-view-{job.id}")

    job_panel(workspace, job.id, draw, every=POLL_SECONDS)


def _afterwards(workspace: Workspace, job: JobView) -> None:
    replay = build_view.followed(workspace, job.id)
    _outcome(workspace, job)
    if replay.head.seq:
        playing = st.session_state.get(f"playing-{job.id}", False)
        st.button(
            t("build.stop_playing") if playing else t("build.replay"),
            icon=":material/stop:" if playing else ":material/replay:",
            key=f"toggle-{job.id}",
            on_click=_toggle,
            args=(job.id, replay.head.seq),
        )
        st.fragment(_scrubber, run_every=REPLAY_SECONDS if playing else None)(replay, job.id)
        _as_table(replay)
    _past(workspace, job)


def _outcome(workspace: Workspace, job: JobView) -> None:
    result = job.result or {}
    result = result.get("build", result)
    if job.status is not Status.DONE:
        job_panel(workspace, job.id)
        return
    with st.container(horizontal=True, vertical_alignment="center", key="build-outcome"):
        if result.get("notice") == "no_facts":
            st.warning(t("build.no_facts", products=number(result["read"])), icon=":material/warning:")
        elif result.get("notice") == "nothing_new":
            st.info(t("build.nothing_new"), icon=":material/info:")
        elif "new_facts" in result:
            st.markdown(
                t(
                    "build.finished",
                    products=number(result["read"]),
                    time=duration(result["seconds"]),
                    facts=number(result["new_facts"]),
                    apart=number(result["ledger"]["quarantined"]),
                )
                + "".join(f" {note}" for note in _notes(result))
            )
        if page_exists("graph") and st.button(
            t("build.to_graph"), icon=":material/hub:", key="build-to-graph"
        ):
            go("graph")


def _notes(result: Mapping[str, Any]) -> list[str]:
    """What the reader of a result has to know beside its figures."""
    notes = []
    if result.get("stopped"):
        read, of = number(result["llm_products"]), number(result["wanted"])
        notes.append(t("build.stopped", why=t(f"build.stopped_{result['stopped']}"), read=read, of=of))
    if result.get("alone"):
        notes.append(t("build.alone", n=number(result["alone"])))
    if "tagger" in result.get("steps", {}) and "reader" not in result["steps"]:
        notes.append(t("build.no_reader"))
    return notes


def _toggle(job_id: str, last: int) -> None:
    """Start or stop the replay; from the beginning when it stood at the end."""
    playing, position = f"playing-{job_id}", f"replay-{job_id}"
    st.session_state[playing] = not st.session_state.get(playing, False)
    if st.session_state[playing] and st.session_state.get(position, last) >= last:
        st.session_state[position] = 0


def _scrubber(replay: Replay, job_id: str) -> None:
    last = replay.head.seq
    playing, position = f"playing-{job_id}", f"replay-{job_id}"
    st.session_state.setdefault(position, last)
    if st.session_state.get(playing):
        st.session_state[position] = min(last, st.session_state[position] + max(1, last // REPLAY_STEPS))
        if st.session_state[position] >= last:
            st.session_state[playing] = False
            st.rerun(scope="app")
    st.slider(t("build.replay_position"), 0, last, key=position)
    build_view.draw(replay.at(st.session_state[position]), key=f"build-view-{job_id}")


def _as_table(replay: Replay) -> None:
    import pandas as pd

    from core.domain import Standing
    from core.ui.tables import table

    with st.expander(t("build.as_table"), icon=":material/table:"):
        frame = pd.DataFrame(
            {
                "product": [fact.subject_label for fact in replay.head.feed],
                "relation": [relation_label(fact.relation) for fact in replay.head.feed],
                "value": [fact.object_label for fact in replay.head.feed],
                "quote": [fact.quote for fact in replay.head.feed],
                "standing": [standing_label(Standing(fact.standing)) for fact in replay.head.feed],
                "confidence": [round(fact.confidence, 2) for fact in replay.head.feed],
                "step": [t(f"build.step_{fact.step}") for fact in replay.head.feed],
            }
        )
        table(frame, "build-facts", columns={name: t(f"build.column_{name}") for name in frame.columns})


def _past(workspace: Workspace, shown: JobView) -> None:
    past = [job for job in Jobs(workspace).list("build", limit=20) if job.id != shown.id and job.result]
    if not past:
        return
    with st.expander(t("build.past"), icon=":material/history:"):
        for job in past:
            result = job.result or {}
            label = t(
                "build.past_label",
                when=ago(job.created_at),
                products=number(result.get("read")),
                facts=number(result.get("new_facts")),
            )
            if st.button(label, key=f"past-{job.id}", type="tertiary"):
                set_params(job=job.id)
                st.rerun()


def _fill(workspace: Workspace) -> None:
    with st.container(horizontal=True, horizontal_alignment="center"):
        if st.button(
            t("build.load_sample"), type="primary", icon=":material/storefront:", key="build-sample"
        ):
            from core.catalogue.sample_data import load_sample

            load_sample(workspace)
            st.rerun()
        if page_exists("catalogue") and st.button(t("build.to_catalogue"), key="build-to-catalogue"):
            go("catalogue")


run_page("build", render)
