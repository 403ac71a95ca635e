"""Ranking losses of a step, and the contrastive loss between two views of a product.

The ranking losses take scores float[examples, products] in which products that are not to be ranked are −∞, the
target of each example int64[examples], and weights float[examples] of the examples or None where all count alike. The
weights' mean over all training answers is 1 and they do not sum to 1 in a step: its size depends on who is in it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

TEMPERATURE = 0.1
"""Of the cosines in the contrastive loss."""
VIEWS = 256
"""Products that a step's contrastive loss compares; the others of them are the negatives."""
SPACE = 64
"""Size of the space in which text and facts are compared."""


def softmax_loss(scores: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Scalar: mean −log softmax of the target among all products."""
    if weight is None:
        return functional.cross_entropy(scores, target)
    return (weight * functional.cross_entropy(scores, target, reduction="none")).mean()


def sampled_softmax_loss(
    scores: Tensor, own: Tensor, log_expected: Tensor, weight: Tensor | None = None
) -> Tensor:
    """Scalar: mean −log of the target's share in an estimate of the softmax's sum from a sample of products.

    ``own`` float[examples] are the targets' scores; in ``scores`` float[examples, n] of the sample targets are −∞.
    ``log_expected`` float[n] is the log of how often a product was expected in the sample (log Q). The sum is
    estimated as e^s_t + Σ_j e^(s_j − log Q_j), whose mean is the full sum: the target is always there, so it needs no
    correction (Bengio and Senécal 2008; for the target, Khrylchenko et al. 2025). With every product in the sample
    this is the full softmax.
    """
    beside = torch.cat([own[:, None], scores - log_expected], 1)
    return softmax_loss(beside, torch.zeros(len(own), dtype=torch.int64, device=own.device), weight)


def bpr_loss(scores: Tensor, target: Tensor, other: Tensor, weight: Tensor | None = None) -> Tensor:
    """Scalar: mean −log σ(s_target − s_other) (Rendle et al. 2009) over the examples in which ``other`` int64[examples]
    is neither the target nor a product that is not ranked; 0 without any."""
    rows = torch.arange(len(target), device=scores.device)
    right, wrong = scores[rows, target], scores[rows, other]
    usable = torch.isfinite(wrong) & (other != target)
    if not bool(usable.any()):
        return 0.0 * right.sum()
    values = -functional.logsigmoid(right - wrong)
    return values[usable].mean() if weight is None else (weight * values)[usable].mean()


def info_nce(one: Tensor, other: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Scalar: symmetric InfoNCE (van den Oord et al. 2018; both ways as in CLIP) of two views float[products, size].

    Row k of one view has to find row k of the other among all rows, by cosine over the temperature.
    """
    cosines = functional.normalize(one, dim=1) @ functional.normalize(other, dim=1).T / temperature
    own = torch.arange(len(one), device=one.device)
    return (functional.cross_entropy(cosines, own) + functional.cross_entropy(cosines.T, own)) / 2


class Views(nn.Module):
    """Projects a product's text blocks and its fact blocks into one space. Used in training only."""

    def __init__(self, text: slice, facts: slice) -> None:
        super().__init__()
        self.text, self.facts = text, facts
        self.from_text = nn.Linear(text.stop - text.start, SPACE, bias=False)
        self.from_facts = nn.Linear(facts.stop - facts.start, SPACE, bias=False)

    @staticmethod
    def of(slices: dict[str, slice]) -> Views | None:
        """For a network whose product vectors have these blocks; None where text or facts are missing."""
        text = [where for name, where in slices.items() if name in ("lexical", "sentence")]
        facts = [where for name, where in slices.items() if name.startswith("graph.")]
        if not text or not facts:
            return None
        return Views(slice(text[0].start, text[-1].stop), slice(facts[0].start, facts[-1].stop))

    def loss(self, vectors: Tensor, usable: Tensor, random: np.random.Generator) -> Tensor:
        """Scalar InfoNCE of at most VIEWS of the usable (bool[products]) rows of product vectors."""
        rows = torch.nonzero(usable).ravel()
        if len(rows) > VIEWS:
            drawn = random.choice(len(rows), VIEWS, replace=False)
            rows = rows[torch.as_tensor(drawn, device=rows.device)]
        if len(rows) < 2:
            return torch.zeros((), device=vectors.device)
        chosen = vectors[rows]
        return info_nce(self.from_text(chosen[:, self.text]), self.from_facts(chosen[:, self.facts]))
