"""What the Train page asks of the core, kept between reruns: the audit of the data as it is now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.recommend.audit import audit
from core.recommend.config import GraphKind, TrainConfig
from core.recommend.data import split
from core.recommend.source import documents_of, interactions, read_events, review_times
from core.storage.decisions import left_out
from core.storage.decisions import stamp as decision_stamp
from core.storage.workspaces import Workspace
from core.ui.session import cached_catalogue, cached_graph, catalogue_stamp, log_head


@dataclass(frozen=True)
class Prospect:
    """The audit of what would be trained on, and the number of relation families in the graph."""

    audit: dict[str, Any]
    groups: int


def prospect(workspace: Workspace, config: TrainConfig) -> Prospect:
    """Audit events, split and graph; raises DataError where there is too little to train on."""
    return _prospect(
        str(workspace.folder),
        (catalogue_stamp(workspace), log_head(workspace), decision_stamp(workspace)),
        (config.split.value, config.valid_share, config.test_share, config.purchases_only),
        config.reviews_in_graph and config.graph is not GraphKind.NONE,
        workspace,
        config,
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _prospect(
    folder: str,
    stamp: tuple[object, ...],
    parts: tuple[object, ...],
    reviews: bool,
    _workspace: Workspace,
    _config: TrainConfig,
) -> Prospect:
    from core.ontology import family

    products = list(cached_catalogue(_workspace).products.values())
    gone = left_out(_workspace)
    data = interactions(_workspace, products, purchases_only=_config.purchases_only, without=gone)
    cut = split(data, _config.split.value, _config.valid_share, _config.test_share)
    facts = cached_graph(_workspace).facts.values()
    events = read_events(_workspace, purchases_only=_config.purchases_only)
    raw = sum(row[0] not in gone for row in events)
    report = audit(
        data,
        cut,
        facts,
        documents_of(_workspace),
        review_times(_workspace),
        reviews_used=reviews,
        dropped=raw - len(data),
    )
    return Prospect(report.plain(), len({family(fact.relation) for fact in facts}))
