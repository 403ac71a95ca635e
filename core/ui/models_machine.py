"""What this machine can carry, and the models worth downloading for it."""

from __future__ import annotations

from functools import partial
from html import escape

import streamlit as st

from core.llm.presence import download_command, hub_folder, weights
from core.llm.recommended import MODELS, Recommended, best, fit
from core.ui import models_form
from core.ui.machine import GIB
from core.ui.models_list import size
from core.ui.models_state import Hardware
from core.ui.text import number, t


def recommended(here: Hardware, known: set[str], *, writable: bool) -> None:
    """Draw the machine in figures, then the models from small to large; ``known`` are hub ids that are configured."""
    st.html(
        f'<h2 class="sg-h2">{escape(t("models.recommended"))}</h2><p class="sg-quiet">{escape(_told(here))}</p>'
    )
    if here.gpus and not here.cuda_build:
        st.warning(t("models.no_cuda_build"), icon=":material/info:")
    wanted = best(here.memory_free, here.gpu_memory)
    for model in MODELS:
        place = fit(model, here.memory_free, here.gpu_memory)
        with st.container(key=f"recommended-{model.id}", gap="small"):
            st.html(_row(model, place, chosen=model is wanted))
            if place != "no" and model.repo not in known:
                _get(model, writable=writable, open_now=model is wanted)


def _told(here: Hardware) -> str:
    gpu = ", ".join(here.gpus) or t("models.no_gpu")
    memory = number(here.memory / GIB, 0)
    free = number(here.memory_free / GIB, 0)
    return t("models.machine", cores=number(here.cores), memory=memory, free=free, gpu=gpu)


def _row(model: Recommended, place: str, *, chosen: bool) -> str:
    mark = (
        f' <span class="sg-model-state sg-model-present">{escape(t("models.best_here"))}</span>'
        if chosen
        else ""
    )
    told = t(
        "models.recommended_meta", size=size(model.size), memory=size(model.needs), licence=model.licence
    )
    return (
        f'<div class="sg-row sg-fit-{place}"><div><strong>{escape(model.name)}</strong>{mark}'
        f'<div class="sg-card-meta">{escape(told)}</div></div>'
        f'<div class="sg-row-value">{escape(t(f"models.fit_{place}"))}</div></div>'
    )


def _get(model: Recommended, *, writable: bool, open_now: bool) -> None:
    """The command that downloads it, and then the button that puts it on the list."""
    folder = hub_folder(model.repo)
    if folder is not None and weights(folder):
        st.button(
            t("models.use"),
            icon=":material/add:",
            key=f"use-{model.id}",
            on_click=partial(st.session_state.__setitem__, "model_wanted", model.repo),
        )
    elif open_now:
        st.code(download_command(model.repo), language="bash")
    else:
        with st.popover(t("models.how"), type="tertiary"):
            st.code(download_command(model.repo), language="bash")
            st.caption(t("models.then"))


def wanted(writable: bool) -> None:
    """Open the form for a model that was picked here."""
    repo = st.session_state.pop("model_wanted", None)
    model = next((model for model in MODELS if model.repo == repo), None)
    if model is not None:
        models_form.ask(writable, model)
