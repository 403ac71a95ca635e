"""Batches whose outcome does not depend on what is in them.

A processor adds up numbers in an order that depends on the shape of a batch, so the same text would get slightly
other confidences beside other texts, and a graph another hash. Every batch has one of a few shapes instead: texts of
about a length, padded to a multiple of ``STEP`` tokens, and ``ROWS`` rows. Half precision rounds so coarsely that the
number of rows does not show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

STEP = 32
ROWS = 8
_ALONG = ("ids", "types", "mask")


def alike(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of texts in groups of at most ``ROWS`` that are equally long once they are padded, short ones first."""
    buckets: dict[int, list[int]] = {}
    for at, length in enumerate(lengths):
        buckets.setdefault(-(-length // STEP), []).append(at)
    for _, places in sorted(buckets.items()):
        yield from (places[first : first + ROWS] for first in range(0, len(places), ROWS))


def padded(batch: dict[str, Tensor], *, fill: bool) -> dict[str, Tensor]:
    """The batch with its tokens padded to a multiple of ``STEP``; to ``fill`` it its first row is repeated up to
    ``ROWS``."""
    rows, length = batch["ids"].shape
    more = -length % STEP
    made = {
        name: functional.pad(value, (0, more)) if name in _ALONG else value for name, value in batch.items()
    }
    if rows >= ROWS or not fill:
        return made
    return {
        name: torch.cat([value, value[:1].expand(ROWS - rows, *value.shape[1:])])
        for name, value in made.items()
    }
