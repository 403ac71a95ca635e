"""Before a build: how much the language model may read, what that costs, and how many values it is expected to set
right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import ShelfGraphError
from core.graph.log import Log
from core.jobs import Jobs, JobView
from core.stages.build_plan import BuildParams
from core.stages.forecast import Outlook, Point, Quality, outlook
from core.storage.workspaces import Workspace
from core.ui.charts import show, styled
from core.ui.shell import problem
from core.ui.text import duration, number, percent, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

USUAL_PRODUCTS = 24
HEIGHT = 220
_COLOR, _BAND = "#215dff", "rgba(33, 93, 255, 0.14)"


def ask(workspace: Workspace, params: BuildParams) -> BuildParams:
    """Draw the slider with what is known, and give the settings with the number of products chosen."""
    ahead = _ahead(workspace, params)
    if ahead is None:
        return params.model_copy(update={"llm_products": 0})
    with st.container(border=True, key="build-outlook"):
        if not params.model:
            point = ahead.at(0)
            _figures(ahead, point, params)
            return params.model_copy(update={"llm_products": 0})
        left, right = st.columns([3, 2], gap="large")
        with left:
            point = ahead.at(round(_share(len(ahead.costs)) / 100 * len(ahead.costs)))
            if ahead.costs:
                show(curve(ahead, point), "build-curve")
        with right:
            _figures(ahead, point, params)
    return params.model_copy(update={"llm_products": point.products})


def curve(ahead: Outlook, chosen: Point) -> Figure:
    """Share of values expected to be right by share of products that the model reads, with the choice marked."""
    from plotly import graph_objects as go

    points = ahead.curve()
    most = max(1, len(ahead.costs))
    figure = go.Figure()
    known = [point for point in points if point.quality]
    shares = [point.products / most for point in known]
    spread: list[Quality] = [point.quality for point in known if point.quality]
    band = {"x": shares, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(y=[quality.high for quality in spread], **band)
    figure.add_scatter(y=[quality.low for quality in spread], fill="tonexty", fillcolor=_BAND, **band)
    figure.add_scatter(
        x=shares,
        y=[quality.share for quality in spread],
        mode="lines" if len(known) > 1 else "markers",
        line={"color": _COLOR, "width": 2},
        marker={"size": 11, "color": _COLOR},
        text=[_told(point) for point in known],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    if chosen.quality:
        figure.add_scatter(
            x=[chosen.products / most],
            y=[chosen.quality.share],
            mode="markers",
            marker={"size": 11, "color": _COLOR},
            text=[_told(chosen)],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
    figure.update_xaxes(title=t("build.axis_share"), tickformat=".0%", range=[-0.02, 1.02])
    figure.update_yaxes(title=t("build.axis_quality"), tickformat=".0%")
    if len(known) == 1:  # a single point has no extent that could scale the axis
        share = known[0].quality.share if known[0].quality else 0.0
        figure.update_yaxes(range=[max(0.0, share - 0.1), min(1.0, share + 0.1)], dtick=0.05)
    return styled(figure, HEIGHT)


def _ahead(workspace: Workspace, params: BuildParams) -> Outlook | None:
    probe = bool(st.session_state.get("build-probed"))
    try:
        with st.spinner(t("build.looking_ahead"), show_time=False):
            asked = params.model_copy(update={"llm_products": 1}).model_dump_json()
            return _known(workspace, asked, Log(workspace).head(), len(_past(workspace)), probe)
    except ShelfGraphError as error:
        problem(error)
        return None


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs={Workspace: lambda one: str(one.folder)})
def _known(workspace: Workspace, asked: str, head: int, jobs: int, probe: bool) -> Outlook:
    """``head`` and ``jobs`` say as of when: after another build more is known."""
    return outlook(workspace, BuildParams.model_validate_json(asked), _past(workspace), probe=probe)


def _past(workspace: Workspace) -> Sequence[JobView]:
    jobs = Jobs(workspace)
    return [*jobs.list("build"), *jobs.list("demo")]


def _share(products: int) -> int:
    """The slider, in percent of the products that the model can still read; the key holds their number, so that other
    products start from the default again."""
    usual = min(100, max(1, round(100 * USUAL_PRODUCTS / max(1, products))))
    return int(
        st.slider(
            t("build.share"),
            0,
            100,
            usual,
            format="%d%%",
            key=f"build-share-{products}",
            help=t("build.share_help"),
            disabled=not products,
        )
    )


def _figures(ahead: Outlook, point: Point, params: BuildParams) -> None:
    one, two = st.columns(2)
    quality = point.quality
    with one:
        st.metric(
            t("build.expected_quality"), percent(quality.share if quality else None), help=_why(quality)
        )
    with one if params.model else two:
        st.metric(t("build.expected_time"), duration(point.seconds), help=t("build.expected_time_help"))
    if params.model:
        with two:
            tokens = point.cost.tokens
            st.metric(
                t("build.expected_tokens"),
                number(round(tokens, -2 if tokens > 1_000 else 0)),
                help=t("build.expected_tokens_help"),
            )
            st.metric(
                t("build.expected_money"),
                t("build.free") if point.money is None else number(point.money, 2),
                help=t("build.expected_money_help"),
            )
    st.caption("  \n".join(_remarks(ahead, point, params)))
    _probe(point)


def _remarks(ahead: Outlook, point: Point, params: BuildParams) -> list[str]:
    """What is to be known beside the figures, a line each."""
    told = []
    if params.model:
        of, every = number(len(ahead.costs)), number(ahead.products)
        told.append(t("build.reads", n=number(point.products), of=of, all=every))
    if ahead.left_out:
        told.append(t("build.left_out", n=number(ahead.left_out)))
    if not ahead.read_before:
        told.append(t("build.quality_unknown"))
    elif point.products and point.quality is None:
        alone = ahead.at(0).quality
        told.append(t("build.trust_unknown", share=percent(alone.share if alone else None)))
    return told


def _probe(point: Point) -> None:
    """Offer to measure what no build has measured yet."""
    if point.seconds is None and not st.session_state.get("build-probed"):
        st.button(
            t("build.probe"),
            icon=":material/speed:",
            key="build-probe",
            help=t("build.probe_help"),
            on_click=lambda: st.session_state.update({"build-probed": True}),
        )


def _why(quality: Quality | None) -> str:
    if quality is None:
        return t("build.expected_quality_help")
    between = t("build.between", low=percent(quality.low), high=percent(quality.high))
    return f"{t('build.expected_quality_help')} {between}"


def _told(point: Point) -> str:
    quality = point.quality
    return t(
        "build.point",
        n=number(point.products),
        share=percent(quality.share if quality else None),
        low=percent(quality.low if quality else None),
        high=percent(quality.high if quality else None),
    )
