"""The look of the app: style sheet and mark. Colours of surfaces and text are in ``.streamlit/config.toml``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import streamlit as st

from core.settings import ASSETS

STYLE = ASSETS / "css" / "shelfgraph.css"
SCRIPT = ASSETS / "js" / "shelfgraph.js"
WORDMARK = ASSETS / "brand" / "wordmark.svg"
MARK = ASSETS / "brand" / "mark.svg"


def dress(language: str) -> None:
    """Put the style sheet on the page and the mark in its corner, and tell screen readers the language."""
    st.html(STYLE)
    script = f"document.documentElement.lang = {language!r};{_script()}"
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)
    st.logo(str(WORDMARK), icon_image=str(MARK), size="medium")


@cache
def _script() -> str:
    return SCRIPT.read_text("utf-8")


def dark() -> bool:
    """Whether this visit shows the dark theme (False until the browser has said so)."""
    return st.context.theme.type == "dark"


def ground() -> str:
    """The colour of the page, for words inside a picture that lines may cross."""
    return str(st.get_option(f"theme.{'dark' if dark() else 'light'}.backgroundColor") or "rgba(0,0,0,0)")


def ink() -> str:
    """The colour of text, for marks that have to stand out from bars of any colour."""
    return str(st.get_option(f"theme.{'dark' if dark() else 'light'}.textColor") or "#7d8590")


@contextmanager
def steady(key: str, height: int) -> Iterator[None]:
    """A place that keeps at least ``height`` pixels while its content comes and goes, so that nothing below jumps."""
    st.html(f"<style>.st-key-{key}{{min-height:{height}px}}</style>")
    with st.container(key=key):
        yield
