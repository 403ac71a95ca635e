"""The policy that a visit tries out: begun from what is served, kept until the visit ends or another is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.recommend.serve.book import Entry, current
from core.recommend.serve.policy import SLIDERS, Policy
from core.storage.workspaces import Workspace


@dataclass
class Draft:
    """``base`` is what the widgets start from, ``policy`` what they say now; ``turn`` makes their keys new when they
    have to start again, and ``slider`` is the one that was moved last."""

    base: Policy
    policy: Policy
    turn: int = 0
    slider: str = SLIDERS[0]

    def key(self, name: str) -> str:
        """The key of a widget in this turn."""
        return f"rec_{self.turn}_{name}"

    def open(self, policy: Policy) -> None:
        """Start the widgets again from a policy."""
        self.base = self.policy = policy
        self.turn += 1

    def change(self, **values: Any) -> None:
        """Set what has no widget of its own, and start the others from where they are."""
        self.open(self.policy.with_(**values))


def draft(workspace: Workspace) -> Draft:
    """This visit's draft for a workspace; widgets that were away, because another page was open, start from it."""
    key = f"policy-{workspace.info.id}"
    if key not in st.session_state:
        policy = current(workspace).policy
        st.session_state[key] = Draft(policy, policy)
    found: Draft = st.session_state[key]
    if found.key(SLIDERS[0]) not in st.session_state:
        found.base = found.policy
    return found


def served_now(workspace: Workspace) -> Entry:
    """The policy that export and command line use."""
    return current(workspace)
