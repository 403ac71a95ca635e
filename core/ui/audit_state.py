"""What the Audit page reads: the last audit of a run, and the texts that rules found with what was decided of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.audit.kept import FILE, kept, kept_texts
from core.audit.rules import TextRule, rules_of
from core.audit.screen import Screened, stamp
from core.recommend.withheld import withheld
from core.storage.decisions import PRODUCT, Decision, Verdict, decisions, standing
from core.storage.workspaces import Workspace
from core.ui.session import cached_catalogue

SHOWS = ("open", "withheld", "allowed")


@dataclass(frozen=True)
class TextDesk:
    """The texts in question: what the last look found, the last word about each product, who is kept from being shown,
    and the rules by id. ``stale`` says that catalogue or rules have changed since the look."""

    found: Mapping[str, Screened]
    said: Mapping[str, Decision]
    hidden: frozenset[str]
    rules: Mapping[str, TextRule]
    looked: bool
    stale: bool

    def state(self, product: str) -> str:
        """ "withheld", "allowed", or "open" where nobody has decided about the text as it is."""
        one = self.said.get(product)
        if one is not None and one.verdict is Verdict.WITHHELD:
            return "withheld"
        found = self.found.get(product)
        if one is not None and one.verdict is Verdict.ALLOWED and (found is None or found.about == one.about):
            return "allowed"
        return "open"

    def listed(self, show: str) -> list[str]:
        """Products in that state, those that a rule holds first."""
        every = [*self.found, *(one for one in self.said if one not in self.found)]
        own = [one for one in every if self.state(one) == show]
        return sorted(own, key=lambda one: (not (one in self.found and self.found[one].hold), one))


def audited(workspace: Workspace, run_id: str) -> dict[str, Any] | None:
    """The last audit of the run; None before the first."""
    path = workspace.sub("runs") / run_id / FILE
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _audited(str(path), changed, workspace, run_id)


def text_desk(workspace: Workspace) -> TextDesk:
    """The texts as they stand; raises ConfigError for a rules file that cannot be read."""
    rules = rules_of(workspace)
    looked = kept_texts(workspace)
    return TextDesk(
        {one.product: one for one in looked.found} if looked else {},
        standing(decisions(workspace), PRODUCT),
        withheld(workspace),
        {rule.id: rule for rule in rules},
        looked is not None,
        looked is not None and looked.stamp != stamp(cached_catalogue(workspace).hash, rules),
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _audited(path: str, changed: int, _workspace: Workspace, run_id: str) -> dict[str, Any] | None:
    return kept(_workspace, run_id)
