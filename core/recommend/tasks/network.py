"""The small network behind a task: one formula, for training in torch and for answering in NumPy.

With x the row of a product, h the mean row of what a shopper took, d the row of chosen needs (both 0 where nothing is
known), t = h T + d N and [z, q, s] = x M:

    f = relu(z + t + b) V + Σ (q ⊙ t) + Σ (x ⊙ (h ⊙ a + d ⊙ e)) + s + offset + c

A hidden layer, a learned match of product and taste, their plain likeness, and a linear path. ``offset`` is what the
records of product and shopper say before anything is learned. Every group of x enters linearly before the hidden layer,
so a group that is replaced by its mean costs one subtraction.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Weights:
    """M, T, N, a, e, V, b and c of the formula: ``item`` [width, 2 · hidden + outputs], ``taste`` and ``need`` [width,
    hidden], ``alike`` and ``alike_need`` [width], ``out`` [hidden, outputs], ``bias`` [hidden], ``const`` [outputs]."""

    item: Array
    taste: Array
    need: Array
    alike: Array
    alike_need: Array
    out: Array
    bias: Array
    const: Array

    def arrays(self) -> dict[str, Array]:
        """All of them by name."""
        return {part.name: getattr(self, part.name) for part in fields(self)}


def forward(weights: Any, item: Any, taste: Any, offset: Any) -> Any:
    """Outputs [n, outputs] of ``item`` = x M [n, 2 · hidden + outputs], ``taste`` = t [n, hidden] and ``offset`` [n],
    likeness included.

    Arrays of NumPy or tensors of torch alike; ``weights`` has the attributes of ``Weights``.
    """
    hidden = taste.shape[1]
    inner = (item[:, :hidden] + taste + weights.bias).clip(min=0)
    match = (item[:, hidden : 2 * hidden] * taste).sum(1)
    return inner @ weights.out + item[:, 2 * hidden :] + weights.const + (match + offset)[:, None]
