"""The form of a training: a preset or the settings of the run that is forked, every field of the configuration, and
the command that does the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.form import Entry, entries
from core.recommend import runs
from core.recommend.comparison import command
from core.recommend.config import PRESETS, TrainConfig
from core.recommend.fork import FIXED, Saved, parent_config, saved
from core.storage.workspaces import Workspace
from core.ui.config_form import in_sections, widget
from core.ui.encoder_state import encoder_choice
from core.ui.shell import param, set_params
from core.ui.text import number, t

ALWAYS_SHOWN = ("split", "graph")
SECTIONS = ("data", "product", "shopper", "training", "debiasing", "adversarial", "machine")


@dataclass(frozen=True)
class Start:
    """Where a training starts from: a preset, or a checkpoint of ``parent``."""

    label: str
    values: dict[str, Any]
    key: str
    parent: runs.Run | None = None
    checkpoint: str = ""

    @property
    def fork(self) -> dict[str, str]:
        """As the job's parameter; {} for a preset."""
        return {"run": self.parent.id, "checkpoint": self.checkpoint} if self.parent else {}


def start(workspace: Workspace, known: list[runs.Run]) -> Start:
    """What the visitor has chosen to start from."""
    asked = param("fork")
    parent = next((run for run in known if run.id == asked), None)
    points = saved(workspace, parent.id) if parent else []
    return _from_run(parent, points) if parent and points else _from_preset()


def form(workspace: Workspace, chosen: Start) -> dict[str, Any]:
    """Draw the fields and give their values; those that a fork keeps cannot be changed."""
    every = {entry.name: entry for entry in entries(TrainConfig)}
    fixed = (*FIXED, "certificate") if chosen.parent else ()

    def field_of(entry: Entry) -> Any:
        kept = entry.name in fixed
        if entry.name == "encoder":
            asked = param("encoder") or str(chosen.values["encoder"])
            return encoder_choice(workspace, asked, "train", chosen.key, disabled=kept)
        return widget(entry, chosen.values[entry.name], "train", chosen.key, disabled=kept)

    values = {name: field_of(every[name]) for name in ALWAYS_SHOWN}
    rest = [entry for name, entry in every.items() if name not in ALWAYS_SHOWN]
    with st.expander(t("common.settings_more")):
        return values | in_sections("train", SECTIONS, rest, field_of)


def command_box(workspace: Workspace, chosen: Start, config: TrainConfig) -> None:
    """The command that trains as the form says, to be copied."""
    parent = parent_config(chosen.parent) if chosen.parent else None
    fork = (chosen.parent.id, chosen.checkpoint) if chosen.parent else None
    with st.expander(t("train.command"), icon=":material/terminal:"):
        st.caption(t("train.command_help"))
        told = command(config.model_dump(mode="json"), workspace.folder, fork=fork, parent=parent)
        st.code(told, language="bash", wrap_lines=True)


def _from_preset() -> Start:
    names = list(PRESETS)
    asked = param("preset", "balanced")
    preset = st.segmented_control(
        t("train.preset"),
        names,
        default=asked if asked in names else "balanced",
        format_func=lambda name: t(f"train.preset_{name}"),
        required=True,
        help=t("train.preset_help"),
        key="train_preset",
    )
    set_params(preset=preset)
    name = preset or "balanced"
    return Start(t(f"train.preset_{name}"), PRESETS[name].model_dump(mode="json"), f"train_{name}")


def _from_run(parent: runs.Run, points: list[Saved]) -> Start:
    with st.container(border=True, key="train-fork"):
        st.markdown(f"**{t('train.fork_of', name=parent.name)}**", help=t("train.fork_help"))
        by_name = {point.which: point for point in points}
        asked = param("checkpoint", "best")
        chosen = st.segmented_control(
            t("train.checkpoint"),
            list(by_name),
            default=asked if asked in by_name else "best",
            format_func=lambda which: checkpoint_label(by_name[which]),
            required=True,
            key=f"train_checkpoint_{parent.id}",
        )
        set_params(checkpoint=chosen)
        if st.button(t("train.fork_leave"), icon=":material/close:", type="tertiary", key="train_fork_leave"):
            set_params(fork=None, checkpoint=None)
            st.rerun()
    name = t("train.fork_name", name=parent.name)
    # A certificate's controls are trained from the start, so they say nothing about a run that was not.
    values = parent_config(parent) | {"certificate": False}
    return Start(name, values, f"train_{parent.id}", parent, chosen or "best")


def checkpoint_label(point: Saved) -> str:
    """Which epoch it is and how good it was on validation."""
    return t(f"train.checkpoint_{point.which}", epoch=number(point.epoch + 1), valid=number(point.valid, 4))
