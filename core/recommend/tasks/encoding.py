"""A product as one row of numbers, in named groups: facts by relation family, text, price.

Learned from training products only. Facts of a family are projected on the singular vectors of the product–fact matrix,
words on those of TF-IDF, so that a row's parts keep the cosines of what they stand for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.domain import Fact, Product
from core.ontology import Family, family
from core.recommend.config import TextKind
from core.recommend.fact_table import FactTable
from core.recommend.features import Vocabulary
from core.recommend.price import PRICE_BINS, PriceScale
from core.recommend.tasks.config import TaskConfig
from core.recommend.tasks.names import Names
from core.recommend.text import Encoder, Lexicon, principal_axes, product_text

FACT_SIZE, TEXT_SIZE = 32, 128
NEED_FAMILIES = (Family.USE, Family.PEOPLE)

Rows = NDArray[np.float32]


class Remembered:
    """An encoder that reads each text once."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[texts, size]."""
        if fresh := [text for text in dict.fromkeys(texts) if text not in self._known]:
            self._known |= dict(zip(fresh, np.asarray(self._encoder.encode(fresh)), strict=True))
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True, eq=False)
class Encoding:
    """``axes`` has, for each family of the fact table, float32[columns of that family, FACT_SIZE]."""

    vocabulary: Vocabulary
    axes: tuple[NDArray[np.float32], ...]
    hidden: Names
    sentence_size: int

    @staticmethod
    def of(
        products: Sequence[Product],
        facts: Mapping[str, Sequence[Fact]],
        hidden: Names,
        config: TaskConfig,
        encoder: Encoder | None,
    ) -> Encoding:
        """Learn words, facts and prices of these products."""
        texts = [hidden.hide(product_text(product)) for product in products]
        known = [facts.get(product.id, ()) if config.facts else () for product in products]
        table = FactTable.of([fact for rows in known for fact in rows], len(products))
        lexical = config.text in (TextKind.LEXICAL, TextKind.BOTH)
        sentences = config.text in (TextKind.SENTENCE, TextKind.BOTH) and encoder is not None
        vocabulary = Vocabulary(
            table,
            Lexicon.of(texts, TEXT_SIZE, config.seed) if lexical else None,
            sentences,
            PriceScale.of(products, among_like=False),
        )
        bags = _bags(table, [table.columns(rows) for rows in known])
        axes = tuple(principal_axes(bag, FACT_SIZE, config.seed) for bag in bags)
        size = encoder.encode([""]).shape[1] if sentences and encoder else 0
        return Encoding(vocabulary, axes, hidden, size)

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Where each group stands in a row, in order: the families, "text", "price"."""
        lexicon = self.vocabulary.lexicon
        sizes = dict.fromkeys(self.vocabulary.table.groups, FACT_SIZE)
        sizes["text"] = (lexicon.axes.shape[1] if lexicon else 0) + self.sentence_size
        sizes["price"] = PRICE_BINS
        ends = np.cumsum([0, *sizes.values()])
        return {
            name: slice(int(a), int(b)) for name, a, b in zip(sizes, ends, ends[1:], strict=False) if b > a
        }

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return max(int(part.stop) for part in self.slices.values())

    def rows(
        self, products: Sequence[Product], facts: Mapping[str, Sequence[Fact]], encoder: Encoder | None
    ) -> Rows:
        """float32[products, width]."""
        made = np.zeros((len(products), self.width), np.float32)
        own = [facts.get(product.id, ()) for product in products]
        self._put(made, self.fact_rows(own), "facts")
        self._put(made, self.text_rows([product_text(product) for product in products], encoder), "text")
        made[:, self.slices["price"]] = self.vocabulary.price.encode(products)
        return made

    def with_facts(self, row: Rows, kept: Sequence[Sequence[Fact]]) -> Rows:
        """float32[sets, width]: the row (float32[width]), had it the facts of each set."""
        made = np.repeat(row[None], len(kept), 0)
        self._put(made, self.fact_rows(kept), "facts")
        return made

    def with_texts(self, row: Rows, texts: Sequence[str], encoder: Encoder | None) -> Rows:
        """float32[texts, width]: the row, had it each of the texts."""
        made = np.repeat(row[None], len(texts), 0)
        self._put(made, self.text_rows(texts, encoder), "text")
        return made

    def fact_rows(self, facts: Sequence[Sequence[Fact]]) -> Rows:
        """float32[products, families · FACT_SIZE]."""
        return self._projected([self.vocabulary.table.columns(rows) for rows in facts])

    def _projected(self, columns: Sequence[NDArray[np.int64]]) -> Rows:
        bags = _bags(self.vocabulary.table, columns)
        parts = [np.asarray(bag @ axes, np.float32) for bag, axes in zip(bags, self.axes, strict=True)]
        return np.concatenate([*parts, np.zeros((len(columns), 0), np.float32)], 1)

    def text_rows(self, texts: Sequence[str], encoder: Encoder | None) -> Rows:
        """float32[texts, words and sentence]; what is hidden is not read."""
        return np.concatenate(
            self.vocabulary.encode_texts([self.hidden.hide(text) for text in texts], encoder), 1
        )

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Node ids of what a product can be needed for: uses, places, problems, people."""
        table = self.vocabulary.table
        wanted = {name for name in table.relations if family(name) in NEED_FAMILIES}
        columns = [c for c in range(len(table)) if table.relations[table.relation[c]] in wanted]
        return tuple(dict.fromkeys(table.nodes[table.node[c]] for c in columns))

    def need_matrix(self, products: Sequence[Product], facts: Mapping[str, Sequence[Fact]]) -> sp.csr_matrix:
        """Sparse float32[products, needs]: which product is said to meet which need."""
        place = {node: at for at, node in enumerate(self.needs)}
        pairs = [
            (at, place[fact.object])
            for at, product in enumerate(products)
            for fact in facts.get(product.id, ())
            if fact.object in place
        ]
        rows, columns = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        made = sp.csr_matrix(
            (np.ones(len(pairs), np.float32), (rows, columns)), shape=(len(products), len(place))
        )
        made.data[:] = 1.0
        return made

    @cached_property
    def need_rows(self) -> Rows:
        """float32[needs, width]: each need as the row of a product of which nothing but that is said."""
        table = self.vocabulary.table
        columns = [np.flatnonzero(table.node == table.nodes.index(node)) for node in self.needs]
        made = np.zeros((len(columns), self.width), np.float32)
        self._put(made, self._projected(columns), "facts")
        return made

    def need_row(self, needs: Collection[str]) -> NDArray[np.float32]:
        """float32[width]: the mean of the chosen needs that are known; zeros for none."""
        chosen = [at for at, node in enumerate(self.needs) if node in needs]
        return self.need_rows[chosen].mean(0) if chosen else np.zeros(self.width, np.float32)

    def _put(self, made: Rows, values: Rows, part: str) -> None:
        if not values.shape[1]:
            return
        start = 0 if part == "facts" else self.slices["text"].start
        made[:, start : start + values.shape[1]] = values


def _bags(table: FactTable, rows: Sequence[NDArray[np.int64]]) -> list[sp.csr_matrix]:
    """For each family a sparse float32[products, columns of it]; a row's idf weights are of length one in each family,
    divided by the root of their number, so that all facts together weigh as much as the text."""
    made = []
    for group in range(len(table.groups)):
        columns = np.flatnonzero(table.group == group)
        place = np.full(len(table), -1)
        place[columns] = np.arange(len(columns))
        own = [row[place[row] >= 0] for row in rows]
        flat = np.concatenate([*own, np.empty(0, np.int64)]).astype(np.int64)
        owner = np.repeat(np.arange(len(rows)), [len(row) for row in own])
        square = np.bincount(owner, table.idf[flat] ** 2, minlength=len(rows))
        weights = (table.idf[flat] / np.sqrt(square[owner] * len(table.groups))).astype(np.float32)
        ends = np.concatenate([[0], np.cumsum([len(row) for row in own])])
        made.append(sp.csr_matrix((weights, place[flat], ends), shape=(len(rows), len(columns))))
    return made
