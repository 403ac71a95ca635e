"""The form that configures a language model: an endpoint, or one of the hub or of a folder."""

from __future__ import annotations

import re
from dataclasses import replace

import streamlit as st

from core.errors import ShelfGraphError
from core.llm.models_file import REPLY_FORMATS, Entry, add, path, problems, text_of
from core.llm.recommended import Recommended
from core.llm.registry import FILE, available
from core.ui.models_state import language_name
from core.ui.shell import problem
from core.ui.text import t

KINDS = ("endpoint", "transformers")
LANGUAGES = ("*", "en", "zh", "de", "fr", "es", "ja", "ko")
DEFAULTS = {"concurrency": 4, "retries": 3, "timeout": 60.0, "token_budget": 0, "batch": 8}


def ask(writable: bool, wanted: Recommended | None = None) -> None:
    """Open the form; ``wanted`` fills it in."""

    @st.dialog(t("models.add"), width="large")
    def form() -> None:
        kind = "transformers" if wanted else _kind()
        entry = _endpoint() if kind == "endpoint" else _transformers(wanted)
        taken = tuple(card.id for card in available())
        wrong = problems(entry, taken)
        if entry.id and entry.model:
            for name, code in wrong:
                st.caption(f":material/error: {t(f'models.field_{name}')}: {t(f'models.wrong_{code}')}")
        st.caption(t("models.preview", file=FILE))
        # What was typed there may be the key itself: it is not shown once more.
        shown = replace(entry, key_env="") if any(name == "key_env" for name, _ in wrong) else entry
        st.code(text_of(shown), language="yaml")
        if not writable:
            st.caption(t("models.read_only", file=str(path())))
            return
        st.button(
            t("models.write", file=FILE),
            type="primary",
            icon=":material/save:",
            key="model-write",
            disabled=bool(wrong),
            on_click=_write,
            args=(entry,),
        )
        failed()
        if st.session_state.get("model_added"):
            st.rerun()

    form()


def failed() -> None:
    """Say why a model was not written."""
    error = st.session_state.pop("model_error", None)
    if error is not None:
        problem(error)


def _write(entry: Entry) -> None:
    try:
        add(entry)
    except ShelfGraphError as error:
        st.session_state["model_error"] = error
        return
    st.session_state["model_added"] = entry.name or entry.id


def _kind() -> str:
    return str(
        st.segmented_control(
            t("models.kind"),
            KINDS,
            default=KINDS[0],
            format_func=lambda kind: t(f"models.kind_{kind}"),
            key="model-kind",
            required=True,
        )
    )


def _endpoint() -> Entry:
    url = _text("url", placeholder="http://127.0.0.1:8000/v1")
    model = _text("model_served", placeholder="my-model")
    left, right = st.columns(2)
    with left:
        name = _text("name", placeholder=model)
    with right:
        key_env = _text("key_env", placeholder="MY_API_KEY")
    languages = _languages()
    with st.expander(t("models.more")):
        reply = st.selectbox(
            t("models.field_reply_format"),
            REPLY_FORMATS,
            key="model-reply",
            help=t("models.field_reply_format_help"),
        )
        left, right = st.columns(2)
        with left:
            concurrency = _count("concurrency", 1, 64)
            timeout = float(_count("timeout", 1, 3600))
        with right:
            retries = _count("retries", 0, 10)
            budget = _count("token_budget", 0, 10**9)
        left, right = st.columns(2)
        with left:
            price_in = _price("price_in")
        with right:
            price_out = _price("price_out")
    chosen: dict[str, object] = {
        "concurrency": concurrency,
        "retries": retries,
        "timeout": timeout,
        "token_budget": budget,
    }
    options = {key: value for key, value in chosen.items() if value != DEFAULTS[key]}
    prices = {"price_in": price_in, "price_out": price_out}
    options |= {key: value for key, value in prices.items() if value is not None}
    if reply != REPLY_FORMATS[0]:
        options["reply_format"] = reply
    return Entry("endpoint", _id(name or model), model, name, url, key_env, languages, options)


def _transformers(wanted: Recommended | None) -> Entry:
    model = _text("model_source", wanted.repo if wanted else "", placeholder="Qwen/Qwen3-1.7B")
    name = _text("name", wanted.name if wanted else "", placeholder=model.rpartition("/")[2])
    languages = _languages()
    with st.expander(t("models.more")):
        batch = _count("batch", 1, 256)
        chat = st.toggle(
            t("models.field_chat"), value=True, key="model-chat", help=t("models.field_chat_help")
        )
        licence = _text("licence", wanted.licence if wanted else "")
    options: dict[str, object] = {} if batch == DEFAULTS["batch"] else {"batch": batch}
    options |= {} if chat else {"chat": False}
    options |= {"licence": licence} if licence else {}
    return Entry(
        "transformers", _id(name or model.rpartition("/")[2]), model, name, "", "", languages, options
    )


def _text(name: str, value: str = "", *, placeholder: str = "") -> str:
    typed = st.text_input(
        t(f"models.field_{name}"),
        value,
        key=f"model-{name}",
        placeholder=placeholder,
        help=t(f"models.field_{name}_help"),
    )
    return str(typed).strip()


def _count(name: str, least: int, most: int) -> int:
    return int(
        st.number_input(
            t(f"models.field_{name}"),
            least,
            most,
            int(DEFAULTS[name]),
            key=f"model-{name}",
            help=t(f"models.field_{name}_help"),
        )
    )


def _price(name: str) -> float | None:
    return st.number_input(
        t(f"models.field_{name}"),
        min_value=0.0,
        value=None,
        key=f"model-{name}",
        help=t("models.field_price_help"),
        placeholder="–",
    )


def _languages() -> tuple[str, ...]:
    picked = st.multiselect(
        t("models.field_languages"),
        LANGUAGES,
        default=[LANGUAGES[0]],
        format_func=language_name,
        accept_new_options=True,
        key="model-languages",
        help=t("models.field_languages_help"),
    )
    return () if not picked or "*" in picked else tuple(picked)


def _id(name: str) -> str:
    """The id of a model, made from its name."""
    return re.sub(r"[^\w.\-]+", "-", name).strip("-._").lower()[:60]
