"""What a step minimises: ranking, and beside it the graph, text against facts, and ranking under attack."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.recommend.adversary import Fgsm, Pgd, slope_of
from core.recommend.batches import Batch
from core.recommend.config import FULL_PRODUCTS, Debias, RankLoss, TrainConfig, ranking
from core.recommend.links import LinkTask
from core.recommend.losses import Views, bpr_loss, sampled_softmax_loss, softmax_loss
from core.recommend.network import Inputs, Network
from core.recommend.prepare import Prepared
from core.recommend.propensity import weights
from core.recommend.sampling import Sampler


@dataclass(frozen=True, slots=True)
class Parts:
    """The unweighted parts of a loss, scalars."""

    rank: Tensor
    graph: Tensor
    attacked: Tensor
    contrastive: Tensor

    def plain(self) -> NDArray[np.float64]:
        """float64[4], in the order of the fields."""
        every = (self.rank, self.graph, self.attacked, self.contrastive)
        return np.array([float(part.detach()) for part in every])


def sampler_of(config: TrainConfig, counts: NDArray[np.floating]) -> Sampler | None:
    """Draws the products of a step; None where all are ranked in each."""
    kind = ranking(config, len(counts))
    sampled = kind is RankLoss.SAMPLED_SOFTMAX or (kind is RankLoss.BPR and len(counts) > FULL_PRODUCTS)
    return Sampler.of(counts, config.negatives) if sampled else None


class Objective:
    """The loss of a batch under a configuration."""

    def __init__(self, prepared: Prepared, config: TrainConfig, network: Network, device: str) -> None:
        counts = prepared.split.train.counts
        self.config, self.network, self.device = config, network, device
        self.kind = ranking(config, len(counts))
        self.inputs = Inputs.of(prepared.features, prepared.vocabulary.table, device)
        self.links = LinkTask(
            prepared.features.facts, len(prepared.vocabulary.table.nodes), config.graph_loss
        )
        # Products nobody took in training cannot be right answers; as wrong ones they would only be pushed down.
        self.unseen = torch.as_tensor(counts == 0, device=device)
        self.described = torch.as_tensor([len(row) > 0 for row in prepared.features.facts], device=device)
        self.views = Views.of(network.shape.slices()) if config.contrastive_weight else None
        if self.views is not None:
            self.views.to(device)
        self.weight: Tensor | None = None
        if config.debias in (Debias.TRAINING, Debias.BOTH):
            found = weights(counts, config.propensity_power, config.propensity_clip)
            self.weight = torch.as_tensor(found, device=device)

    def hidden(self, random: np.random.Generator) -> Tensor:
        """bool[products]: drawn anew for each step.

        A hidden product is treated as if it came tomorrow: no learned vector, no popularity, no co-purchases. So the
        gates learn how much facts and text are worth where nothing else is known.
        """
        drawn = random.random(len(self.unseen)) < self.config.id_dropout
        return torch.as_tensor(drawn, device=self.device)

    def parts(self, batch: Batch, hidden: Tensor, random: np.random.Generator) -> Parts:
        """All parts of the loss of a batch; zero for what the configuration leaves out."""
        where, inputs = self.dealt_with(batch)
        task = _Ranking(self, batch, inputs, hidden[where], where)
        vectors = self.network.products(inputs, task.hidden)
        nothing = torch.zeros((), device=self.device)
        rank = task.loss(vectors, random)
        graph = self.links.loss(self.network, random) if self.links else nothing
        attacked = self._attacked(task, vectors, random)
        contrastive = self.views.loss(vectors, self.described[where], random) if self.views else nothing
        return Parts(rank, graph, attacked, contrastive)

    def dealt_with(self, batch: Batch) -> tuple[Tensor | slice, Inputs]:
        """Which products a batch deals with, and their features."""
        if batch.products is None:
            return slice(None), self.inputs
        where = torch.as_tensor(batch.products, device=self.device)
        return where, self.inputs.some(where)

    def total(self, parts: Parts) -> Tensor:
        """Scalar: the parts times their weights."""
        config = self.config
        total = parts.rank + config.graph_weight * parts.graph + config.adversarial_weight * parts.attacked
        return total + config.contrastive_weight * parts.contrastive if self.views else total

    def _attacked(self, task: _Ranking, vectors: Tensor, random: np.random.Generator) -> Tensor:
        """The ranking loss where product vectors were moved against it (AMF; He et al. 2018)."""
        config = self.config
        if config.adversarial == "none":
            return torch.zeros((), device=self.device)
        attack = Fgsm() if config.adversarial == "fgsm" else Pgd(config.adversarial_steps)
        slope = slope_of(lambda moved: task.loss(moved, random))
        moved = attack(vectors.detach(), slope, config.adversarial_epsilon)
        return task.loss(vectors + moved, random)


@dataclass(frozen=True, eq=False)
class _Ranking:
    """The ranking loss of a batch as a function of product vectors; ``inputs`` and ``hidden`` are of the products
    ``where`` that it deals with."""

    objective: Objective
    batch: Batch
    inputs: Inputs
    hidden: Tensor
    where: Tensor | slice

    def loss(self, vectors: Tensor, random: np.random.Generator) -> Tensor:
        """Scalar."""
        network, batch = self.objective.network, self.batch
        states = network.shoppers(vectors[self._on(batch.history)])
        shoppers = network.dropout(states[torch.as_tensor(batch.row), torch.as_tensor(batch.step)])
        target, weight = self._on(batch.target), self._weight()
        if batch.sample is None:
            scores = self._scores(shoppers, vectors, slice(None))
        else:
            scores = self._scores(shoppers, vectors, self._on(batch.sample.places))
            own = self._own(shoppers, vectors, self._on(batch.sample.own))
            if self.objective.kind is not RankLoss.BPR:
                return sampled_softmax_loss(scores, own, self._on(batch.sample.log_expected), weight)
            target = torch.full_like(target, scores.shape[1])
            scores = torch.cat([scores, own[:, None]], 1)
        if self.objective.kind is RankLoss.BPR:
            other = self._on(random.integers(0, scores.shape[1], len(target)))
            return bpr_loss(scores, target, other, weight)
        return softmax_loss(scores, target, weight)

    def _scores(self, shoppers: Tensor, vectors: Tensor, places: Tensor | slice) -> Tensor:
        """float[examples, n] of the products at these places; −∞ where they are not ranked."""
        bias, residual = self._terms(places)
        bias = bias.masked_fill(self.objective.unseen[self.where][places], float("-inf"))
        scores = torch.addcmul(
            torch.addmm(bias, shoppers, vectors[places].T), self._on(self.batch.baseline), residual
        )
        scores[self._on(self.batch.seen[0]), self._on(self.batch.seen[1])] = float("-inf")
        return scores

    def _own(self, shoppers: Tensor, vectors: Tensor, baseline: Tensor) -> Tensor:
        """float[examples]: the scores of the targets."""
        target = self._on(self.batch.target)
        bias, residual = self._terms(target)
        return (shoppers * vectors[target]).sum(1) + bias + baseline * residual

    def _terms(self, places: Tensor | slice) -> tuple[Tensor, Tensor]:
        """(popularity term, what the baseline counts), float[n] each, of the products at these places."""
        network = self.objective.network
        bias = network.bias(self.inputs, self.hidden)
        return bias[places], (network.residual.exp() * ~self.hidden)[places]

    def _weight(self) -> Tensor | None:
        weight = self.objective.weight
        if weight is not None:
            weight = weight[self.where][self._on(self.batch.target)]
        if self.batch.weight is None:
            return weight
        own = self._on(self.batch.weight)
        return own if weight is None else weight * own

    def _on(self, array: NDArray[np.generic]) -> Tensor:
        return torch.as_tensor(array, device=self.objective.device)
