"""Models: which language models can read these products, how fast, in which languages, and how to get more."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui import models_form, models_machine
from core.ui.models_list import cards, others
from core.ui.models_state import Listed, hardware, language_name, may_write, models, text_counts
from core.ui.shell import header, run_page
from core.ui.text import listed, number, t

STYLE = ASSETS / "css" / "models.css"
SHOWN_LANGUAGES = 4


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    models_form.failed()
    known = models()
    counts = text_counts(workspace)
    writable = may_write()
    added = str(st.session_state.pop("model_added", ""))
    header("models", _state(known, counts, added), lambda: _add(writable))
    left, right = st.columns([3, 2], gap="large")
    with left:
        cards(known, counts, writable=writable)
        others()
    with right:
        sources = {str(model.configured.get("model")) for model in known}
        models_machine.recommended(hardware(), sources, writable=writable)
    models_machine.wanted(writable)


def _add(writable: bool) -> None:
    if st.button(t("models.add"), type="primary", icon=":material/add:", key="model-add"):
        models_form.ask(writable)


def _state(known: list[Listed], counts: Mapping[str, int], added: str) -> str:
    usable = sum(model.usable for model in known)
    told = t("models.state", n=number(usable), of=number(len(known)))
    if added:
        return f"{told} · <strong>{escape(t('models.added', name=added))}</strong>"
    spoken = [(code, count) for code, count in counts.items() if code][:SHOWN_LANGUAGES]
    if not spoken:
        return f"{told} · {t('models.state_no_texts')}"
    names = listed(
        t("models.skips_part", n=number(count), language=escape(language_name(code)))
        for code, count in spoken
    )
    return f"{told} · {t('models.state_texts', names=names)}"


run_page("models", render)
