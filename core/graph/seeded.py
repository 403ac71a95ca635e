"""igraph with its chance fixed: equal inputs give equal results."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import igraph

_SEED = 7
_lock = threading.Lock()


@contextmanager
def seeded() -> Iterator[None]:
    """Within the block igraph draws the same numbers each time; its generator is one for the whole process, so other
    threads wait."""
    with _lock:
        igraph.set_random_number_generator(random.Random(_SEED))
        yield
