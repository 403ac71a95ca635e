"""Cards: what a hostile title says stays text in both forms, and nothing is stated that was not computed."""

from __future__ import annotations

import re
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit.cards import Card, Section, Table, markdown, page, shown
from core.audit.data_card import Holdings, data_card
from core.audit.model_card import Evidence, model_card
from core.audit.wording import Wording, number, percent
from core.domain import Ledger, Product
from core.errors import ConfigError
from core.recommend.runs import Run
from core.stages.card import cards, write
from core.storage.workspaces import Workspace
from tests.recommend_world import outcome

HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) | `a` \u202eevil\n# head https://e.example <img src=x>"


def holdings(**values: object) -> Holdings:
    plain = {
        "name": HOSTILE,
        "catalogue_hash": "c" * 8,
        "graph_hash": "g" * 8,
        "products": [
            Product("p1", HOSTILE, brand=HOSTILE, category=HOSTILE),
            Product("p2", "手冲壶", "一升", price=9.0),
        ],
        "sources": [],
        "counts": {"products": 2, "quarantined": 3},
        "events": {"purchase": 4},
        "period": (0.0, 86_400.0),
        "per_shopper": [1, 3],
        "relations": {"material": 2},
        "ledger": Ledger(2),
        "hits": Counter({"drugs": 1}),
        "withheld": 1,
        "left_out": 0,
    }
    return Holdings(**{**plain, **values})  # type: ignore[arg-type]


def evidence(name: str = "quick") -> Evidence:
    run = Run(
        "run-1", name, "done", outcome().artefact.config.model_dump(mode="json"), "d", "g", 0, outcome().metrics,
        "job", time.time(), time.time(), True, HOSTILE,
    )  # fmt: skip
    return Evidence(run, None, None, (), 0, sample=False, current=True)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hostile_names_are_inert_in_both_forms(language: str) -> None:
    words = Wording(language)
    made = [model_card(evidence(HOSTILE), words), data_card(holdings(), words)]
    written, drawn = markdown(made), page(made)
    assert "<script" not in written.replace("\\<script", "")
    assert "<script" not in drawn.lower()
    assert "<img" not in drawn
    assert "\u202e" not in written + drawn
    assert not re.search(r"(?<!\\)\[x(?<!\\)\]\(", written)
    assert "https://" not in written
    assert "default-src 'none'" in drawn
    # A heading in a title opens no section: only those of the cards do.
    heads = [line for line in written.splitlines() if line.startswith("#")]
    assert len(heads) == sum(1 + len(one.sections) for one in made)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60))
def test_a_cell_never_leaves_its_row(text: str) -> None:
    card = Card("t", "l", (Section("s", ((text, text),), (Table(("a", "b"), ((text, text),)),), (text,)),))
    rows = [line for line in markdown([card]).splitlines() if line.startswith("| ")]
    assert len(rows) == 3
    assert all(len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3 for row in rows)
    assert "\n" not in shown(text)
    assert page([card]).count("<tr>") == 2


def test_what_was_not_measured_is_said_to_be_so() -> None:
    card = model_card(evidence(), Wording("en"))
    told = markdown([card])
    assert "Not attacked yet." in told
    assert "Not audited yet." in told
    assert f"{outcome().metrics['models']['shelfgraph']['ndcg@10']:.4f}" in told
    limits = next(one for one in card.sections if one.title == "Known limits")
    assert any("has not been measured" in note for note in limits.notes)
    assert (number(None), percent(float("nan"))) == ("–", "–")


def test_every_word_of_the_cards_is_there_in_both_languages() -> None:
    for language in ("en", "zh"):
        words = Wording(language)
        for card in (
            model_card(evidence(), words),
            data_card(holdings(hits=None, events={}, per_shopper=[]), words),
        ):
            titles = [card.title, card.lead, *(one.title for one in card.sections)]
            assert all(title != title.lower().replace(" ", "_") or language == "zh" for title in titles)
            assert not [title for title in titles if re.fullmatch(r"[a-z_]+", title)]


def test_an_empty_workspace_has_a_data_card_and_a_wrong_ending_is_refused(workspace: Workspace) -> None:
    made = cards(workspace)
    assert [one.title for one in made] == [f"Data card: {workspace.info.name}"]
    write(workspace.folder / "card.html", made)
    assert (workspace.folder / "card.html").read_text("utf-8").startswith("<!doctype html>")
    for name in ("card.pdf", "no/such/folder/card.md"):
        with pytest.raises(ConfigError):
            write(workspace.folder / name, made)
