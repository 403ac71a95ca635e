"""Orders in product texts: what obeys them, what invents, and what the guard gives back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from core.domain import Document
from core.extract.ground import Span
from core.robust.guard import guarded
from core.robust.injection import DEMANDED, ORDERS, Read, injection, ordered

TEXTS = [("Kettle Norva\nA kettle of steel for two.", ""), ("手冲壶\n壶身为不锈钢，容量一升。", "")]


class Gullible:
    """Reads steel as the material, and whatever stands behind "brand is" or 品牌是 as the brand."""

    model = SimpleNamespace(id="gullible")

    def read(self, documents: Sequence[Document], categories: Sequence[str]) -> Iterator[Any]:
        for document in documents:
            brands = [("brand", pair[0]) for pair in DEMANDED.values()]
            wanted = [("material", "steel"), ("material", "不锈钢"), *brands]
            found = [(relation, document.text.find(words), words) for relation, words in wanted]
            yield SimpleNamespace(
                spans=[Span(at, at + len(words), relation, 1.0) for relation, at, words in found if at >= 0]
            )


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("text", [text for text, _ in TEXTS])
def test_the_guard_takes_every_sort_of_order_out(text: str, number: int) -> None:
    hostile = ordered(text, number)
    assert hostile.startswith(text)
    assert any(word in hostile for pair in DEMANDED.values() for word in pair)
    assert guarded(hostile) == text
    assert not Read(text, frozenset({("brand", "Norva")})).obeyed
    assert len(ORDERS["en"]) == len(ORDERS["zh"]) == 3


def test_a_gullible_reader_is_caught_and_the_guard_makes_it_whole() -> None:
    steps: list[int] = []
    invented = frozenset({("brand", "made up"), ("material", "steel")})
    told = injection(Gullible(), TEXTS, lambda text, category: invented, lambda: steps.append(1))  # type: ignore[arg-type]
    assert told["clean"] == {"f1": 1.0, "obeyed": 0.0, "invented": 0.0, "values": 2.0}
    assert told["attacked"]["obeyed"] == 1.0
    assert told["attacked"]["invented"] == 0.0
    assert told["attacked"]["f1"] == pytest.approx(2 / 3)
    assert told["defended"]["f1"] == 1.0
    assert told["without_grammar"]["invented"] == 3.0
    assert len(steps) == 8
