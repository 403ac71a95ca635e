"""The form that sets up an evaluation: on which texts, how, by whom, and how long it would take."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.catalogue.language import detect
from core.errors import ConfigError, DataError
from core.llm.base import ModelCard
from core.stages.evaluate_plan import EvaluateParams, at_most, forecast, parse, parts, size_of
from core.stages.evaluate_texts import LEAST_REVIEWED, Material
from core.storage.workspaces import Workspace
from core.ui.evaluate_state import evaluations, from_nothing, texts_of
from core.ui.labelled_file import labelled_file
from core.ui.shell import problem
from core.ui.text import duration, number, percent, t

SOURCES = ("sample", "review", "file")
HOWS = ("folds_3", "folds_5", "as_is")
METHODS = ("tagger", "cascade", "llm")
USUAL_MOST = 200
_LOOKED_AT = 200


def form(workspace: Workspace) -> EvaluateParams | None:
    """Draw the form; gives the settings, None while they cannot be started."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        asked, given = _texts(workspace)
        asked |= _how()
        asked |= _who(asked)
        if given is not None:
            asked |= _how_much(given, asked)
    with right, st.container(border=True, key="evaluate-plan"):
        return _plan(workspace, asked, given)


def _texts(workspace: Workspace) -> tuple[dict[str, Any], Material | None]:
    """Which texts; None where there are none that could be judged on."""
    source = _choose("source", SOURCES)
    st.caption(t(f"evaluate.about_{source}"))
    asked: dict[str, Any] = {"source": source}
    if source == "file":
        kept = labelled_file(workspace, "evaluate")
        asked |= {"file": kept.file, "schema_file": kept.schema_file, "name": kept.name}
        if not asked["file"]:
            return asked, None
    try:
        given = texts_of(
            workspace, source, asked.get("file", ""), asked.get("schema_file", ""), asked.get("name", "")
        )
    except DataError as error:
        problem(error)
        return asked, None
    if source == "review" and len(given.items) < LEAST_REVIEWED:
        st.warning(
            t("evaluate.too_few", n=number(len(given.items)), least=number(LEAST_REVIEWED)),
            icon=":material/fact_check:",
        )
        return asked, None
    return asked, given


def _how() -> dict[str, Any]:
    how = _choose("how", HOWS)
    st.caption(t("evaluate.about_as_is" if how == "as_is" else "evaluate.about_folds"))
    if how == "as_is":
        return {"how": "as_is"}
    return {"how": "folds", "folds": int(how.removeprefix("folds_"))}


def _who(asked: dict[str, Any]) -> dict[str, Any]:
    method = _choose("method", METHODS)
    st.caption(t(f"evaluate.about_{method}"))
    chosen: dict[str, Any] = {"method": method}
    if from_nothing(asked | chosen):
        st.caption(t("evaluate.from_nothing"))
    if method != "tagger":
        one, two = st.columns(2)
        with one:
            chosen["model"] = _model()
        if method == "cascade":
            with two:
                chosen["share"] = (
                    st.slider(
                        t("evaluate.share"),
                        5,
                        100,
                        10,
                        5,
                        format="%d%%",
                        key="evaluate-share",
                        help=t("evaluate.share_help"),
                    )
                    / 100
                )
    elif asked["how"] == "as_is" and asked["source"] != "file":
        chosen["reader"] = st.selectbox(
            t("evaluate.reader"),
            ("own", "shipped"),
            format_func=lambda name: t(f"evaluate.reader_{name}"),
            key="evaluate-reader",
            help=t("evaluate.reader_help"),
        )
    return chosen


def _model() -> str:
    usable = {card.id: card.name for card in _cards() if not card.missing}
    if not usable:
        st.caption(t("evaluate.no_model"))
        return ""
    chosen: str = st.selectbox(
        t("evaluate.model"), list(usable), format_func=usable.__getitem__, key="evaluate-model"
    )
    return chosen


def _how_much(given: Material, asked: dict[str, Any]) -> dict[str, Any]:
    texts = len(given.items)
    one, two = st.columns(2, vertical_alignment="bottom")
    with one:
        most = int(
            st.number_input(
                t("evaluate.most"),
                1,
                texts,
                min(texts, USUAL_MOST),
                key=f"evaluate-most-{asked['source']}-{texts}",
                help=t("evaluate.most_help", n=number(texts)),
            )
        )
    curve = False
    if asked["how"] == "folds":
        with two:
            curve = st.toggle(t("evaluate.curve"), key="evaluate-curve", help=t("evaluate.curve_help"))
    return {"most": most if most < texts else None, "curve": curve}


def _plan(workspace: Workspace, asked: dict[str, Any], given: Material | None) -> EvaluateParams | None:
    """What it comes to, and what is to be known before."""
    st.markdown(f"**{t('evaluate.plan')}**")
    if given is None:
        st.caption(t("evaluate.plan_nothing"))
        return None
    if asked["method"] != "tagger" and not asked["model"]:
        st.caption(t("evaluate.no_model"))
        return None
    chosen = at_most(given, asked["most"])
    try:
        params = parse(asked)
        todo = parts(chosen, params)
    except (ConfigError, DataError) as error:
        problem(error)
        return None
    st.markdown(
        t(
            "evaluate.plan_texts",
            texts=number(len(chosen.items)),
            categories=number(len({item.category for item in chosen.items})),
            attributes=number(len({name for item in chosen.items for name in item.values})),
            values=number(sum(bool(surfaces) for item in chosen.items for surfaces in item.values.values())),
        )
    )
    trainings = sum(bool(part.train) for part in todo) if params.method != "llm" else 0
    if trainings:
        st.markdown(t("evaluate.plan_trainings", n=number(trainings)))
    size = size_of(chosen, params, todo)
    if size.by_model:
        st.markdown(t("evaluate.plan_model", n=number(size.by_model)))
    known = [one.result["spent"] for one in evaluations(workspace).values()]
    seconds = forecast(size, params.model, known)
    st.markdown(t("evaluate.plan_time", time=f"**{duration(seconds)}**"), help=t("evaluate.plan_time_help"))
    _remarks(params, chosen)
    return params


def _remarks(params: EvaluateParams, given: Material) -> None:
    if params.source == "sample" and params.how == "as_is":
        _remark("remark_seen")
    if params.source == "review":
        _remark("remark_reviewed")
    card = next((card for card in _cards() if card.id == params.model), None)
    if card is not None:
        looked = [item.text for item in given.items[:_LOOKED_AT]]
        foreign = sum(not card.speaks(detect(text)) for text in looked)
        if foreign:
            _remark("remark_language", name=card.name, share=percent(foreign / len(looked)))


def _remark(key: str, **fields: str) -> None:
    st.markdown(f":orange[:material/info:] {t(f'evaluate.{key}', **fields)}")


def _cards() -> list[ModelCard]:
    from core.llm.registry import available

    return available()


def _choose(name: str, options: tuple[str, ...]) -> str:
    chosen = st.segmented_control(
        t(f"evaluate.{name}"),
        options,
        default=options[0],
        format_func=lambda option: t(f"evaluate.{name}_{option}"),
        key=f"evaluate-{name}",
        required=True,
    )
    return str(chosen or options[0])
