"""The form that sets up a fine-tuning: which model, from which texts, by which method, and how long it would take."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.errors import ConfigError, DataError, ShelfGraphError
from core.extract.lessons import Labels
from core.llm.adapters import SHIPPED_NAME, listed
from core.llm.base import ModelCard
from core.llm.embedded import with_adapter
from core.llm.finetune_config import PRESETS, FinetuneConfig
from core.llm.registry import trainable
from core.stages.finetune_plan import (
    LEAST_TEXTS,
    FinetuneParams,
    Material,
    enough,
    forecast,
    lessons_of,
    parse,
    size_of,
    spoken,
)
from core.storage.workspaces import Workspace
from core.ui.config_form import PresetForm
from core.ui.finetune_state import texts_of
from core.ui.labelled_file import labelled_file
from core.ui.shell import problem
from core.ui.text import duration, number, t

SOURCES = ("review", "facts", "file")
USUAL_MOST = 400
FORM = PresetForm(
    page="finetune",
    model=FinetuneConfig,
    presets=PRESETS,
    first=("kind", "epochs"),
    sections=("adapter", "training", "validation", "machine"),
    only_for={
        "rank": ("lora", "adalora"),
        "alpha": ("lora", "adalora"),
        "dropout": ("lora", "adalora"),
        "targets": ("lora", "adalora", "ia3"),
        "top_layers": ("lora", "adalora", "ia3"),
        "variant": ("lora",),
        "virtual_tokens": ("prefix",),
    },
)


def form(workspace: Workspace) -> FinetuneParams | None:
    """Draw the form; gives the settings, None while they cannot be started."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        card = _base()
        asked, found = _texts(workspace)
        if card is not None:
            asked["start"] = _start(card)
        if card is not None and found:
            asked |= _lessons(found)
        asked["config"] = FORM.draw()
        asked["name"] = st.text_input(
            t("finetune.name"),
            max_chars=40,
            placeholder=t("finetune.name_hint"),
            key="finetune-name",
            help=t("finetune.name_help"),
        )
    with right, st.container(border=True, key="finetune-plan"):
        return _plan(asked, card, found)


def _base() -> ModelCard | None:
    cards = {card.id: card for card in trainable() if not card.missing}
    if not cards:
        st.caption(t("finetune.no_base"))
        return None
    chosen = st.selectbox(
        t("finetune.base"),
        list(cards),
        format_func=lambda one: cards[one].name,
        key="finetune-base",
        help=t("finetune.base_help"),
    )
    return cards[chosen]


def _start(card: ModelCard) -> str:
    """The adapter to go on from; the shipped one at first, as it knows how to read."""
    shipped = [SHIPPED_NAME] if card.kind == "embedded" and with_adapter() else []
    names = [*shipped, "", *(one.name for one in listed(card.id) if one.kind != "adalora")]
    if names == [""]:
        return ""
    labels = {"": t("finetune.afresh"), SHIPPED_NAME: t("finetune.shipped")}
    chosen: str = st.selectbox(
        t("finetune.begin"),
        names,
        format_func=lambda name: labels.get(name, name),
        key=f"finetune-begin-{card.id}",
        help=t("finetune.begin_help"),
    )
    return chosen


def _texts(workspace: Workspace) -> tuple[dict[str, Any], list[Labels] | None]:
    source: Any = st.segmented_control(
        t("finetune.source"),
        SOURCES,
        default=SOURCES[0],
        format_func=lambda one: t(f"finetune.source_{one}"),
        key="finetune-source",
        required=True,
    )
    st.caption(t(f"finetune.about_{source}"))
    asked: dict[str, Any] = {"source": source}
    if source == "file":
        kept = labelled_file(workspace, "finetune")
        asked |= {"file": kept.file, "schema_file": kept.schema_file, "file_name": kept.name}
        if not asked["file"]:
            return asked, None
    try:
        found = texts_of(
            workspace,
            source,
            asked.get("file", ""),
            asked.get("schema_file", ""),
            asked.get("file_name", ""),
        )
    except ShelfGraphError as error:
        problem(error)
        return asked, None
    return asked, found


def _lessons(found: list[Labels]) -> dict[str, Any]:
    """How many texts, and how they are asked."""
    one, two = st.columns(2, vertical_alignment="bottom")
    most, texts = None, len(found)
    with one:
        if texts > LEAST_TEXTS:
            most = int(
                st.number_input(
                    t("finetune.most"),
                    LEAST_TEXTS,
                    texts,
                    min(texts, USUAL_MOST),
                    key=f"finetune-most-{texts}",
                    help=t("finetune.most_help", n=number(texts)),
                )
            )
    with two if texts > LEAST_TEXTS else one:
        reword = st.toggle(t("finetune.reword"), key="finetune-reword", help=t("finetune.reword_help"))
    return {"most": most if most != texts else None, "lessons": {"reword": reword}}


def _plan(asked: dict[str, Any], card: ModelCard | None, found: list[Labels] | None) -> FinetuneParams | None:
    """What it comes to, and what is to be known before."""
    st.markdown(f"**{t('finetune.plan')}**")
    if card is None or found is None:
        st.caption(t("finetune.plan_nothing"))
        return None
    try:
        params = parse({**asked, "base": card.id})
        chosen = enough(spoken(found, card, params.most))
    except (ConfigError, DataError) as error:
        _too_little(error, asked, found)
        return None
    _told(params, chosen, card)
    return params


def _told(params: FinetuneParams, chosen: Material, card: ModelCard) -> None:
    size = size_of(lessons_of(chosen, params), params.config.batch_size)
    values = sum(len(one.spans) for one in chosen.labels)
    categories = len({one.category for one in chosen.labels})
    st.markdown(
        t(
            "finetune.plan_texts",
            texts=number(size.texts),
            values=number(values),
            categories=number(categories),
            lessons=number(size.lessons),
        )
    )
    if chosen.foreign:
        st.caption(t("finetune.foreign", n=number(chosen.foreign)))
    seconds = forecast(size, params.config, card, listed(card.id))
    st.markdown(t("finetune.plan_time", time=f"**{duration(seconds)}**"), help=t("finetune.plan_time_help"))
    st.caption(t(f"finetune.about_{params.config.kind.value}"))
    st.caption(t("finetune.plan_after", name=card.name))


def _too_little(error: ShelfGraphError, asked: dict[str, Any], found: list[Labels]) -> None:
    if isinstance(error, DataError) and asked["source"] == "review" and not found:
        st.markdown(f":orange[:material/fact_check: {t('finetune.nothing_reviewed')}]")
        return
    problem(error)
