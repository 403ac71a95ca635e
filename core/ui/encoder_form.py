"""The form that sets up a tuning: base model, kind, how long it learns, and what that comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.errors import ConfigError, DataError
from core.recommend.tuning.config import PRESETS, TuneConfig
from core.recommend.tuning.forecast import forecast
from core.recommend.tuning.kept import EncoderCard
from core.stages.encode import EncodeParams, parse
from core.storage.workspaces import Workspace
from core.ui.config_form import PresetForm
from core.ui.encoder_state import Base, size_of
from core.ui.shell import problem
from core.ui.text import duration, number, t

FORM = PresetForm(
    page="encoder",
    model=TuneConfig,
    presets=PRESETS,
    first=("kind", "pretrain_epochs", "epochs"),
    sections=("method", "pretraining", "contrast", "training", "data", "machine"),
    only_for={
        "rank": ("lora", "adalora", "bottleneck"),
        "alpha": ("lora", "adalora"),
        "dropout": ("lora", "adalora", "bottleneck"),
        "targets": ("lora", "adalora", "ia3", "bottleneck"),
        "top_layers": ("lora", "adalora", "ia3", "bottleneck", "full"),
        "variant": ("lora",),
        "virtual_tokens": ("prefix",),
    },
)


def form(workspace: Workspace, bases: Sequence[Base], known: Sequence[EncoderCard]) -> EncodeParams | None:
    """Draw the form; gives the settings, None while they cannot be started."""
    left, right = st.columns([3, 2], gap="large")
    names = {base.id: base for base in bases}
    with left:
        chosen = st.selectbox(
            t("encoder.base"),
            list(names),
            format_func=lambda one: names[one].name,
            key="encoder-base",
            help=t("encoder.base_help"),
        )
        config = FORM.draw()
        name = st.text_input(t("encoder.name"), max_chars=60, key="encoder-name", help=t("encoder.name_help"))
    with right, st.container(border=True, key="encoder-plan"):
        return _plan(workspace, {"base": chosen, "name": name, "config": config}, names[chosen], known)


def _plan(
    workspace: Workspace, asked: dict[str, Any], base: Base, known: Sequence[EncoderCard]
) -> EncodeParams | None:
    st.markdown(f"**{t('encoder.plan')}**")
    try:
        params = parse(asked)
        size = size_of(workspace, params.config)
    except (ConfigError, DataError) as error:
        problem(error)
        return None
    st.markdown(
        t(
            "encoder.plan_data",
            texts=number(size.products),
            pairs=number(size.pairs),
            events=number(size.events),
            cases=number(size.cases),
        )
    )
    st.caption(t("encoder.plan_leak"))
    seconds = forecast(size, params.config, base.id, base.weights, known)
    st.markdown(t("encoder.plan_time", time=f"**{duration(seconds)}**"), help=t("encoder.plan_time_help"))
    st.caption(t(f"encoder.about_{params.config.kind.value}"))
    return params
