"""What the Fine-tune page knows: the adapters, how they were judged, and the texts there are to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import ShelfGraphError
from core.extract.lessons import Labels
from core.llm import adapters
from core.llm.adapters import AdapterCard
from core.llm.learned import read_curves
from core.stages.finetune_plan import Source, of_source
from core.stages.schema_versions import in_force
from core.storage.workspaces import Workspace
from core.ui.evaluate_state import evaluations
from core.ui.session import catalogue_stamp, log_head


@dataclass(frozen=True)
class Listed:
    """An adapter on the list. ``model`` is the id it is chosen by; ``f1`` the strict F1 of its latest evaluation in
    this workspace, None where there is none; ``size`` in bytes."""

    card: AdapterCard
    model: str
    folder: Path
    size: int
    f1: float | None
    shipped: bool = False

    @property
    def curves(self) -> Mapping[str, Any]:
        """What it was trained with."""
        return read_curves(self.folder)


def known(workspace: Workspace) -> list[Listed]:
    """The adapters that were trained here, the latest first, then the shipped one where there is one."""
    judged = _judged(workspace)
    made = [
        _listed(card, f"{card.base}+{card.name}", adapters.home() / card.name, judged)
        for card in sorted(adapters.listed(), key=lambda card: -card.created_at)
    ]
    try:
        card = adapters.ADAPTERS.read(adapters.SHIPPED)
    except ShelfGraphError:
        return made
    card = card.model_copy(update={"name": adapters.SHIPPED_NAME})
    return [*made, _listed(card, card.base, adapters.SHIPPED, judged, shipped=True)]


def texts_of(
    workspace: Workspace, source: Source, file: str = "", schema: str = "", name: str = ""
) -> list[Labels]:
    """All labelled texts of a source, read once for each state of it; raises DataError for an unfit file."""
    stamp = () if source == "file" else (log_head(workspace), *catalogue_stamp(workspace))
    version = "" if source == "file" else in_force(workspace).version
    return _texts(str(workspace.folder), (source, file, schema, name), (version, *stamp), workspace)


def _listed(
    card: AdapterCard, model: str, folder: Path, judged: Mapping[str, float], *, shipped: bool = False
) -> Listed:
    size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    return Listed(card, model, folder, size, judged.get(model), shipped)


def _judged(workspace: Workspace) -> dict[str, float]:
    """Strict F1 by model, of the latest evaluation in which it read by itself."""
    found: dict[str, float] = {}
    for one in evaluations(workspace).values():
        if one.params["method"] == "llm":
            found.setdefault(str(one.params["model"]), float(one.result["strict"]["f1"]))
    return found


@st.cache_resource(max_entries=8, show_spinner=False)
def _texts(
    folder: str, asked: tuple[Any, ...], stamp: tuple[object, ...], _workspace: Workspace
) -> list[Labels]:
    source, file, schema, name = asked
    return of_source(_workspace, source, file, schema, name)
