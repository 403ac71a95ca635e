"""What the Train page asks of the core, kept between reruns: the audit of the data as it is now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.form import entries
from core.recommend.audit import audit
from core.recommend.config import GraphKind, TrainConfig
from core.recommend.data import split
from core.recommend.dataset import dataset
from core.recommend.source import documents_of, review_times
from core.storage.decisions import left_out
from core.storage.decisions import stamp as decision_stamp
from core.storage.workspaces import Workspace
from core.ui.session import cached_catalogue, cached_graph, catalogue_stamp, log_head


@dataclass(frozen=True)
class Prospect:
    """The audit of what would be trained on, the number of relation families in the graph, and the hashes of both."""

    audit: dict[str, Any]
    groups: int
    data_hash: str
    graph_hash: str


def prospect(workspace: Workspace, config: TrainConfig) -> Prospect:
    """Audit events, split and graph; raises DataError where there is too little to train on."""
    return _prospect(
        str(workspace.folder),
        (catalogue_stamp(workspace), log_head(workspace), decision_stamp(workspace)),
        tuple(getattr(config, entry.name) for entry in entries(TrainConfig) if entry.section == "data"),
        (config.graph is GraphKind.NONE, config.reviews_in_graph, config.behaviour_in_graph),
        workspace,
        config,
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _prospect(
    folder: str,
    stamp: tuple[object, ...],
    parts: tuple[object, ...],
    used: tuple[bool, ...],
    _workspace: Workspace,
    _config: TrainConfig,
) -> Prospect:
    from core.ontology import family

    products = list(cached_catalogue(_workspace).products.values())
    found = dataset(_workspace, products, _config, left_out(_workspace))
    cut = split(found.data, _config.split.value, _config.valid_share, _config.test_share)
    graph = cached_graph(_workspace)
    facts = graph.facts.values()
    report = audit(
        found.data,
        cut,
        facts,
        documents_of(_workspace),
        review_times(_workspace),
        config=_config,
        found=found,
    )
    return Prospect(
        report.plain(), len({family(fact.relation) for fact in facts}), found.data.hash, graph.hash
    )
