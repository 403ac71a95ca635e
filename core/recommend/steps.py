"""Steps of the optimiser: in pieces where memory is short, in shares where there are several processes."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.recommend.batches import Batch
from core.recommend.compute import Stepper, Team, out_of_memory
from core.recommend.machine import free
from core.recommend.objective import Objective


class Steps:
    """Takes steps on an objective. ``pieces`` is into how many a process's shoppers are cut so that each fits into
    memory: the gradient is the sum of theirs, so the step stays the same."""

    def __init__(self, objective: Objective, optimiser: torch.optim.Optimizer, stepper: Stepper) -> None:
        self.objective, self.optimiser, self.stepper = objective, optimiser, stepper
        self.team = Team()
        self.pieces = 1

    def take(self, batch: Batch, random: np.random.Generator) -> tuple[NDArray[np.float64], float]:
        """One step: (the parts of its loss, the gradient's norm before clipping)."""
        hidden = self.objective.hidden(random)
        while (losses := self._gradient(batch, hidden, random)) is None:
            self.pieces *= 2
        parameters = self._parameters()
        self.team.add_up(parameters)
        return losses, self.stepper.update(self.optimiser, parameters, self.objective.config.clip)

    def fits(self, batch: Batch) -> bool:
        """Whether a step of this batch fits into memory in one piece; leaves no gradient behind."""
        random = np.random.default_rng(self.objective.config.seed)
        self.objective.network.train()
        try:
            self._add(batch, 1.0, self.objective.hidden(random), random)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            return False
        finally:
            self.optimiser.zero_grad(set_to_none=True)
            free(self.objective.device)
        return True

    def _gradient(
        self, batch: Batch, hidden: Tensor, random: np.random.Generator
    ) -> NDArray[np.float64] | None:
        """Gradients of this process's share of a step, and the parts of its loss; None where memory ran out."""
        self.optimiser.zero_grad(set_to_none=True)
        losses, done = np.zeros(4), 0.0
        try:
            for own in self.team.share(batch.parts(self.team.size)):
                for piece in own.parts(self.pieces):
                    share = len(piece.target) / len(batch.target)
                    if share:
                        losses += self._add(piece, share, hidden, random)
                        done += share
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error) or self.pieces >= len(batch.history):
                raise
            free(self.objective.device)
            return None
        return losses / max(done, 1e-12)

    def _add(
        self, piece: Batch, share: float, hidden: Tensor, random: np.random.Generator
    ) -> NDArray[np.float64]:
        with self.stepper.forward():
            parts = self.objective.parts(piece, hidden, random)
            loss = self.objective.total(parts)
        self.stepper.backward(loss * share)
        return share * parts.plain()

    def _parameters(self) -> list[Tensor]:
        views = self.objective.views
        return [*self.objective.network.parameters(), *(views.parameters() if views else ())]
