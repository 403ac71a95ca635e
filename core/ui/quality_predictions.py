"""Predicted facts on screen: how far they can be believed, why each is expected, and the way to Review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.domain import EntryKind, Standing
from core.graph.embedding.predict import Prediction
from core.graph.model import Graph
from core.graph.proposals import EXTRACTOR, asserted
from core.graph.review_log import final_verdicts, read_decisions
from core.jobs import Jobs
from core.stages.predict import KeptPredictions, kept_predictions, put_forward
from core.storage.workspaces import Workspace
from core.ui import navigation
from core.ui.session import cached_graph
from core.ui.shell import set_params
from core.ui.tables import export_button, table
from core.ui.text import ago, duration, listed, number, percent, relation_label, t

if TYPE_CHECKING:
    from pandas import DataFrame

STAGE = "predict"
ENOUGH = 20
Key = tuple[str, str, str]


def predictions(workspace: Workspace, graph: Graph, *, busy: bool) -> None:
    """Draw what the last run predicted, with the button that runs it and the one that proposes."""
    kept = kept_predictions(workspace)
    if kept is None:
        st.markdown(f"**{t('quality.predictions_empty_what')}**")
        st.markdown(t("quality.predictions_empty_why"))
        _run(workspace, "quality.predict", busy=busy)
        return
    st.caption(measured(kept))
    if not kept.predictions:
        st.markdown(t("quality.predictions_none"))
        _run(workspace, "quality.predict_again", busy=busy)
        return
    st.markdown(t("quality.predictions_pick"))
    standings = standings_of(workspace, graph)
    frame = frame_of(kept.predictions, graph, standings)
    probability = st.column_config.ProgressColumn(
        t("quality.column_probability"), format="%d%%", min_value=0, max_value=100
    )
    rows = table(
        frame,
        "quality-predictions",
        columns={t("quality.column_probability"): probability},
        selection=True,
        multiple=True,
    )
    chosen = tuple(kept.predictions[row] for row in rows)
    with st.container(horizontal=True, vertical_alignment="center", key="quality-propose-line"):
        st.button(
            t("quality.propose", n=number(len(chosen))) if chosen else t("quality.propose_none"),
            icon=":material/outbox:",
            key="quality-propose",
            disabled=not chosen,
            on_click=_propose,
            args=(workspace, chosen),
        )
        _run(workspace, "quality.predict_again", busy=busy)
        navigation.link("review", t("quality.to_review"), icon="fact_check", by=EXTRACTOR, look="fact")
        export_button(frame, "predictions")


def measured(kept: KeptPredictions) -> str:
    """What the last run is worth, in one sentence, and when it was."""
    count, given, found = _surest(kept.reliability)
    told = t(
        "quality.predictions_measured",
        n=number(kept.measured["n"]),
        hits1=percent(kept.measured["hits1"]),
        hits10=percent(kept.measured["hits10"]),
        mrr=number(kept.measured["mrr"], 3),
        frequency=number(kept.frequency["mrr"], 3),
        count=number(count),
        p=percent(given),
        right=percent(found),
    )
    names = {"transe": "TransE", "distmult": "DistMult", "rotate": "RotatE"}
    last = t(
        "quality.last_run",
        scorer=names[kept.scorer],
        when=ago(kept.created_at),
        seconds=duration(kept.seconds),
    )
    return f"{told} {last}"


def _surest(reliability: Mapping[str, Any]) -> tuple[int, float, float]:
    """Of the tenths of probability with enough answers the highest: answers, mean probability, share that is true."""
    tenths = zip(*(reliability[name] for name in ("counts", "expected", "found")), strict=True)
    return max(
        (tenth for tenth in tenths if tenth[0] >= ENOUGH), key=lambda one: one[1], default=(0, nan, nan)
    )


def standings_of(workspace: Workspace, graph: Graph) -> Mapping[Key, str]:
    """What became of each prediction that was proposed: waiting, accepted or rejected."""
    with workspace.db.read() as reader:
        verdicts = final_verdicts(read_decisions(reader))
    found: dict[Key, str] = {}
    for key, assertion_id in asserted(workspace, graph).items():
        standing = graph.standing.get(assertion_id)
        if verdicts.get(assertion_id) is EntryKind.REJECTED or standing is Standing.REJECTED:
            found[key] = "rejected"
        elif standing in (Standing.COMMITTED, Standing.MERGED):
            found[key] = "accepted"
        elif standing is Standing.QUARANTINED:
            found[key] = "waiting"
    return found


def frame_of(made: Sequence[Prediction], graph: Graph, standings: Mapping[Key, str]) -> DataFrame:
    """One row a prediction, in their order."""
    from pandas import DataFrame

    rows = [
        {
            t("quality.column_probability"): round(100 * prediction.probability),
            t("quality.column_product"): graph.label(prediction.subject),
            t("quality.column_relation"): relation_label(prediction.relation),
            t("quality.column_value"): graph.label(prediction.object),
            t("quality.column_support"): listed(graph.label(node) for node in prediction.support),
            t("quality.column_standing"): t(
                f"quality.standing_{standings.get((prediction.subject, prediction.relation, prediction.object), 'new')}"
            ),
        }
        for prediction in made
    ]
    return DataFrame(rows)


def _run(workspace: Workspace, label: str, *, busy: bool) -> None:
    if st.button(t(label), icon=":material/psychology:", key="quality-predict", disabled=busy):
        set_params(job=Jobs(workspace).submit(STAGE, {}))
        st.rerun()


def _propose(workspace: Workspace, chosen: tuple[Prediction, ...]) -> None:
    made = put_forward(workspace, cached_graph(workspace), chosen)
    told = {name: number(getattr(made, name)) for name in ("new", "waiting", "grounded")}
    st.toast(t("quality.proposed", **told), icon=":material/outbox:")
