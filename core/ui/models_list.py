"""The language models as cards: there or not, what they speak, how fast they are, and a live check."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from html import escape

import streamlit as st

from core.llm import files
from core.llm.check import Checked, check, last_checks
from core.llm.files import FileStatus
from core.llm.models_file import remove
from core.ui.models_state import MIB, Listed, language_name, named, skipped
from core.ui.navigation import link
from core.ui.shell import guarded
from core.ui.text import NOT_MEASURED, ago, duration, has, listed, moment, number, t

GB = 10**9


def cards(models: list[Listed], counts: Mapping[str, int], *, writable: bool) -> None:
    """Draw a card a model."""
    for model in models:
        with st.container(border=True, key=f"model-{model.card.id}"):
            _card(model, counts, writable=writable)


def others() -> None:
    """The shipped models that are no language models."""
    st.html(f'<h2 class="sg-h2">{escape(t("models.others"))}</h2>')
    missing = []
    for state in files.status():
        if state.name == files.EMBEDDED:
            continue
        st.html(_other(state))
        if not state.present:
            missing.append(state.command)
    if missing:
        st.caption(t("models.get_it"))
        st.code("\n".join(dict.fromkeys(missing)), language="bash")


def _other(state: FileStatus) -> str:
    key = f"models.purpose_{state.name}"
    purpose = t(key) if has(key) else state.purpose
    value = size(state.size) if state.present else t("models.state_absent")
    return (
        f'<div class="sg-row sg-row-{"present" if state.present else "absent"}"><div><strong>{escape(state.name)}'
        f'</strong><div class="sg-card-meta">{escape(purpose)} · {escape(state.licence)}</div></div>'
        f'<div class="sg-row-value">{escape(value)}</div></div>'
    )


def size(amount: float) -> str:
    """Bytes as people say them; "–" where unknown."""
    if not amount:
        return NOT_MEASURED
    if amount >= GB:
        return t("models.gb", n=number(amount / GB, 1))
    return t("models.mib", n=number(amount / MIB, 0))


def _card(model: Listed, counts: Mapping[str, int], *, writable: bool) -> None:
    told, buttons = st.columns([5, 2], vertical_alignment="top")
    with told:
        st.html(_facts(model, counts))
    with buttons.container(horizontal=True, horizontal_alignment="right", gap="small"):
        if model.card.kind in ("embedded", "transformers"):
            link("finetune", t("models.finetune"), icon="tune", view="new")
        elif model.card.base:
            link("finetune", t("models.adapter"), icon="tune", a=model.card.id.rpartition("+")[2])
        if model.configured and writable:
            _remove(model)
    if model.presence.command:
        st.caption(t("models.set_key") if model.presence.state == "no_key" else t("models.get_it"))
        st.code(model.presence.command, language="bash")
    st.fragment(_check)(model)


def _facts(model: Listed, counts: Mapping[str, int]) -> str:
    card, found = model.card, model.presence
    state = t(f"models.state_{found.state}")
    kind = "present" if model.usable else "absent"
    licence = found.licence or ("" if card.base else t("models.licence_unknown"))
    parts = [t(f"models.kind_{card.kind}"), licence, size(found.size)]
    where = f"{card.where}" if card.kind != "embedded" else ""
    meta = " · ".join(escape(part) for part in parts if part not in ("", NOT_MEASURED))
    return (
        f'<div class="sg-model"><div class="sg-card-title">{escape(card.name)} '
        f'<span class="sg-model-state sg-model-{kind}">{escape(state)}</span></div>'
        f'<div class="sg-card-meta">{meta}</div>'
        + (f'<div class="sg-card-meta"><code>{escape(where)}</code></div>' if where else "")
        + f"{_languages(model, counts)}</div>"
    )


def _languages(model: Listed, counts: Mapping[str, int]) -> str:
    """What it speaks, and how much of this workspace it would leave unread."""
    spoken = t("models.speaks", names=listed(named(model.card.languages)))
    left = {code: count for code, count in skipped(model.card, counts).items() if code}
    if not left:
        return f'<div class="sg-card-meta">{escape(spoken)}</div>'
    names = listed(
        t("models.skips_part", n=number(count), language=language_name(code)) for code, count in left.items()
    )
    warning = t("models.skips", n=number(sum(left.values())), of=number(sum(counts.values())), names=names)
    return (
        f'<div class="sg-card-meta">{escape(spoken)}</div><div class="sg-model-skips">{escape(warning)}</div>'
    )


def _check(model: Listed) -> None:
    """The live check: the last result, and a button for a new one."""
    with (
        guarded(),
        st.container(horizontal=True, vertical_alignment="center", key=f"model-check-{model.card.id}"),
    ):
        pressed = st.button(
            t("models.check"),
            icon=":material/speed:",
            key=f"check-{model.card.id}",
            disabled=not model.usable,
            help=t("models.check_help") if model.usable else t("models.check_missing"),
        )
        if pressed:
            with st.spinner(t("models.checking")):
                found: Checked | None = check(model.card.id)
        else:
            found = last_checks().get(model.card.id)
        st.html(_result(found), width="stretch")


def _result(found: Checked | None) -> str:
    if found is None:
        return f'<div class="sg-card-meta">{escape(t("models.unchecked"))}</div>'
    when = f'<span title="{escape(moment(found.time), quote=True)}">{escape(ago(found.time))}</span>'
    if not found.ok:
        return (
            f'<div class="sg-model-failed" role="alert"><strong>{escape(t("models.failed"))}</strong> {when}<br>'
            f"{escape(found.error)} {escape(found.remedy)}</div>"
        )
    where = "models.figure_gpu" if found.gpu_memory else "models.figure_memory"
    figures = [
        (number(found.tokens_per_second), t("models.figure_speed")),
        (duration(found.first_seconds), t("models.figure_first")),
        (duration(found.seconds), t("models.figure_reply", n=number(found.tokens))),
        (
            size(found.gpu_memory or found.memory),
            t(where),
        ),
    ]
    cells = "".join(
        f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>" for value, name in figures
    )
    return f'<div class="sg-model-figures">{cells}<div class="sg-model-when">{when}</div></div>'


def _remove(model: Listed) -> None:
    with st.popover("", icon=":material/delete:", help=t("models.remove")):
        st.caption(t("models.remove_why"))
        st.button(
            t("models.remove_go"), key=f"remove-{model.card.id}", on_click=partial(_take_out, model.card.id)
        )


def _take_out(model_id: str) -> None:
    with guarded():
        remove(model_id)
