"""Attributes proposed from the catalogue: each with who found it, how often, and the words it was found in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from core.catalogue.store import Catalogue
from core.extract.findings import Finding
from core.extract.propose import Proposal, Sample, chosen, coverage, propose, sample_of, statistics
from core.extract.propose_model import TEXTS, ModelOpinion, opinion
from core.extract.schema import Schema, from_dict
from core.extract.schema_edit import Raw, Row, number_of, rows, with_category, with_rows
from core.extract.tokens import has_cjk
from core.llm.base import LanguageModel, ModelCard
from core.ontology import family
from core.storage.workspaces import Workspace
from core.ui.facts import Span, highlight
from core.ui.labels import literal
from core.ui.schema_state import Choice, Draft, products_of, show
from core.ui.session import cached_catalogue
from core.ui.shell import empty, go, guarded
from core.ui.text import duration, language, listed, number, percent, relation_label, t
from core.ui.told import tell

AROUND = 34
_Kept = dict[tuple[str, str, str], tuple[str, ModelOpinion]]


def proposals(workspace: Workspace, draft: Draft, raw: Raw, choice: Choice) -> list[Proposal]:
    """Draw what the sample of a category speaks of; gives the proposals that are ticked."""
    ids = chosen(products_of(workspace, choice))
    if not ids:
        empty(
            "schema-propose",
            what=t("schema.no_products_what"),
            why=t("schema.no_products_why"),
            button=_import,
        )
        return []
    schema = from_dict(raw)
    sample, found = _looked(workspace, schema, choice, tuple(ids))
    asked = [row.relation for row in rows(raw, choice.number)] if choice.all or choice.listed else []
    said = _opinion(workspace, schema, sample, asked, choice)
    made = propose(sample, [*found, *(said.findings if said else ())], schema, asked)
    st.caption(t("schema.sample", n=number(len(sample.products)), of=number(choice.products)))
    if not made:
        empty("schema-none", what=t("schema.none_what"), why=t("schema.none_why"))
    with st.container(key="schema-proposals", gap="small"):
        ticked = [proposal for proposal in made if _card(workspace, proposal, choice)]
    _silent(found, sample, raw, asked)
    return ticked


def take(draft: Draft, raw: Raw, choice: Choice, ticked: Sequence[Proposal]) -> None:
    """Put proposals into the draft, with their values as examples, and show the table they are now in."""
    number_now, made = choice.number, raw
    if not choice.all and not choice.listed:
        made = with_category(raw, [choice.name], [])
        number_now = number_of(made, choice.name)
    known = {row.relation: row for row in rows(raw)}
    new = [_row(proposal, known) for proposal in ticked]
    draft.put(with_rows(made, [*rows(made, number_now), *new], number_now))
    show("table")
    tell("schema", t("schema.taken", n=number(len(ticked))))


def _row(proposal: Proposal, known: dict[str, Row]) -> Row:
    attribute = proposal.attribute
    row = known.get(attribute.relation) or Row(
        attribute.relation, attribute.label, attribute.description, attribute.value_type, attribute.unit
    )
    return replace(row, examples={**row.examples, **proposal.examples})


def _looked(
    workspace: Workspace, schema: Schema, choice: Choice, ids: tuple[str, ...]
) -> tuple[Sample, tuple[Finding, ...]]:
    key = (str(workspace.folder), cached_catalogue(workspace).hash, choice.name, ids, schema.version)
    return _statistics(key, workspace, schema, choice)


@st.cache_resource(max_entries=12, show_spinner=False)
def _statistics(
    key: tuple[object, ...], _workspace: Workspace, _schema: Schema, _choice: Choice
) -> tuple[Sample, tuple[Finding, ...]]:
    from core.extract.teach import tagger_of

    ids = [str(one) for one in key[3]]  # type: ignore[attr-defined]
    sample = sample_of(_choice.name, ids, Catalogue(_workspace).documents(ids))
    return sample, tuple(statistics(sample, _schema, tagger_of(_workspace)))


def _opinion(
    workspace: Workspace, schema: Schema, sample: Sample, asked: Sequence[str], choice: Choice
) -> ModelOpinion | None:
    """What a language model said of the sample, once one has been asked; where none can be, that is told."""
    from core.llm.registry import available

    cards = {card.id: card for card in available() if not card.missing}
    if not cards:
        st.caption(t("schema.no_model"))
        return None
    kept: _Kept = st.session_state.setdefault("schema_opinions", {})
    place = (workspace.info.id, choice.name, schema.version)

    def ask(model_id: str) -> None:
        kept[place] = (model_id, opinion(_model(model_id, workspace), cards[model_id], sample, schema, asked))

    # By itself, so that the proposals can be read while the model reads.
    st.fragment(_ask)(cards, kept.get(place), ask)
    return kept[place][1] if place in kept else None


def _ask(
    cards: Mapping[str, ModelCard], found: tuple[str, ModelOpinion] | None, ask: Callable[[str], None]
) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="schema-ask"):
        picked = st.selectbox(
            t("schema.model"),
            list(cards),
            format_func=lambda one: cards[one].name,
            key="schema_model",
            width=320,
        )
        pressed = st.button(t("schema.ask_model"), icon=":material/neurology:", key="schema-ask-model")
    line = st.empty()
    known = found is not None and found[0] in cards
    line.caption(
        _told(found[1], cards[found[0]]) if found and known else t("schema.ask_why", n=number(TEXTS))
    )
    if pressed:
        with guarded():
            told = t("schema.asking", model=cards[picked].name, n=number(TEXTS))
            line.caption(f":material/hourglass_top: {told}")
            ask(picked)
            st.rerun()


def _model(model_id: str, workspace: Workspace) -> LanguageModel:
    from core.llm.cache import CachedModel

    return CachedModel(_loaded(model_id), workspace.db)


@st.cache_resource(max_entries=1, ttl=900, show_spinner=False)
def _loaded(model_id: str) -> LanguageModel:
    from core.llm.registry import load

    return load(model_id)


def _told(said: ModelOpinion, card: ModelCard) -> str:
    if not said.texts:
        return t("schema.model_silent", model=card.name, n=number(said.unspoken))
    if not said.findings:
        return t("schema.model_found_none", model=card.name, n=number(said.texts))
    relations = dict.fromkeys(finding.relation for finding in said.findings)
    cost = (
        t("schema.model_cost", tokens=number(said.tokens), time=duration(said.seconds)) if said.tokens else ""
    )
    told = t("schema.model_found", model=card.name, n=number(said.texts), m=number(len(relations)))
    return f"{told} {cost}".strip()


def _card(workspace: Workspace, proposal: Proposal, choice: Choice) -> bool:
    """One proposal with its tick; gives whether it is ticked."""
    attribute = proposal.attribute
    label = attribute.named(language())
    with st.container(border=True, key=f"schema-proposal-{proposal.relation}"):
        ticked = st.checkbox(
            literal(label), value=proposal.likely, key=f"schema_tick_{choice.name}_{proposal.relation}"
        )
        kind = t(f"schema.type_{attribute.value_type}") + (f", {attribute.unit}" if attribute.unit else "")
        origin = t("schema.known_attribute") if proposal.known else t("schema.new_attribute")
        seen = t("schema.seen", n=number(proposal.products), share=percent(proposal.share))
        found = listed(t(f"schema.found_{source}") for source in proposal.sources)
        quotes = "".join(_quote(workspace, quote) for quote in proposal.quotes)
        st.html(
            f'<div class="sg-card-meta">{escape(seen)} · {escape(kind)} · {escape(origin)} · {escape(found)}</div>'
            f'<ul class="sg-quotes">{quotes}</ul>'
        )
    return bool(ticked)


def _quote(workspace: Workspace, quote: Finding) -> str:
    """A value in its words, and the product that has it."""
    text = quote.document.text
    start, end = _around(text, quote.start, quote.end)
    mark = Span(quote.start - start, quote.end - start, family(quote.relation), quote.relation)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    title = cached_catalogue(workspace).title(quote.document.product_id)
    words = highlight(text[start:end].replace("\n", " "), [mark])
    return f'<li title="{escape(title, quote=True)}">{before}{words}{after}</li>'


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch of text to show around a value: whole words, and half as many characters where they are wide."""
    reach = AROUND // 2 if has_cjk(text[max(0, start - 8) : end + 8]) else AROUND
    first, last = max(0, start - reach), min(len(text), end + reach)
    while 0 < first < start and text[first - 1].isalnum() and text[first - 1].isascii():
        first += 1
    while end < last < len(text) and text[last].isalnum() and text[last].isascii():
        last -= 1
    return first, last


def _silent(found: Sequence[Finding], sample: Sample, raw: Raw, asked: Sequence[str]) -> None:
    """What is asked for, and how much of it the sample says nothing of."""
    if not asked:
        return
    shares = coverage(found, sample)
    labels = {row.relation: row.label.get(language()) or relation_label(row.relation) for row in rows(raw)}
    said = [f"{labels[name]} {percent(shares[name])}" for name in asked if shares.get(name)]
    silent = [labels[name] for name in asked if not shares.get(name) and name != "category"]
    if said:
        st.caption(t("schema.asked_found", names=listed(said)))
    if silent:
        st.caption(t("schema.asked_silent", names=listed(silent)))


def _import() -> None:
    if st.button(t("schema.to_catalogue"), icon=":material/inventory_2:", key="schema-to-catalogue"):
        go("catalogue")
