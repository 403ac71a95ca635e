"""The form that sets up a build; how much the language model reads is asked by ``build_outlook``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.llm.base import ModelCard
from core.stages.build_plan import BuildParams, schemas
from core.storage.workspaces import Workspace
from core.ui.navigation import link
from core.ui.shell import param
from core.ui.text import language, t

ORDERS = ("new", "popular", "longest")
NO_MODEL = ""


def form(workspace: Workspace, products: int, cards: Sequence[ModelCard]) -> BuildParams:
    """Draw the form and give the settings as they stand."""
    with st.container(key="build-form"):
        first, second, third, fourth = st.columns([1.8, 1, 1.5, 0.9], vertical_alignment="bottom")
        with first:
            model = _model(cards)
        with second:
            count = int(_number("how_many", products, products))
        with third:
            order = st.selectbox(
                t("build.order"), ORDERS, format_func=lambda one: t(f"build.order_{one}"), key="build-order"
            )
        with fourth:
            more = _more(workspace, bool(model))
    for card in cards:
        if card.missing:
            st.caption(t("build.forecast_missing", name=card.name, reason=card.missing))
    return BuildParams(
        model=model,
        n_products=count if count < products else None,
        order=order,  # type: ignore[arg-type]
        **more,
    )


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


def _number(name: str, most: int, default: int) -> float:
    """A count from 1 to ``most``; the key holds the limit, so that another limit starts from the default again."""
    label, hint = t(f"build.{name}"), t(f"build.{name}_help")
    return st.number_input(label, 1, most, default, key=f"build-{name}-{most}", help=hint)


def _more(workspace: Workspace, model: bool) -> dict[str, Any]:
    """The settings that are seldom changed: schema, reviews, and where the language model stops."""
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
        limits = _limits() if model else {}
    return {"schema_name": str(schema), "reviews": bool(reviews), **limits}


def _limits() -> dict[str, Any]:
    """Hard stops of the language model; 0 for none."""
    st.markdown(f"**{t('build.limits')}**", help=t("build.limits_help"))
    tokens = st.number_input(t("build.llm_tokens"), 0, None, 0, 10_000, key="build-llm_tokens")
    minutes = st.number_input(t("build.llm_minutes"), 0.0, None, 0.0, 5.0, key="build-llm_minutes")
    money = st.number_input(
        t("build.llm_money"), 0.0, None, 0.0, 1.0, key="build-llm_money", help=t("build.llm_money_help")
    )
    return {"llm_tokens": int(tokens), "llm_minutes": float(minutes), "llm_money": float(money)}


def _schema_name(workspace: Workspace, name: str) -> str:
    from core.extract.schema import DEFAULT_PATH
    from core.stages.build_plan import schema_of

    texts = schema_of(workspace, name).name
    label = str(texts.get(language()) or texts.get("en") or name)
    own = schemas(workspace)[name].parent != DEFAULT_PATH.parent
    return t("schema.own_name", name=label) if own else label
