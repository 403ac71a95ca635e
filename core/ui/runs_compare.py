"""Two to six runs beside each other: curves, figures by segment, settings that differ, and paired tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from itertools import combinations
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.recommend.artefact import read_curves
from core.recommend.comparison import Contest, contests, differing, exam, kept_cases, plain
from core.recommend.measure import METRICS
from core.recommend.runs import Run
from core.recommend.seeds import seeds_apart
from core.storage.workspaces import Workspace
from core.ui.certificate_view import signed
from core.ui.charts import NEGATIVE, POSITIVE, show, styled
from core.ui.run_names import run_names
from core.ui.runs_board import level, setting
from core.ui.shell import param, set_params
from core.ui.tables import export_button, table
from core.ui.text import NOT_MEASURED, listed, number, percent, t

if TYPE_CHECKING:
    from pandas import DataFrame
    from plotly.graph_objects import Figure

MOST = 6
LINES = (
    (POSITIVE, "solid"),
    (NEGATIVE, "solid"),
    ("#745aca", "dash"),
    ("#25757b", "dash"),
    ("#d6246b", "dot"),
    ("#7d8590", "dot"),
)
SEGMENTS = ("warm_item", "cold_item", "cold_shopper")
NAMES = {"ndcg@10": "NDCG@10", "hr@10": "HR@10", "recall@20": "Recall@20", "mrr": "MRR"}


def comparison(workspace: Workspace, known: Sequence[Run]) -> None:
    """Draw the chooser and, for two runs or more, all that sets them apart."""
    st.html(f'<h2 class="sg-h2">{escape(t("runs.compare"))}</h2>')
    done = [run for run in known if run.metrics]
    if len(done) < 2:
        st.caption(t("runs.compare_none"))
        return
    chosen = _chosen(done)
    if len(chosen) < 2:
        st.caption(t("runs.compare_too_few"))
        return
    named = run_names(chosen)
    found = _contests(workspace, chosen)
    left, right = st.columns([2, 3], gap="large")
    with left:
        _heading("curves")
        lines = {run.id: read_curves(workspace.sub("runs") / run.id) for run in chosen}
        show(curves_figure(lines, named), "runs_curves")
    with right:
        _heading("figures", help=t("runs.figures_help"))
        figures = figures_frame(chosen, named)
        table(figures, "runs_figures", columns=_right(figures))
    _significance(chosen, named, found)
    _heading("differences")
    settings = settings_frame(chosen, named)
    if len(settings):
        table(settings, "runs_settings")
    else:
        st.caption(t("runs.differences_none"))
    with st.container(horizontal=True):
        export_button(figures, "runs", label=t("runs.export_csv"), key="runs_csv")
        st.download_button(
            t("runs.export_json"),
            data=lambda: json.dumps(plain(workspace, chosen, found), ensure_ascii=False, indent=1),
            file_name="runs.json",
            mime="application/json",
            icon=":material/download:",
            type="tertiary",
            key="runs_json",
            on_click="ignore",
        )


def curves_figure(lines: Mapping[str, Sequence[Mapping[str, Any]]], named: Mapping[str, str]) -> Figure:
    """Validation NDCG@10 of each run by epoch."""
    from plotly import graph_objects as go

    figure = go.Figure()
    for (run_id, epochs), (colour, dash) in zip(lines.items(), LINES, strict=False):
        figure.add_scatter(
            x=[line["epoch"] + 1 for line in epochs],
            y=[line["valid"] for line in epochs],
            mode="lines+markers",
            name=named[run_id],
            line={"color": colour, "dash": dash, "width": 2.2},
            marker={"size": 5},
        )
    figure.update_yaxes(title=t("train.axis_ndcg"))
    figure.update_xaxes(title=t("train.axis_epoch"))
    return styled(figure, 330).update_layout(showlegend=True)


def figures_frame(chosen: Sequence[Run], named: Mapping[str, str]) -> DataFrame:
    """A row a figure, a column a run."""
    import pandas as pd

    own = {run.id: run.metrics["models"]["shelfgraph"] for run in chosen}
    first = t("runs.column_figure")
    rows: list[dict[str, str]] = [{first: "NDCG@10"} | {named[key]: level(own[key]) for key in own}]
    for segment in SEGMENTS:
        label = f"NDCG@10 · {t(f'train.segment_{segment}')}"
        rows.append({first: label} | {named[key]: _interval(own[key]["segments"][segment]) for key in own})
    for metric in METRICS[1:]:
        rows.append({first: NAMES[metric]} | {named[key]: number(own[key][metric], 4) for key in own})
    coverage = {named[key]: percent(own[key]["coverage"], 1) for key in own}
    rows.append({first: t("runs.column_coverage")} | coverage)
    return pd.DataFrame(rows)


def settings_frame(chosen: Sequence[Run], named: Mapping[str, str]) -> DataFrame:
    """A row a setting that is not the same in all runs, a column a run; no rows where all are the same."""
    import pandas as pd

    rows = [
        {t("runs.column_setting"): t(f"train.field_{name}")}
        | {named[run.id]: setting(value) for run, value in zip(chosen, values, strict=True)}
        for name, values in differing(chosen).items()
    ]
    return pd.DataFrame(rows)


def contests_frame(chosen: Sequence[Run], named: Mapping[str, str], found: Sequence[Contest]) -> DataFrame:
    """A row a pair; "–" where it was not tested."""
    import pandas as pd

    by_pair = {(contest.one, contest.other): contest for contest in found}
    rows = []
    for one, other in combinations(chosen, 2):
        names = {"one": named[one.id], "other": named[other.id]}
        contest = by_pair.get((one.id, other.id))
        cells = [NOT_MEASURED] * 5
        finding = t("runs.finding_unknown")
        if contest is not None:
            gap = contest.difference
            interval = f"[{number(gap.low, 4)}, {number(gap.high, 4)}]"
            p_values = [_p(contest.p), _p(contest.p_holm)]
            cells = [signed(gap.mean, 4), interval, *p_values, number(contest.n)]
            finding = t(f"runs.finding_{contest.finding}", **names)
        rows.append([t("runs.pair", **names), *cells, finding])
    headings = (
        t("runs.column_pair"), t("runs.column_difference"), t("runs.column_interval"), "p", "p (Holm)",
        t("runs.column_n"), t("runs.column_finding"),
    )  # fmt: skip
    return pd.DataFrame(rows, columns=list(headings))


def _chosen(done: Sequence[Run]) -> list[Run]:
    by_id = {run.id: run for run in done}
    named = run_names(done)
    asked = [name for name in (param("vs", "") or "").split(",") if name in by_id][:MOST]
    start = asked if len(asked) > 1 else _first_two(done)
    picked = st.multiselect(
        t("runs.compare_choose"),
        list(by_id),
        default=start,
        format_func=lambda run_id: named.get(run_id, run_id),
        max_selections=MOST,
        help=t("runs.compare_hint"),
        key=f"runs_vs_{len(done)}",
    )
    set_params(vs=",".join(picked))
    return [by_id[run_id] for run_id in picked if run_id in by_id]


def _first_two(done: Sequence[Run]) -> list[str]:
    """The run that serves and the newest other one."""
    serving = [run.id for run in done if run.serving]
    return [*serving, *(run.id for run in done if not run.serving)][:2]


def _contests(workspace: Workspace, chosen: Sequence[Run]) -> list[Contest]:
    stamps = tuple((run.id, run.finished_at) for run in chosen)
    return _tested(str(workspace.folder), stamps, workspace, list(chosen))


@st.cache_data(max_entries=32, show_spinner=False)
def _tested(
    folder: str, stamps: tuple[object, ...], _workspace: Workspace, _chosen: list[Run]
) -> list[Contest]:
    return contests(_chosen, kept_cases(_workspace, _chosen))


def _significance(chosen: Sequence[Run], named: Mapping[str, str], found: Sequence[Contest]) -> None:
    _heading("significance", help=t("runs.significance_help"))
    frame = contests_frame(chosen, named, found)
    table(frame, "runs_contests", columns=_right(frame, but=(0, len(frame.columns) - 1)))
    if seeds_apart(chosen):
        st.caption(t("runs.seeds_apart"))
    first = chosen[0]
    other = [named[run.id] for run in chosen if exam(run) != exam(first)]
    if other:
        st.caption(f":material/info: {t('runs.other_exam', names=listed(other), name=named[first.id])}")
    tested = {name for contest in found for name in (contest.one, contest.other)}
    same = [run for run in chosen if exam(run) == exam(first)]
    bare = [named[run.id] for run in same if run.id not in tested] if len(same) > 1 else []
    if bare:
        st.caption(f":material/info: {t('runs.no_cases', names=listed(bare))}")


def _heading(name: str, help: str | None = None) -> None:
    st.markdown(f"**{t(f'runs.{name}')}**", help=help)


def _right(frame: DataFrame, but: Sequence[int] = (0,)) -> dict[str, Any]:
    right = st.column_config.TextColumn(alignment="right")
    return {name: right for place, name in enumerate(frame.columns) if place not in but}


def _interval(told: Mapping[str, float | None]) -> str:
    mean, low, high = told["mean"], told["low"], told["high"]
    if mean is None or low is None or high is None:
        return NOT_MEASURED
    return f"{number(mean, 4)} ± {number((high - low) / 2, 4)}"


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"{value:.3f}".replace("0.", ".", 1)
