"""The form that sets up a build, and the forecast of what it will take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.jobs import Jobs, JobView, Status
from core.llm.base import ModelCard
from core.stages.build_plan import BuildParams, schemas
from core.storage.workspaces import Workspace
from core.ui.navigation import link
from core.ui.shell import param
from core.ui.text import duration, language, number, t

ORDERS = ("new", "popular", "longest")
NO_MODEL = ""
LLM_DEFAULT = 24


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a build will take by the measure of earlier ones; None where nothing was measured."""

    seconds: float | None
    tokens: float | None


def form(workspace: Workspace, products: int, cards: Sequence[ModelCard]) -> BuildParams:
    """Draw the form and give the settings as they stand."""
    with st.container(key="build-form"):
        first, second, third, fourth, fifth = st.columns([1.7, 1, 1, 1.5, 0.9], vertical_alignment="bottom")
        with first:
            model = _model(cards)
        with third:
            count = int(_number("how_many", products, products))
        with second:
            llm = int(_number("llm_products", count, min(LLM_DEFAULT, count), disabled=not model))
        with fourth:
            order = st.selectbox(
                t("build.order"), ORDERS, format_func=lambda one: t(f"build.order_{one}"), key="build-order"
            )
        with fifth:
            reviews, schema = _more(workspace)
    for card in cards:
        if card.missing:
            st.caption(t("build.forecast_missing", name=card.name, reason=card.missing))
    return BuildParams(
        model=model,
        schema_name=schema,
        n_products=count if count < products else None,
        order=order,  # type: ignore[arg-type]
        llm_products=llm if model else 0,
        reviews=reviews,
    )


def forecast_line(
    workspace: Workspace, params: BuildParams, products: int, cards: Sequence[ModelCard]
) -> None:
    """One sentence: what will be read by whom, and what that took before."""
    count = params.n_products or products
    names = {card.id: card.name for card in cards}
    model = names.get(params.model, t("build.model_none"))
    parts = [
        t("build.forecast", products=number(count), llm=number(params.llm_products), model=model)
        if params.model
        else t("build.forecast_plain", products=number(count))
    ]
    jobs = Jobs(workspace)
    expected = forecast([*jobs.list("build"), *jobs.list("demo")], params, count)
    if expected.seconds is None:
        parts.append(t("build.forecast_unmeasured"))
    else:
        parts.append(t("build.forecast_time", time=duration(expected.seconds)))
    if expected.tokens:
        parts.append(t("build.forecast_tokens", tokens=number(round(expected.tokens, -2))))
    st.caption(" ".join(parts))


def forecast(past: Sequence[JobView], params: BuildParams, products: int) -> Forecast:
    """Time and tokens from the latest build that measured each step with the same language model."""
    # A demo keeps what its build came to beside the other parts.
    done = [job.result.get("build", job.result) for job in past if job.status is Status.DONE and job.result]
    seconds = _per_product(done, "tagger", "seconds")
    seconds = None if seconds is None else seconds * products
    if not params.model or not params.llm_products:
        return Forecast(seconds, None)
    same = [result for result in done if result.get("model") == params.model]
    llm_seconds, llm_tokens = _per_product(same, "llm", "seconds"), _per_product(same, "llm", "tokens")
    if seconds is None or llm_seconds is None or llm_tokens is None:
        return Forecast(None, None)
    return Forecast(seconds + llm_seconds * params.llm_products, llm_tokens * params.llm_products)


def _per_product(results: Sequence[Mapping[str, Any]], step: str, what: str) -> float | None:
    for result in results:
        measured = result.get("steps", {}).get(step, {})
        if measured.get("products"):
            return float(measured[what]) / float(measured["products"])
    return None


def _model(cards: Sequence[ModelCard]) -> str:
    usable = {card.id: card for card in cards if not card.missing}
    asked = param("model")
    chosen: str = st.selectbox(
        t("build.model"),
        [*usable, NO_MODEL],
        index=[*usable].index(asked) if asked in usable else 0,
        format_func=lambda one: usable[one].name if one else t("build.model_none"),
        key="build-model",
        help=t("build.model_help"),
    )
    return chosen


def _number(name: str, most: int, default: int, *, disabled: bool = False) -> float:
    """A count from 1 to ``most``; the key holds the limit, so that another limit starts from the default again."""
    label, hint = t(f"build.{name}"), t(f"build.{name}_help")
    return st.number_input(label, 1, most, default, key=f"build-{name}-{most}", help=hint, disabled=disabled)


def _more(workspace: Workspace) -> tuple[bool, str]:
    known = list(schemas(workspace))
    with st.popover(t("build.more"), icon=":material/tune:"):
        schema = st.selectbox(
            t("build.schema"),
            known,
            index=known.index("shop") if "shop" in known else 0,
            format_func=lambda name: _schema_name(workspace, name),
            key="build-schema",
            help=t("build.schema_help"),
        )
        link("schema", t("schema.edit_link"), icon="schema")
        reviews = st.toggle(t("build.reviews"), value=True, key="build-reviews", help=t("build.reviews_help"))
    return bool(reviews), str(schema)


def _schema_name(workspace: Workspace, name: str) -> str:
    from core.extract.schema import DEFAULT_PATH
    from core.stages.build_plan import schema_of

    texts = schema_of(workspace, name).name
    label = str(texts.get(language()) or texts.get("en") or name)
    own = schemas(workspace)[name].parent != DEFAULT_PATH.parent
    return t("schema.own_name", name=label) if own else label
