"""The look of the app: style sheet and mark. Colours of surfaces and text are in ``.streamlit/config.toml``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.settings import ASSETS

STYLE = ASSETS / "css" / "shelfgraph.css"
WORDMARK = ASSETS / "brand" / "wordmark.svg"
MARK = ASSETS / "brand" / "mark.svg"


def dress() -> None:
    """Put the style sheet on the page and the mark in its corner."""
    st.html(STYLE)
    st.logo(str(WORDMARK), icon_image=str(MARK), size="medium")


def dark() -> bool:
    """Whether this visit shows the dark theme (False until the browser has said so)."""
    return st.context.theme.type == "dark"


@contextmanager
def steady(key: str, height: int) -> Iterator[None]:
    """A place that keeps at least ``height`` pixels while its content comes and goes, so that nothing below jumps."""
    st.html(f"<style>.st-key-{key}{{min-height:{height}px}}</style>")
    with st.container(key=key):
        yield


def skeleton(height: int) -> None:
    """A quiet block of ``height`` pixels in the place of content that is being made."""
    st.html(f'<div class="sg-skeleton" style="height:{height}px" aria-hidden="true"></div>')
