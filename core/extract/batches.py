"""Batches whose outcome does not depend on what is in them.

A device adds up numbers in an order that depends on the shape of a batch, so the same text would get slightly other
confidences beside other texts, and a graph another hash. Every batch has one of a few shapes instead: texts of about a
length, padded to a multiple of ``STEP`` tokens, and a fixed number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

STEP = 16
_ALONG = ("ids", "types", "mask")


def rows_of(device: torch.device) -> int:
    """How many texts a batch has there: a GPU has to be given many at once."""
    return 128 if device.type == "cuda" else 16


def alike(lengths: Sequence[int], rows: int) -> Iterator[list[int]]:
    """Places of texts in groups of at most ``rows`` that are equally long once they are padded, short ones first."""
    buckets: dict[int, list[int]] = {}
    for at, length in enumerate(lengths):
        buckets.setdefault(-(-length // STEP), []).append(at)
    for _, places in sorted(buckets.items()):
        yield from (places[first : first + rows] for first in range(0, len(places), rows))


def padded(batch: dict[str, Tensor], least: int) -> dict[str, Tensor]:
    """The batch with its tokens padded to a multiple of ``STEP``, and its first row repeated until there are
    ``least``."""
    rows, length = batch["ids"].shape
    more = -length % STEP
    made = {
        name: functional.pad(value, (0, more)) if name in _ALONG else value for name, value in batch.items()
    }
    if rows >= least:
        return made
    return {
        name: torch.cat([value, value[:1].expand(least - rows, *value.shape[1:])])
        for name, value in made.items()
    }
