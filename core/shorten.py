"""Text cut to a width, where people read it beside other things."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from unicodedata import east_asian_width


def shorten(text: str, most: int) -> str:
    """The text in at most ``most`` columns, of which wide characters take two; cut between words where there is a
    space in the second half, and told by an ellipsis."""
    ends = list(accumulate(2 if east_asian_width(letter) in "WF" else 1 for letter in text))
    if not ends or ends[-1] <= most:
        return text
    cut = bisect_right(ends, most - 1)
    space = text.rfind(" ", cut // 2, cut + 1)
    return text[: space if space > 0 else cut].rstrip(" ,;:·-–&(，、；：（") + "…"
