"""Train: choose data and model, see the audit, watch it learn against the baselines, read a verdict that is true, and
go on from any checkpoint with other settings."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.errors import ConfigError, DataError, RunError, SettingsError
from core.jobs import Jobs, JobView
from core.recommend import runs
from core.recommend.artefact import read_curves
from core.recommend.config import TrainConfig, config_of
from core.recommend.forecast import forecast
from core.recommend.fork import check_fork
from core.recommend.trackers import check_tracker
from core.storage.workspaces import Workspace
from core.ui import navigation
from core.ui import train_view as view
from core.ui.certificate_view import certificate
from core.ui.machine import gpu_slot
from core.ui.progress import job_panel
from core.ui.session import cached_catalogue
from core.ui.shell import empty, go, header, param, problem, run_page, set_params
from core.ui.text import ago, duration, moment, number, percent, t
from core.ui.train_form import Start, command_box, form, start
from core.ui.train_kept import kept, logs
from core.ui.training import Prospect, prospect


def render(workspace: Workspace) -> None:
    """Draw the page."""
    active = Jobs(workspace).list("train", active=True, limit=1)
    known = runs.list_runs(workspace)
    if not cached_catalogue(workspace).counts.get("events") and not known:
        header("train")
        empty("train", what=t("train.empty_what"), why=t("train.empty_why"), button=_to_catalogue)
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        chosen = start(workspace, known)
        config = _plan(workspace, chosen)
    header("train", _state(workspace, known), lambda: _start(workspace, config, chosen, bool(active)))
    with right:
        if active:
            job_panel(workspace, active[0].id, lambda job: _live(workspace, job))
        elif known:
            _result(workspace, known)
        else:
            st.html(f'<p class="sg-state">{t("train.before_first")}</p>')
            view.curves([], {}, "before")


def _to_catalogue() -> None:
    if st.button(t("train.empty_button"), type="primary"):
        go("catalogue")


def _state(workspace: Workspace, known: list[runs.Run]) -> str:
    counts = cached_catalogue(workspace).counts
    serves = next((run.name for run in known if run.serving), "")
    return t(
        "train.state_serving" if serves else "train.state",
        events=number(counts.get("events", 0)),
        products=number(counts.get("products", 0)),
        runs=number(len(known)),
        name=serves,
    )


def _plan(workspace: Workspace, chosen: Start) -> TrainConfig | None:
    """The form, the audit, the forecast and the command; None where values, data or settings do not do."""
    try:
        config = config_of(form(workspace, chosen))
        found = prospect(workspace, config)
        if chosen.parent:
            check_fork(chosen.parent, config, found.data_hash, found.graph_hash)
        check_tracker()
    except (ConfigError, DataError, RunError, SettingsError) as error:
        problem(error)
        return None
    _audit(found.audit)
    _forecast(config, found)
    command_box(workspace, chosen, config)
    return config


def _audit(told: Mapping[str, Any]) -> None:
    with st.container(border=True, key="train-audit"):
        st.markdown(f"**{t('train.audit')}**", help=t("train.audit_help"))
        st.markdown(
            t(
                "train.audit_counts",
                shoppers=number(told["shoppers"]),
                products=number(told["products"]),
                events=number(told["events"]),
                density=percent(told["density"], 2),
                dropped=number(told["dropped"]),
            )
        )
        st.markdown(
            t(
                "train.audit_split",
                train=number(told["train"]),
                valid=number(told["valid"]),
                test=number(told["test"]),
                first=moment(told["first"])[:10],
                last=moment(told["last"])[:10],
            )
        )
        st.markdown(
            t(
                "train.audit_cold",
                products=percent(told["cold_products"]),
                targets=percent(told["cold_targets"]),
                shoppers=percent(told["cold_shoppers"]),
            )
        )
        for line in _kept_apart(told):
            st.markdown(line)
        icon, tone = (":material/verified:", "blue") if told["clean"] else (":material/warning:", "orange")
        st.markdown(f":{tone}[{icon} {t('train.audit_clean' if told['clean'] else 'train.audit_leaks')}]")
        for leak in told["leaks"]:
            if leak["count"]:
                used = "used" if leak["used"] else "kept_out"
                st.caption(t(f"train.leak_{leak['kind']}_{used}", n=number(leak["count"])))


def _kept_apart(told: Mapping[str, Any]) -> list[str]:
    """What the split holds out of training, and what k-core and sessions have made of the events."""
    products, shoppers = told["held_products"], told["held_shoppers"]
    lines = []
    if products and shoppers:
        fields = {"products": number(products), "shoppers": number(shoppers)}
        lines.append(t("train.audit_held_domain", domain=told["domain"], **fields))
    elif products or shoppers:
        kind = "products" if products else "shoppers"
        lines.append(t(f"train.audit_held_{kind}", n=number(products or shoppers)))
    if told["core"]:
        lines.append(t("train.audit_core", **{name: number(value) for name, value in told["core"].items()}))
    if told["people"]:
        people, sessions = number(told["people"]), number(told["shoppers"])
        lines.append(t("train.audit_sessions", people=people, sessions=sessions))
    return lines


def _forecast(config: TrainConfig, found: Prospect) -> None:
    told = found.audit
    expected = forecast(
        config,
        products=told["products"],
        shoppers=told["shoppers"],
        events=told["events"],
        groups=found.groups,
    )
    st.caption(
        t("train.forecast", time=duration(expected.seconds), memory=number(expected.memory_mb / 1024, 1)),
        help=t("train.forecast_help"),
    )


def _start(workspace: Workspace, config: TrainConfig | None, chosen: Start, busy: bool) -> None:
    clicked = st.button(
        t("train.start"),
        type="primary",
        icon=":material/play_arrow:",
        disabled=config is None or busy,
        key="train_start",
    )
    if clicked and config is not None:
        params: dict[str, Any] = {
            "config": config.model_dump(mode="json"),
            "name": f"{chosen.label} · {moment(time.time())[:16]}",
        }
        if chosen.fork:
            params["fork"] = chosen.fork
        job = Jobs(workspace).submit("train", params, gpu_slot(config.device))
        set_params(job=job, run=None, fork=None, checkpoint=None)
        st.rerun()


def _live(workspace: Workspace, job: JobView) -> None:
    events = Jobs(workspace).events(job.id, limit=5_000)
    lines = [event.data for event in events if event.kind == "epoch"]
    # A resumed job reports an epoch again only if it was lost; the last report of an epoch counts.
    lines = list({line["epoch"]: line for line in lines}.values())
    tuning = {event.data["name"]: event.data["valid"] for event in events if event.kind == "baseline"}
    phase = next((event.data["name"] for event in reversed(events) if event.kind == "phase"), "")
    st.caption(t(f"train.phase_{phase}") if phase else t("train.phase_start"))
    for event in events:
        if event.kind == "notice":
            st.caption(f":material/info: {t('train.notice_' + event.data['code'])}")
    view.meters(lines[-1] if lines else None)
    view.curves(lines, tuning, f"live_{job.id}", int(job.params["config"]["epochs"]))
    logs(workspace, job.id)


def _result(workspace: Workspace, known: list[runs.Run]) -> None:
    asked = param("run")
    run = next((one for one in known if one.id == asked), known[0])
    st.subheader(run.name)
    facts = [t(f"train.status_{run.status}"), ago(run.created_at)]
    facts += [t("train.serves")] if run.serving else []
    hashes = t("train.hashes", data=run.data_hash[:8] or "–", graph=run.graph_hash[:8] or "–", seed=run.seed)
    st.caption(" · ".join([*facts, hashes]))
    if run.metrics:
        main, *others = run.metrics["verdict"]
        st.markdown(f"**{view.sentence(main)}**")
        for told in others:
            st.markdown(view.sentence(told))
        if told := run.metrics.get("search"):
            key = "train.budget_same" if told["same_budget"] else "train.budget_grid"
            st.caption(t(key, trials=number(told["trials"]), n=number(told["baseline_trials"])))
        _actions(workspace, run)
        with st.container(border=True):
            certificate(workspace, run)
    if run.status in ("failed", "cancelled"):
        job_panel(workspace, run.job_id)
    tuning = {name: entry["valid"] for name, entry in run.metrics.get("tuning", {}).items()}
    view.curves(read_curves(workspace.sub("runs") / run.id), tuning, f"run_{run.id}")
    if run.metrics:
        view.figures(run.metrics, f"run_{run.id}")
    kept(workspace, run)


def _actions(workspace: Workspace, run: runs.Run) -> None:
    with st.container(horizontal=True):
        if st.button(t("train.to_recommend"), icon=":material/recommend:", key=f"see_{run.id}"):
            go("recommend", run=run.id)
        if not run.serving and st.button(
            t("train.promote"), icon=":material/publish:", key=f"promote_{run.id}"
        ):
            runs.promote(workspace, run.id)
            st.rerun()
        navigation.link("runs", t("train.all_runs"), icon="leaderboard", run=run.id)


run_page("train", render)
