"""An explanation in two sentences, for a shopper, a merchant or an engineer, in English or Chinese.

The sentences are patterns of ``assets/i18n/<language>/sentences.yaml`` that are filled with figures of the
explanation; which pattern is taken is decided by the figures, so that nothing is said that they do not carry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from core.domain import Fact
from core.explain.counterfactual import FACTS, HISTORY, NEW_FACTS, Counterfactual
from core.explain.faithful import Faithfulness
from core.explain.history import HistoryShare
from core.explain.interactions import Pair
from core.explain.paths import FactEffect
from core.explain.shapley import Attribution
from core.ontology import Family, family
from core.settings import ASSETS
from core.shorten import shorten

SHOPPER, MERCHANT, ENGINEER = "shopper", "merchant", "engineer"
READERS = (SHOPPER, MERCHANT, ENGINEER)
LANGUAGES = ("en", "zh")
LEAST = 0.05
"""A group is named where it is at least this share of all that raises the score."""
TITLE = 70
"""Columns of a product's title that a sentence has room for."""
_MOST_FACTS = 3


@dataclass(frozen=True, slots=True)
class Told:
    """All that may be said. ``title`` and ``label`` name products and nodes of the graph; ``k`` is the length of the
    list, ``rank`` the product's place among ``total``."""

    product_id: str
    exact: Attribution
    history: Sequence[HistoryShare]
    recent: frozenset[str]
    facts: Sequence[FactEffect]
    changes: Sequence[Counterfactual]
    card: Faithfulness
    agreement: float
    pairs: Sequence[Pair]
    rank: int
    total: int
    k: int
    title: Callable[[str], str]
    label: Callable[[str], str]
    fact_of: Callable[[str], tuple[str, str]]
    """A fact's (relation, object) by its id, for those that a change names."""


def in_words(told: Told, reader: str = SHOPPER, language: str = "en") -> str:
    """Two sentences for one of ``READERS`` in one of ``LANGUAGES``."""
    writer = _Writer(told, _phrases(language))
    made = {SHOPPER: writer.shopper, MERCHANT: writer.merchant, ENGINEER: writer.engineer}[reader]()
    return writer.say("between").join(made)


@lru_cache(maxsize=len(LANGUAGES))
def _phrases(language: str) -> dict[str, Any]:
    folder = ASSETS / "i18n" / language
    parts = ("sentences", "explain", "ontology")
    return {part: yaml.safe_load((folder / f"{part}.yaml").read_text("utf-8")) for part in parts}


class _Writer:
    def __init__(self, told: Told, phrases: dict[str, Any]) -> None:
        self.told = told
        self._phrases = phrases
        exact = told.exact
        self.raised = float(exact.values[exact.values > 0].sum())
        ranked = sorted(range(len(exact.names)), key=lambda i: -exact.values[i])
        least = LEAST * self.raised
        self.lifting = [i for i in ranked if exact.values[i] > max(least, 1e-9)][:2]
        # A shopper's history can only lower what it lowers for all products: that says nothing against this one.
        own = [i for i in reversed(ranked) if not exact.names[i].startswith("history")]
        self.lowering = [i for i in own if exact.values[i] < -max(least, 1e-9)][:1]

    def say(self, key: str, **fields: object) -> str:
        return str(self._phrases["sentences"][key]).format(**fields)

    def shopper(self) -> tuple[str, str]:
        product = self._title(self.told.product_id)
        if not self.lifting:
            first = self.say("shopper_nothing", product=product)
        else:
            first = self.say("shopper_because", product=product, reasons=self._reasons())
        return first, self._change((HISTORY, FACTS, NEW_FACTS)) or self._against()

    def merchant(self) -> tuple[str, str]:
        place = {"rank": f"{self.told.rank:,}", "total": f"{self.told.total:,}"}
        if not self.lifting:
            first = self.say("merchant_nothing", **place)
        else:
            parts = [
                self.say("share", group=self._group(i), percent=round(100 * self._value(i) / self.raised))
                for i in self.lifting
            ]
            first = self.say("merchant_share", **place, parts=self.say("parts_and").join(parts))
        return first, self._change((FACTS, NEW_FACTS)) or self.say("no_facts", k=self.told.k)

    def engineer(self) -> tuple[str, str]:
        told, exact = self.told, self.told.exact
        named = exact.order[:2]
        rest = float(exact.values.sum()) - sum(self._value(i) for i in named)
        first = self.say(
            "engineer_sum",
            score=_figure(exact.score),
            base=_figure(exact.base),
            parts=self.say("parts_and").join(f"{self._group(i)} {_signed(self._value(i))}" for i in named),
            others=len(exact.names) - len(named),
            rest=_signed(rest),
            error=_tiny(exact.additivity_error),
        )
        pair = (
            self.say(
                "engineer_pair",
                first=self._name(told.pairs[0].first),
                second=self._name(told.pairs[0].second),
                value=_signed(told.pairs[0].value),
            )
            if told.pairs
            else self.say("engineer_no_pair")
        )
        second = self.say(
            "engineer_reliable" if told.card.reliable else "engineer_unreliable",
            deletion=_figure(told.card.deletion),
            random_deletion=_figure(told.card.random_deletion),
            insertion=_figure(told.card.insertion),
            random_insertion=_figure(told.card.random_insertion),
            agreement=_figure(told.agreement),
            pair=pair,
        )
        return first, second

    def _value(self, at: int) -> float:
        return float(self.told.exact.values[at])

    def _reasons(self) -> str:
        reasons = [self._reason(self.told.exact.names[i]) for i in self.lifting]
        return reasons[0] if len(reasons) == 1 else self.say("and_less", first=reasons[0], second=reasons[1])

    def _reason(self, name: str) -> str:
        if name.startswith("history"):
            own = [s for s in self.told.history if s.product_id and s.share > 0]
            part = [s for s in own if (s.product_id in self.told.recent) == (name == "history.recent")]
            key = name.replace(".", "_")
            if not part:
                return self.say(f"reason_{key}")
            most = max(part, key=lambda share: share.share)
            return self.say(f"reason_{key}_most", product=self._title(most.product_id))
        if name in _FAMILIES:
            facts = [f for f in self.told.facts if f.effect > 0 and family(f.fact.relation).value == name]
            if facts:
                return self.say(
                    "reason_facts", facts=self._listed([self._fact(f.fact) for f in facts[:_MOST_FACTS]])
                )
            return self.say("reason_family", family=self._name(name))
        return self.say(f"reason_{name}")

    def _against(self) -> str:
        if not self.lowering:
            return self.say("shopper_no_against")
        return self.say("shopper_against", group=self._group(self.lowering[0]))

    def _change(self, kinds: Sequence[str]) -> str:
        """The smallest change among these kinds; of equal ones the first kind."""
        found = [one for one in self.told.changes if one.kind in kinds and one.changed]
        if not found:
            return ""
        one = min(found, key=lambda change: (len(change.changed), kinds.index(change.kind)))
        names = (
            [self._title(product) for product in one.changed]
            if one.kind == HISTORY
            else [self.told.label(self.told.fact_of(fact)[1]) for fact in one.changed]
        )
        way = "out" if one.rank_after > one.rank_before else "in"
        return self.say(
            f"change_{one.kind}_{way}",
            what=self._listed([self.say("quoted", name=name) for name in names]),
            before=f"{one.rank_before:,}",
            after=f"{one.rank_after:,}",
        )

    def _title(self, product: str) -> str:
        return shorten(self.told.title(product), TITLE)

    def _fact(self, fact: Fact) -> str:
        """A fact as people say it: "made of steel"."""
        relation = self._phrases["ontology"].get(f"relation_{fact.relation}", fact.relation)
        return self.say("fact", relation=relation, value=self.told.label(fact.object))

    def _group(self, at: int) -> str:
        return self._name(self.told.exact.names[at])

    def _name(self, group: str) -> str:
        if group in _FAMILIES:
            return self.say("family", family=self._phrases["ontology"][f"family_{group}"])
        return str(self._phrases["sentences"].get(f"group_{group.replace('.', '_')}", group))

    def _listed(self, parts: Sequence[str]) -> str:
        if len(parts) == 1:
            return parts[0]
        return self.say("list_comma").join(parts[:-1]) + self.say("list_and") + parts[-1]


_FAMILIES = frozenset(member.value for member in Family)


def _figure(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + _figure(value)


def _tiny(value: float) -> str:
    return "< 1e-12" if value < 1e-12 else f"{value:.0e}"
