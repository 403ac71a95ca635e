"""The Review page without a browser: one fact at a time, decided by name, undone, narrowed, decided in bulk."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from core.domain import Assertion, EntryKind, LogEntry, Standing
from core.graph.log import Log
from core.graph.model import Reason
from core.graph.review_log import Choice, decide, read_decisions
from core.graph.store import GraphStore
from core.storage import tables
from core.storage.workspaces import Workspace
from core.ui.text import has
from tests.graph_world import SHOP, document, read
from tests.graph_world import fill as fill_graph
from tests.page_world import linked, open_page, said

opened = partial(open_page, "review", me="Lin")


def fill(workspace: Workspace) -> list[Assertion]:
    """The small shop with its readings, and with the mapping its source was imported by."""
    made = fill_graph(workspace)
    with workspace.db.write() as writer:
        writer.execute(update(tables.sources).values(mapping={"columns": {"kind": "products", "fields": {}}}))
    return made


def good(test: AppTest) -> AppTest:
    assert not test.exception, test.exception
    return test


def press(test: AppTest, key: str) -> AppTest:
    test.button(key=key).click()
    return good(test.run())


def apart(workspace: Workspace) -> str:
    """Add a reading that is kept apart; gives its id."""
    weak = read(document("k1", SHOP["k1"][2]), "style", "pour-over", "llm:tiny", 0.3)
    Log(workspace).append([weak], [LogEntry(EntryKind.QUARANTINED, weak.id, {"reason": "contested"})])
    return weak.id


def standing(workspace: Workspace, assertion_id: str) -> Standing:
    return GraphStore(workspace).graph().standing[assertion_id]


def test_an_empty_queue_leads_to_build(workspace: Workspace) -> None:
    test = opened(workspace)
    assert "Nothing has been read yet" in said(test)
    assert [b.label for b in test.button if b.label == "Build the graph"]


def test_the_name_is_asked_once_and_kept_in_the_link(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace, me="")
    assert not [b for b in test.button if b.key == "review-accept"]
    test.text_input(key="review_name").input("  Lin \n Wei ")
    (start,) = [b for b in test.button if b.label == "Start"]
    start.click()
    good(test.run())
    assert linked(test, "me") == "Lin Wei"
    assert test.button(key="review-accept")


def test_a_kept_apart_fact_is_told_with_its_reason_and_enters_the_graph_when_accepted(
    workspace: Workspace,
) -> None:
    fill(workspace)
    weak = apart(workspace)
    test = opened(workspace, at=weak)
    text = said(test)
    assert "another reader, or another text, says otherwise" in text
    assert "Contradicted: used for “pour-over coffee”" in text
    assert "pour-over</mark>" in text
    assert "<strong>14</strong> to review, <strong>1</strong> of them kept apart" in text
    press(test, "review-accept")
    assert standing(workspace, weak) is Standing.COMMITTED
    assert "<strong>13</strong> to review, <strong>0</strong> of them kept apart" in said(test)
    with workspace.db.read() as reader:
        (made,) = read_decisions(reader)
    assert made.actor == "Lin"


def test_reject_later_and_undo(workspace: Workspace) -> None:
    made = fill(workspace)
    before = GraphStore(workspace).graph().hash
    test = opened(workspace, at=made[3].id)
    press(test, "review-reject")
    assert standing(workspace, made[3].id) is Standing.REJECTED
    first = said(test)
    press(test, "review-next")
    assert said(test) != first, "another one is shown"
    press(test, "review-undo")
    assert GraphStore(workspace).graph().hash == before
    assert linked(test, "at") == made[3].id, "what was taken back is shown again"
    assert test.button(key="review-undo").disabled


def test_another_attribute_takes_the_place_of_the_one_that_was_read(workspace: Workspace) -> None:
    made = fill(workspace)
    test = press(opened(workspace, at=made[3].id), "review-change-attribute")
    assert test.button(key="review-save").disabled
    test.selectbox(key=f"review-relation-{made[3].id}").set_value("usedFor")
    good(test.run())
    press(test, "review-save")
    facts = {(f.relation, f.object) for f in GraphStore(workspace).product_facts("k1")}
    assert ("usedFor", "use:home") in facts
    assert not [relation for relation, _ in facts if relation == "usedIn"]


def test_what_another_decided_meanwhile_is_said_and_stays(workspace: Workspace) -> None:
    made = fill(workspace)
    test = opened(workspace, at=made[3].id)
    decide(workspace, [Choice(EntryKind.ACCEPTED, (made[3].id,))], "Mo", Log(workspace).head())
    press(test, "review-reject")
    assert "Mo accepted this while it was before you" in said(test)
    assert standing(workspace, made[3].id) is Standing.COMMITTED
    press(test, "review-reject")
    assert standing(workspace, made[3].id) is Standing.REJECTED


def test_a_second_look_does_not_tell_what_the_first_one_said(workspace: Workspace) -> None:
    made = fill(workspace)
    seen = []
    for verdict in (EntryKind.ACCEPTED, EntryKind.REJECTED):
        decide(workspace, [Choice(verdict, (made[3].id,))], "Mo", Log(workspace).head())
        test = opened(workspace, show="second")
        shown = [body for html in test.get("html") if "sg-review" in (body := str(html.proto.body))]
        seen.append(shown + [b.label for b in test.button])
    assert any('class="sg-review-value">home<' in text for text in seen[0])
    assert seen[0] == seen[1]
    text = said(press(test, "review-reject"))
    assert "Lin and Mo, facts in common: 1" in text
    assert "100% the same" in text


def test_a_value_is_decided_in_all_its_products_by_one_press_and_taken_back_by_one(
    workspace: Workspace,
) -> None:
    made = fill(workspace)
    before = GraphStore(workspace).graph().hash
    test = opened(workspace, at=made[2].id)
    assert test.button(key="review-reject").label == "Reject 2"
    assert ":gray-background[pour\\-over coffee]" in test.button(key=f"review-tick-{made[6].id}").label
    press(test, "review-reject")
    assert {standing(workspace, made[at].id) for at in (2, 6)} == {Standing.REJECTED}
    assert "2 rejected as one decision" in said(test)
    press(test, "review-undo")
    assert GraphStore(workspace).graph().hash == before
    assert linked(test, "at") == made[2].id


def test_what_has_no_tick_stays_in_the_queue_by_itself(workspace: Workspace) -> None:
    made = fill(workspace)
    test = opened(workspace, at=made[2].id)
    press(test, f"review-large-{made[6].id}")
    press(test, f"review-tick-{made[2].id}")
    assert "left out" in test.button(key=f"review-tick-{made[2].id}").label
    press(test, "review-reject")
    assert standing(workspace, made[6].id) is Standing.REJECTED
    assert standing(workspace, made[2].id) is Standing.COMMITTED
    test = opened(workspace, at=made[2].id)
    assert test.button(key="review-accept").label == "Accept"
    assert "rejected by you" in test.button(key=f"review-tick-decided-{made[6].id}").label
    press(test, "review-only")
    assert test.button(key="review-accept").label == "Accept 2"


def test_fact_by_fact_a_press_is_about_one_product(workspace: Workspace) -> None:
    made = fill(workspace)
    test = opened(workspace, at=made[2].id)
    rows = sum(str(b.key).startswith("review-row-") for b in test.button)
    test = opened(workspace, at=made[2].id, look="fact")
    assert sum(str(b.key).startswith("review-row-") for b in test.button) > rows
    assert not [b for b in test.button if str(b.key).startswith("review-tick-")]
    press(test, "review-reject")
    assert linked(test, "look") == "fact"
    assert standing(workspace, made[2].id) is Standing.REJECTED
    assert standing(workspace, made[6].id) is Standing.COMMITTED


def test_another_attribute_goes_to_all_that_have_a_tick(workspace: Workspace) -> None:
    made = fill(workspace)
    test = press(opened(workspace, at=made[2].id), "review-change-attribute")
    test.selectbox(key=f"review-relation-{made[2].id}").set_value("style")
    good(test.run())
    assert test.button(key="review-save").label == "Save for 2"
    press(test, "review-save")
    for product in ("k1", "k2"):
        relations = {f.relation for f in GraphStore(workspace).product_facts(product)}
        assert "style" in relations
        assert "usedFor" not in relations


def test_a_look_that_another_decided_meanwhile_is_left_as_it_is(workspace: Workspace) -> None:
    made = fill(workspace)
    test = opened(workspace, at=made[2].id)
    theirs = [Choice(EntryKind.ACCEPTED, (made[at].id,)) for at in (2, 6)]
    decide(workspace, theirs, "Mo", Log(workspace).head())
    press(test, "review-reject")
    assert "Mo decided these 2 while they were before you" in said(test)
    assert {standing(workspace, made[at].id) for at in (2, 6)} == {Standing.COMMITTED}
    assert test.button(key="review-reject").label == "Reject", "a tick from before somebody decided is gone"
    row = f"review-tick-decided-{made[6].id}"
    assert "decided by Mo" in test.button(key=row).label
    press(test, row)
    press(test, "review-reject")
    assert {standing(workspace, made[at].id) for at in (2, 6)} == {Standing.REJECTED}


def test_a_second_look_at_a_value_does_not_tell_which_was_rejected(workspace: Workspace) -> None:
    made = fill(workspace)
    seen = []
    for one, other in ((2, 6), (6, 2)):
        choices = [Choice(EntryKind.ACCEPTED, (made[one].id,)), Choice(EntryKind.REJECTED, (made[other].id,))]
        decide(workspace, choices, "Mo", Log(workspace).head())
        test = opened(workspace, show="second")
        shown = [body for html in test.get("html") if "sg-review" in (body := str(html.proto.body))]
        seen.append(shown + [b.label for b in test.button])
    assert any("Accept 2" in part for part in seen[0])
    assert seen[0] == seen[1]


def test_all_that_a_filter_shows_is_decided_after_a_question_and_undone_in_one(workspace: Workspace) -> None:
    fill(workspace)
    before = GraphStore(workspace).graph().hash
    test = opened(workspace)
    assert test.button(key="review-all-rejected").disabled, "not without a filter"
    test = opened(workspace, rel="material")
    press(test, "review-all-rejected")
    assert "**Reject 4 facts?**" in said(test)
    assert GraphStore(workspace).graph().hash == before
    press(test, "review-yes")
    assert GraphStore(workspace).graph().ledger.rejected == 4
    assert "4 rejected as one decision" in said(test)
    press(test, "review-undo")
    assert GraphStore(workspace).graph().hash == before


def test_after_ten_decisions_the_tagger_can_be_taught(workspace: Workspace) -> None:
    made = fill(workspace)
    for one in made[:10]:
        decide(workspace, [Choice(EntryKind.ACCEPTED, (one.id,))], "Lin", 0)
    test = opened(workspace)
    assert test.button(key="review-teach")
    decide(workspace, [Choice(EntryKind.REJECTED, (made[0].id,))], "Lin", 0)
    (first, *_) = [b for b in opened(workspace, me="Mo").button if b.key == "review-teach"]
    assert first.label == "Teach tagger and span reader with these"


@pytest.mark.parametrize(
    "params",
    [
        {"at": "gone", "lo": "x", "hi": "-3", "rows": "9e9", "show": "none"},
        {"rel": "~~", "why": "<b>", "lo": "90"},
    ],
)
def test_a_link_with_nonsense_in_it_opens_all_the_same(workspace: Workspace, params: dict[str, str]) -> None:
    fill(workspace)
    assert "to review" in said(opened(workspace, **params))


def test_every_reason_of_the_graph_is_told_in_words(workspace: Workspace) -> None:
    for reason in Reason:
        assert has(f"review.reason_{reason}")
        assert has(f"review.why_{reason}")
    made = fill(workspace)
    odd = LogEntry(EntryKind.QUARANTINED, made[0].id, {"reason": "the_shops_own"})
    Log(workspace).append([], [odd])
    assert "the shops own" in said(opened(workspace, at=made[0].id))


def test_it_speaks_chinese(workspace: Workspace) -> None:
    fill(workspace)
    weak = apart(workspace)
    assert "另一个读取者或另一处文字说法不同" in said(opened(workspace, "zh", at=weak))
