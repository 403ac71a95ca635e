"""Which product a text means: an exact and unique title, or a brand and model with words of its title."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from core.graph.model import Title

_WORDS = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """Folded words with single spaces between: equal for titles that differ in case, width or punctuation."""
    return " ".join(_WORDS.findall(unicodedata.normalize("NFKC", text).casefold()))


class Mentions:
    """Looks products up by the words a text uses for them; anything ambiguous is nobody."""

    def __init__(self, titles: Mapping[str, Title]) -> None:
        self._exact: dict[str, str | None] = {}
        self._by_brand: dict[str, list[tuple[list[str], str]]] = {}
        for product, entry in titles.items():
            key, brand = plain(entry.title), plain(entry.brand)
            if not key:
                continue
            self._exact[key] = None if key in self._exact else product
            if brand and key.startswith(f"{brand} "):
                self._by_brand.setdefault(brand, []).append((key[len(brand) + 1 :].split(), product))
        self._longest = max((len(brand.split()) for brand in self._by_brand), default=0)

    def product(self, mention: str) -> str | None:
        """The id of the one product that is meant, or None.

        "Acme Drift 2 headphones" means the only product of Acme whose title goes on with "Drift" and has the other
        words after it in this order, with no model number between that the mention leaves out.
        """
        key = plain(mention)
        if key in self._exact:
            return self._exact[key]
        words = key.split()
        for length in range(min(self._longest, len(words) - 2), 0, -1):
            candidates = self._by_brand.get(" ".join(words[:length]))
            if candidates:
                found = [product for title, product in candidates if _names(words[length:], title)]
                return found[0] if len(found) == 1 else None
        return None


def _names(words: list[str], title: list[str]) -> bool:
    """Whether the words name this title: the first is its first, the others follow, no word with a digit skipped."""
    if words[0] != title[0]:
        return False
    position = 1
    for word in words[1:]:
        while position < len(title) and title[position] != word:
            if any(c.isdigit() for c in title[position]):
                return False
            position += 1
        if position == len(title):
            return False
        position += 1
    return True
