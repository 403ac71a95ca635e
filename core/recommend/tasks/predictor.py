"""A kept task model, asked: about a known product or a typed one, for any shopper and chosen needs, and what it would
have said had its inputs been others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.domain import Fact, Product
from core.errors import ConfigError, DataError
from core.ontology import Family
from core.recommend.tasks.config import Kind
from core.recommend.tasks.encoding import Encoding, Rows
from core.recommend.tasks.examples import history_matrix
from core.recommend.tasks.fitted import Fitted
from core.recommend.tasks.network import forward
from core.recommend.text import Encoder, product_text

Array = NDArray[np.float64]
PRODUCT_GROUPS = ("text", "price", "popularity")


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """Inputs that are switched on and off together: "history", "need", "shopper", a relation family, "text", "price",
    or "popularity" (the product's own record in training)."""

    name: str
    family: Family | None = None


@dataclass(frozen=True, eq=False)
class Predictor:
    """A task model and the catalogue it answers for. ``products``, ``rows`` (float32[products, width]) and the product
    part of the record have the same order; ``facts`` are those it may see."""

    kind: Kind
    classes: tuple[str, ...]
    shoppers: tuple[str, ...]
    fitted: Fitted
    products: tuple[Product, ...]
    rows: Rows
    facts: Mapping[str, Sequence[Fact]]
    encoder: Encoder | None = None

    @property
    def encoding(self) -> Encoding:
        """How products are read."""
        return self.fitted.encoding

    @property
    def outputs(self) -> tuple[str, ...]:
        """What can be asked for: the classes, or the one answer of the task."""
        return self.classes or (self.kind.value,)

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Product id → row."""
        return {product.id: at for at, product in enumerate(self.products)}

    def row(self, product_id: str) -> int:
        """The row of a product; raises DataError for one that is not known."""
        try:
            return self.place[product_id]
        except KeyError:
            raise DataError(
                "The model does not know this product.",
                where=product_id[:80],
                remedy="Choose a product of the catalogue, or train again.",
            ) from None

    def with_product(self, product: Product, facts: Sequence[Fact] = ()) -> Predictor:
        """The same model with one product more, of which nothing but text, price and these facts is known."""
        known = {**self.facts, product.id: tuple(facts)}
        row = self.encoding.rows([product], known, self.encoder)
        record = self.fitted.record
        grown = replace(record, product=np.append(record.product, 0.0))
        return replace(
            self,
            fitted=replace(self.fitted, record=grown),
            products=(*self.products, product),
            rows=np.concatenate([self.rows, row]),
            facts=known,
        )

    def asked(self, output: str = "", shopper: str = "", needs: Collection[str] = ()) -> Asked:
        """The question behind one answer: which output (the first unless given), for whom, for what.

        Raises ConfigError for an output that the model does not have.
        """
        chosen = output or self.outputs[0]
        if chosen not in self.outputs:
            raise ConfigError(
                f"There is no class {chosen[:80]!r}.",
                where="class",
                remedy=f"Choose one of {', '.join(self.outputs[:12])}.",
            )
        return Asked(self, self.outputs.index(chosen), shopper, tuple(needs))

    def told(
        self,
        product_ids: Sequence[str],
        history: Sequence[str] = (),
        shopper: str = "",
        needs: Collection[str] = (),
    ) -> Array:
        """float64[products, outputs]: the answers for these products, as ``Scale.told`` gives them."""
        return self.asked("", shopper, needs).answers([self.row(p) for p in product_ids], history)


@dataclass(frozen=True, eq=False)
class Asked:
    """One output of a task model for one shopper: what the explanations of a recommendation take apart as well.

    Answers are chances, or stars; without history, needs or a known shopper the answer is that for anybody.
    """

    model: Predictor
    output: int
    shopper: str = ""
    needs: tuple[str, ...] = ()

    @cached_property
    def groups(self) -> tuple[TaskGroup, ...]:
        """The feature groups, at most 12: those of the shopper first, where the task has any."""
        model = self.model
        pair = {Kind.CLASS: (), Kind.NEED: ("history", "need"), Kind.RATING: ("history", "shopper")}
        families = [TaskGroup(name, Family(name)) for name in model.encoding.vocabulary.table.groups]
        own = [TaskGroup(name) for name in PRODUCT_GROUPS if self._there(name)]
        return (*(TaskGroup(name) for name in pair[model.kind]), *families, *own)

    @property
    def product_ids(self) -> tuple[str, ...]:
        """All products, in the order of ``score``."""
        return tuple(product.id for product in self.model.products)

    def facts_of(self, product_id: str) -> Sequence[Fact]:
        """The facts of a product that the model sees."""
        return self.model.facts.get(product_id, ())

    def score(self, history: Sequence[str]) -> Array:
        """float64[products]: the answer for every product."""
        return self.answers(range(len(self.model.products)), history)[:, self.output]

    def answers(self, rows: Sequence[int], history: Sequence[str]) -> Array:
        """float64[rows, outputs]: all outputs for the products at these rows."""
        at = np.asarray(rows, np.int64)
        taken = np.repeat(self._taken([history]), len(at), 0)
        return self._told(self.model.rows[at], taken, self._offset(at))

    def score_coalitions(
        self,
        history: Sequence[str],
        product_id: str,
        masks: NDArray[np.bool_],
        background: str = "average",
    ) -> Array:
        """float64[n] answers for a product with only the groups of each row of ``masks`` (bool[n, groups]) on.

        What is off of the shopper is not known; what is off of the product has the value of the background: "average"
        (the catalogue's mean), "empty" (nothing), or another product's id.
        """
        masks = np.asarray(masks, bool)
        if masks.ndim != 2 or masks.shape[1] != len(self.groups):
            raise ConfigError(f"Masks must have {len(self.groups)} columns.", where="coalitions")
        on = {group.name: masks[:, at : at + 1] for at, group in enumerate(self.groups)}
        row = self.model.row(product_id)
        weights = self.model.fitted.weights
        product, ground = self.model.rows[row].astype(np.float64), self._ground(background)
        taken, needed = self._taken([history])[0], self._needed()
        known = on.get("history", np.zeros((len(masks), 1))) * 1.0
        wanted = on.get("need", np.zeros((len(masks), 1))) * 1.0
        alike = known * (taken * weights.alike) + wanted * (needed * weights.alike_need)
        item = np.zeros((len(masks), weights.item.shape[1]))
        likeness = np.zeros(len(masks))
        for name, part in self.model.encoding.slices.items():
            item += np.where(on[name], product[part] @ weights.item[part], ground[part] @ weights.item[part])
            chosen = np.where(on[name][:, 0], alike[:, part] @ product[part], alike[:, part] @ ground[part])
            likeness += chosen
        taste = known * (taken @ weights.taste) + wanted * (needed @ weights.need)
        offset = np.full(len(masks), self.model.fitted.record.mean)
        if "popularity" in on:
            own, mean = self._record(row, background)
            offset = offset + np.where(on["popularity"][:, 0], own, mean)
        if "shopper" in on:
            offset = offset + on["shopper"][:, 0] * self._leniency()
        elif self.model.kind is Kind.NEED:
            offset = offset + on["history"][:, 0] * self._leniency()
        return self._scaled(forward(weights, item, taste, offset + likeness))[:, self.output]

    def score_texts(self, history: Sequence[str], product_id: str, texts: Sequence[str]) -> Array:
        """float64[texts]: answers for a product had its text been each of these, read by the same encoders."""
        row = self.model.row(product_id)
        changed = self.model.encoding.with_texts(self.model.rows[row], texts, self.model.encoder)
        return self._changed(history, row, changed)

    def score_fact_sets(
        self, history: Sequence[str], product_id: str, kept: Sequence[Collection[str]]
    ) -> Array:
        """float64[sets]: answers for a product had it only the facts of each set (fact ids)."""
        row = self.model.row(product_id)
        sets = [[fact for fact in self.facts_of(product_id) if fact.id in chosen] for chosen in kept]
        return self._changed(history, row, self.model.encoding.with_facts(self.model.rows[row], sets))

    def score_histories(self, histories: Sequence[Sequence[str]], product_id: str) -> Array:
        """float64[histories]: answers for one product for each history."""
        row = np.full(len(histories), self.model.row(product_id))
        return self._told(self.model.rows[row], self._taken(histories), self._offset(row))[:, self.output]

    @property
    def reads_text(self) -> bool:
        """Whether words can change an answer."""
        return "text" in self.model.encoding.slices

    def text(self, product_id: str) -> str:
        """The text of a product as the model reads it."""
        return product_text(self.model.products[self.model.row(product_id)])

    def _changed(self, history: Sequence[str], row: int, rows: Rows) -> Array:
        taken = np.repeat(self._taken([history]), len(rows), 0)
        return self._told(rows, taken, self._offset(np.full(len(rows), row)))[:, self.output]

    def _told(self, rows: Rows, taken: Array, offset: Array) -> Array:
        """float64[n, outputs] for product rows, mean rows of what was taken, and the needs that were asked for."""
        weights, item, needed = self.model.fitted.weights, rows.astype(np.float64), self._needed()
        likeness = (item * (taken * weights.alike + needed * weights.alike_need)).sum(1)
        taste = taken @ weights.taste + needed @ weights.need
        return self._scaled(forward(weights, item @ weights.item, taste, offset + likeness))

    def _scaled(self, outputs: Array) -> Array:
        return self.model.fitted.scale.told(self.model.kind, np.asarray(outputs))

    def _ground(self, background: str) -> Array:
        if background == "average":
            return np.asarray(self.model.rows.mean(0, dtype=np.float64))
        if background == "empty":
            return np.zeros(self.model.rows.shape[1])
        return np.asarray(self.model.rows[self.model.row(background)], np.float64)

    def _record(self, row: int, background: str) -> tuple[float, float]:
        record = self.model.fitted.record.product
        if background == "average":
            return float(record[row]), float(record.mean())
        return float(record[row]), 0.0 if background == "empty" else float(record[self.model.row(background)])

    def _taken(self, histories: Sequence[Sequence[str]]) -> Array:
        """float64[histories, width]: the mean row of what was taken; zeros where the task has no shopper."""
        if self.model.kind is Kind.CLASS:
            return np.zeros((len(histories), self.model.rows.shape[1]))
        place = self.model.place
        known = [[place[product] for product in history if product in place] for history in histories]
        return np.asarray(history_matrix(known, len(self.model.products)) @ self.model.rows, np.float64)

    def _needed(self) -> Array:
        return self.model.encoding.need_row(self.needs).astype(np.float64)

    def _leniency(self) -> float:
        place = self.model.shoppers.index(self.shopper) if self.shopper in self.model.shoppers else None
        return 0.0 if place is None else float(self.model.fitted.record.shopper[place])

    def _offset(self, rows: NDArray[np.int64]) -> Array:
        record = self.model.fitted.record
        return np.asarray(record.mean + record.product[rows] + self._leniency())

    def _there(self, name: str) -> bool:
        if name == "popularity":
            return bool(np.any(self.model.fitted.record.product))
        return name in self.model.encoding.slices
