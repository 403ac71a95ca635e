"""The texts that wait for a person: each hit with its quote and its rule, allowed or withheld, and taken back."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.audit.rules import TextRule
from core.audit.screen import Hit
from core.errors import ShelfGraphError
from core.stages.audit import look, say
from core.storage.decisions import Verdict
from core.storage.workspaces import Workspace
from core.ui.audit_state import SHOWS, TextDesk, text_desk
from core.ui.linked import switch
from core.ui.person import actor
from core.ui.session import cached_catalogue
from core.ui.text import ago, language, number, t

ROWS = 20
AROUND = 60


def texts(workspace: Workspace) -> None:
    """Draw the desk."""
    desk = text_desk(workspace)
    with st.container(horizontal=True, vertical_alignment="center", key="audit-texts-bar"):
        st.button(
            t("audit.look_again" if desk.looked else "audit.look"),
            icon=":material/find_in_page:",
            key="audit_look",
            on_click=lambda: _look(workspace),
        )
        me = actor("audit")
    if not desk.looked:
        st.markdown(t("audit.texts_none"))
        return
    if desk.stale:
        st.caption(f":material/info: {t('audit.texts_stale')}")
    counts = {name: len(desk.listed(name)) for name in SHOWS}
    shown = switch(
        t("audit.show"),
        SHOWS,
        "show",
        "audit_show",
        lambda name: f"{t(f'audit.show_{name}')} {number(counts[name])}",
    )
    st.caption(t("audit.texts_note", hidden=number(len(desk.hidden)), rules=number(len(desk.rules))))
    listed = desk.listed(shown)
    if not listed:
        st.markdown(t(f"audit.nothing_{shown}"))
    for product in listed[:ROWS]:
        _card(workspace, desk, product, me)
    if len(listed) > ROWS:
        st.caption(t("audit.more_waiting", n=number(len(listed) - ROWS)))
    _by_hand(workspace, desk, me)
    _rules(desk)


def _look(workspace: Workspace) -> None:
    look(workspace)


def _card(workspace: Workspace, desk: TextDesk, product: str, me: str) -> None:
    found, said = desk.found.get(product), desk.said.get(product)
    title = cached_catalogue(workspace).title(product)
    held = found is not None and found.hold
    badge = "hidden" if product in desk.hidden else "shown"
    lines = "".join(_hit(hit, workspace, product, desk) for hit in (found.hits if found else ()))
    who = ""
    if said is not None:
        text = t(f"audit.said_{said.verdict}", who=said.actor, when=ago(said.time))
        note = f" “{said.note}”" if said.note else ""
        who = f'<p class="sg-quiet">{escape(text + note)}</p>'
    with st.container(border=True, key=f"audit-text-{product}"):
        st.html(
            f'<div class="sg-audit-text{" sg-audit-held" if held else ""}"><header><strong>{escape(title)}</strong>'
            f'<span class="sg-audit-{badge}">{escape(t(f"audit.now_{badge}"))}</span></header>{lines}{who}</div>'
        )
        state = desk.state(product)
        with st.container(horizontal=True):
            if state != "withheld":
                _button(workspace, product, Verdict.WITHHELD, me, "block")
            if state != "allowed" and found is not None:
                _button(workspace, product, Verdict.ALLOWED, me, "check")
            if state != "open":
                _button(workspace, product, Verdict.OPEN, me, "undo")


def _button(workspace: Workspace, product: str, verdict: Verdict, me: str, icon: str) -> None:
    st.button(
        t(f"audit.do_{verdict}"),
        icon=f":material/{icon}:",
        key=f"audit_{verdict}_{product}",
        disabled=not me,
        help=None if me else t("audit.name_first"),
        on_click=_say,
        args=(workspace, product, verdict, me),
    )


def _say(workspace: Workspace, product: str, verdict: Verdict, me: str, note: str = "") -> None:
    try:
        say(workspace, [product], verdict, me, note)
    except ShelfGraphError as error:  # the product left between the drawing of the button and the click
        st.toast(error.what, icon=":material/info:")


def _hit(hit: Hit, workspace: Workspace, product: str, desk: TextDesk) -> str:
    text = _field(workspace, product, hit.field)
    start, end = max(0, hit.start - AROUND), min(len(text), hit.end + AROUND)
    before = ("…" if start else "") + text[start : hit.start]
    after = text[hit.end : end] + ("…" if end < len(text) else "")
    quote = text[hit.start : hit.end] or hit.quote
    rule = desk.rules.get(hit.rule)
    reason = rule.said(language()) if rule else hit.rule
    return (
        f"<figure><blockquote>{escape(before)}<mark>{escape(quote)}</mark>{escape(after)}</blockquote>"
        f"<figcaption>{escape(reason)} <code>{escape(hit.rule)}</code> · {escape(_field_name(hit.field))}</figcaption>"
        "</figure>"
    )


def _field(workspace: Workspace, product: str, field: str) -> str:
    one = cached_catalogue(workspace).products.get(product)
    if one is None:
        return ""
    own = {"title": one.title, "description": one.description, "brand": one.brand or ""}
    return str(own.get(field) or one.attributes.get(field, ""))


def _field_name(field: str) -> str:
    return t(f"audit.field_{field}") if field in ("title", "description", "brand") else field


def _by_hand(workspace: Workspace, desk: TextDesk, me: str) -> None:
    """Withhold a product that no rule found."""
    catalogue = cached_catalogue(workspace)
    with st.expander(t("audit.by_hand"), icon=":material/block:"):
        options = [one for one in catalogue.products if one not in desk.hidden]
        chosen = st.selectbox(
            t("audit.product"), options, index=None, format_func=catalogue.title, key="audit_by_hand_product"
        )
        note = st.text_input(t("audit.why"), max_chars=200, key="audit_by_hand_note")
        st.button(
            t("audit.do_withheld"),
            icon=":material/block:",
            key="audit_by_hand_go",
            disabled=not (me and chosen and note.strip()),
            on_click=_say,
            args=(workspace, chosen or "", Verdict.WITHHELD, me, note.strip()),
        )


def _rules(desk: TextDesk) -> None:
    with st.expander(t("audit.rules"), icon=":material/rule:"):
        st.caption(t("audit.rules_note"))
        st.html(f'<ul class="sg-audit-rules">{"".join(map(_rule, desk.rules.values()))}</ul>')


def _rule(rule: TextRule) -> str:
    words, patterns = number(sum(map(len, rule.words.values()))), number(len(rule.patterns))
    size = t("audit.rule_size", words=words, patterns=patterns)
    what = t("audit.rule_holds" if rule.hold else "audit.rule_lists")
    return (
        f"<li><strong>{escape(rule.said(language()))}</strong> <code>{escape(rule.id)}</code> "
        f'<span class="sg-quiet">{escape(what)} · {escape(size)}</span></li>'
    )
