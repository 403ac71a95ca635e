"""What a press on the Review page does: decide, take back, pass over, open a correction; and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import ShelfGraphError
from core.graph.looks import Look
from core.graph.review import key_of
from core.graph.review_log import Choice, Outcome, decide, undo
from core.storage.workspaces import Workspace
from core.ui import told
from core.ui.review_state import change, desk, put_off, read_state
from core.ui.text import listed, number, t


def press(workspace: Workspace, choices: Sequence[Choice], seen: int) -> None:
    """Write choices as one decision and say what came of it; for callbacks."""
    me = read_state().me
    if not me:
        tell("warning", t("review.name_first"))
        return
    try:
        outcome = decide(workspace, choices, me, seen)
    except ShelfGraphError as error:
        tell("warning", f"{error.what} {error.remedy}")
        return
    if not outcome.done and not outcome.taken:
        return  # the same press once more
    stop_editing()
    if outcome.done:
        ticks().clear()
    tell(*_told(outcome, choices))
    change(at="" if outcome.done else choices[0].ids[0])


def ticks() -> dict[str, bool]:
    """What the reviewer set or took away since the last decision, by the tick's name. What had no tick then and is left
    stays in the queue as a look of its own, with all ticks set."""
    found: dict[str, bool] = st.session_state.setdefault("review_ticks", {})
    return found


def _told(outcome: Outcome, choices: Sequence[Choice]) -> tuple[str, str]:
    names = listed(dict.fromkeys(name for name, _ in outcome.taken))
    if outcome.taken and len(choices) == 1:
        return "warning", t(f"review.taken_{outcome.taken[0][1].value}", name=names)
    if outcome.taken:
        how = "taken_many" if outcome.done else "taken_all"
        n, done = number(len(outcome.taken)), number(outcome.done)
        return "warning", t(f"review.{how}", n=n, done=done, names=names)
    many = "_many" if len(choices) > 1 else ""
    return "done", t(f"review.said_{choices[0].verdict.value}{many}", n=number(outcome.done))


def take_back(workspace: Workspace) -> None:
    """Undo the reviewer's last decision and open what it was about; for callbacks."""
    state, now = read_state(), desk(workspace)
    last = now.last_of(state.me)
    if last is None:
        tell("warning", t("review.nothing_to_undo"))
        return
    undo(workspace, last, state.me)
    stop_editing()
    about = [i for i in last.verdicts if i not in last.replacements]
    values = {key_of(known, now.graph.rules)[1:] for i in about if (known := now.assertions.get(i))}
    tell("done", t("review.undone"))
    change(at=about[0] if len(values) == 1 else "", show="open" if state.show == "mine" else state.show)


def pass_over(look: Look) -> None:
    """Put a look off for this visit; for callbacks."""
    later = put_off()
    for item in look.items:
        later.pop(item.lead.id, None)
        later[item.lead.id] = None
    told.hush("review")
    change(at="")


def tell(kind: str, text: str) -> None:
    """Keep a sentence for the line above the fact."""
    told.tell("review", (kind, text))


def start_editing(mode: str, lead_id: str) -> None:
    """Open the correction of words or attribute of an item."""
    st.session_state["review_edit"] = {"mode": mode, "lead": lead_id}


def stop_editing() -> None:
    """Close the correction."""
    st.session_state.pop("review_edit", None)
