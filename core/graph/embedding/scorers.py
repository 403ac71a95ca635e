"""How plausible a fact is, as a function of three vectors. One formula serves NumPy and PyTorch.

TransE (Bordes et al., 2013), DistMult (Yang et al., 2015), RotatE (Sun et al., 2019). Each moves the head by the
relation and compares what comes out with the tail; or, which is the same, moves the tail back and compares it with the
head. So all tails of a head, and all heads of a tail, are one product of matrices.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Protocol

_NEAR = 1e-9


class ScorerKind(StrEnum):
    """The three scorers."""

    TRANSE = "transe"
    DISTMULT = "distmult"
    ROTATE = "rotate"


class Scorer(Protocol):
    """A scorer. ``xp`` is the module ``numpy`` or ``torch``; arrays are float[..., dim] of it, and broadcast."""

    def moved(self, xp: Any, head: Any, relation: Any) -> Any:
        """The head moved by the relation, float[..., dim]."""

    def moved_back(self, xp: Any, tail: Any, relation: Any) -> Any:
        """The tail moved against the relation: ``compared`` gives the same for it and the head."""

    def compared(self, xp: Any, moved: Any, other: Any) -> Any:
        """float[...]: the plausibility; higher is better, without bounds."""

    def table(self, xp: Any, moved: Any, others: Any) -> Any:
        """float[rows, others]: ``compared`` for each row of float[rows, dim] with each of float[others, dim]."""


class _ByDistance:
    def compared(self, xp: Any, moved: Any, other: Any) -> Any:
        # The addend keeps the gradient of the root finite where the two meet.
        return -xp.sqrt(((moved - other) ** 2).sum(-1) + _NEAR)

    def table(self, xp: Any, moved: Any, others: Any) -> Any:
        squares = (moved**2).sum(-1)[:, None] + (others**2).sum(-1)[None] - 2.0 * moved @ others.T
        return -xp.sqrt(abs(squares) + _NEAR)


class TransE(_ByDistance):
    """−‖h + r − t‖."""

    def moved(self, xp: Any, head: Any, relation: Any) -> Any:
        """h + r."""
        return head + relation

    def moved_back(self, xp: Any, tail: Any, relation: Any) -> Any:
        """t − r."""
        return tail - relation


class RotatE(_ByDistance):
    """−‖h ∘ e^{iθ} − t‖; halves of a vector are real and imaginary parts, the first half of r is θ in radians."""

    def moved(self, xp: Any, head: Any, relation: Any) -> Any:
        """h turned by θ."""
        half = head.shape[-1] // 2
        real, imaginary = head[..., :half], head[..., half:]
        cosine, sine = xp.cos(relation[..., :half]), xp.sin(relation[..., :half])
        return xp.concatenate([real * cosine - imaginary * sine, real * sine + imaginary * cosine], -1)

    def moved_back(self, xp: Any, tail: Any, relation: Any) -> Any:
        """t turned by −θ."""
        return self.moved(xp, tail, -relation)


class DistMult:
    """Σ h r t."""

    def moved(self, xp: Any, head: Any, relation: Any) -> Any:
        """h ∘ r."""
        return head * relation

    def moved_back(self, xp: Any, tail: Any, relation: Any) -> Any:
        """t ∘ r."""
        return tail * relation

    def compared(self, xp: Any, moved: Any, other: Any) -> Any:
        """The dot product."""
        return (moved * other).sum(-1)

    def table(self, xp: Any, moved: Any, others: Any) -> Any:
        """All dot products at once."""
        return moved @ others.T


SCORERS: dict[ScorerKind, Scorer] = {
    ScorerKind.TRANSE: TransE(),
    ScorerKind.DISTMULT: DistMult(),
    ScorerKind.ROTATE: RotatE(),
}
