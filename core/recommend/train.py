"""Training: joint ranking and graph loss, warm-up schedule, early stopping, exact resume."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from core.recommend.adversary import Fgsm, Pgd, perturbed, slope_of
from core.recommend.batches import Batch, Examples
from core.recommend.config import TrainConfig
from core.recommend.links import LinkTask
from core.recommend.machine import memory_mb, pick_device, use_threads
from core.recommend.measure import evaluate
from core.recommend.network import Inputs, Network
from core.recommend.prepare import Prepared
from core.recommend.scoring import Combined, Mix, product_vectors, shopper_vectors
from core.recommend.significance import bootstrap

VALID_CASES = 2_000
AVERAGE_SHOPPERS = 1_000
WEIGHTS_FASTER = 10.0
READER_SLOWER = 0.1
LEVELS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
MIXES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5)
"""Weights of the network that are tried on validation; 0 closes the gate."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of the curves. ``attacked`` is validation NDCG@10 under attack, 0 where nothing is trained against."""

    epoch: int
    loss: float
    rank_loss: float
    graph_loss: float
    valid: float
    low: float
    high: float
    lr: float
    grad_norm: float
    samples_per_s: float
    memory_mb: float
    device: str
    eta: float
    seconds: float
    best: bool
    adversarial_loss: float = 0.0
    attacked: float = 0.0

    @property
    def goal(self) -> float:
        """What the best epoch is chosen by: an early epoch is the best on clean data before it withstands anything."""
        return self.valid + self.attacked


Checkpoint = dict[str, Any]
"""Tensors and plain values only, so that it is read back without unpickling objects."""


@dataclass(frozen=True, eq=False)
class Trained:
    """The best epoch's network in full precision on the CPU, its curves, and the weights tuned on validation."""

    network: Network
    mix: Mix
    curves: list[Epoch]
    average: NDArray[np.floating]


class Trainer:
    """Owns network, optimiser and schedule of one run."""

    def __init__(self, prepared: Prepared, config: TrainConfig) -> None:
        self.prepared = prepared
        self.config = config
        self.device = pick_device(config.device)
        use_threads(config.threads, len(prepared.features))
        torch.manual_seed(config.seed)
        self.network = prepared.network(config).to(self.device)
        self.inputs = Inputs.of(prepared.features, prepared.vocabulary.table, self.device)
        self.examples = Examples(
            prepared.split.train,
            prepared.best,
            prepared.similarity,
            folds=config.residual_folds,
            length=config.history_length,
            batch=config.batch_size,
            scale=prepared.scale,
            seed=config.seed,
        )
        self.links = LinkTask(
            prepared.features.facts, len(prepared.vocabulary.table.nodes), config.graph_loss
        )
        self.optimiser = _optimiser(self.network, config)
        self.steps = max(1, len(self.examples) * config.epochs)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._rate)
        # Products nobody took in training cannot be right answers; as wrong ones they would only be pushed down.
        self.unseen = torch.as_tensor(prepared.split.train.counts == 0, device=self.device)
        self.cases = prepared.split.valid.some(VALID_CASES, config.seed)
        self.curves: list[Epoch] = []
        self._level()
        self.best: dict[str, Tensor] = _copy(self.network)

    def run(
        self,
        check: Callable[[], None] = lambda: None,
        on_epoch: Callable[[Epoch], None] = lambda epoch: None,
        save: Callable[[Checkpoint], None] = lambda checkpoint: None,
        resume: Checkpoint | None = None,
    ) -> Trained:
        """Train until validation stops getting better; ``check`` may raise to stop, ``save`` is called each epoch."""
        if resume:
            self._restore(resume)
        while len(self.curves) < self.config.epochs and not self._stalled():
            epoch = self._epoch(len(self.curves), check)
            self.curves.append(epoch)
            if epoch.best:
                self.best = _copy(self.network)
            save(self._checkpoint())
            on_epoch(epoch)
        self.network.load_state_dict(self.best)
        return self._finish()

    def _epoch(self, number: int, check: Callable[[], None]) -> Epoch:
        # Seeding each epoch by its number makes a resumed run equal to one that was never interrupted.
        torch.manual_seed(self.config.seed * 100_003 + number)
        random = np.random.default_rng((self.config.seed, number, 1))
        started, losses, norms, samples = time.perf_counter(), np.zeros(3), [], 0
        self.network.train()
        for batch in self.examples.epoch(number):
            check()
            if len(batch.target):
                parts, norm = self._step(batch, random)
                losses += parts * len(batch.target)
                norms.append(norm)
                samples += len(batch.target)
        trained = time.perf_counter() - started
        rank, graph, attacked = (losses / max(samples, 1)).tolist()
        check()
        model = self.combined(Mix(*self._opened()))
        values = evaluate(model.score, self.cases, self._counts()).per_case
        interval = bootstrap(values["ndcg@10"], self.config.seed, 500)
        withstood = self._withstood(model)
        seconds = time.perf_counter() - started
        return Epoch(
            number,
            rank + self.config.graph_weight * graph + self.config.adversarial_weight * attacked,
            rank,
            graph,
            interval.mean,
            interval.low,
            interval.high,
            float(self.schedule.get_last_lr()[0]),
            float(np.mean(norms)) if norms else 0.0,
            samples / max(trained, 1e-9),
            memory_mb(self.device),
            self.device,
            seconds * (self.config.epochs - number - 1),
            seconds,
            interval.mean + withstood > max((epoch.goal for epoch in self.curves), default=-1.0),
            attacked,
            withstood,
        )

    def _step(self, batch: Batch, random: np.random.Generator) -> tuple[NDArray[np.float64], float]:
        device, network = self.device, self.network
        hidden = torch.as_tensor(
            random.random(len(self.prepared.features)) < self.config.id_dropout, device=device
        )
        # A hidden product is treated as if it came tomorrow: no learned vector, no popularity, no co-purchases. So the
        # gates learn how much facts and text are worth where nothing else is known.
        vectors = network.products(self.inputs, hidden)
        rank = self._rank_loss(vectors, batch, hidden, random)
        graph = self.links.loss(network, random) if self.links else torch.zeros((), device=device)
        attacked = self._attacked_loss(vectors, batch, hidden, random)
        loss = rank + self.config.graph_weight * graph + self.config.adversarial_weight * attacked
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), self.config.clip)
        self.optimiser.step()
        self.schedule.step()
        return np.array([float(part.detach()) for part in (rank, graph, attacked)]), float(norm)

    def _rank_loss(
        self, vectors: Tensor, batch: Batch, hidden: Tensor, random: np.random.Generator
    ) -> Tensor:
        device, network = self.device, self.network
        states = network.shoppers(vectors[torch.as_tensor(batch.history, device=device)])
        shoppers = states[torch.as_tensor(batch.row), torch.as_tensor(batch.step)]
        scores = network.dropout(shoppers) @ vectors.T + network.bias(self.inputs, hidden)
        residual = network.residual.exp() * torch.as_tensor(batch.baseline, device=device) * ~hidden
        scores = (scores + residual).masked_fill(self.unseen, float("-inf"))
        scores[
            torch.as_tensor(batch.seen[0], device=device), torch.as_tensor(batch.seen[1], device=device)
        ] = float("-inf")
        target = torch.as_tensor(batch.target, device=device)
        if self.config.loss == "bpr":
            return self._bpr(scores, target, random)
        return functional.cross_entropy(scores, target)

    def _attacked_loss(
        self, vectors: Tensor, batch: Batch, hidden: Tensor, random: np.random.Generator
    ) -> Tensor:
        """The ranking loss where product vectors were moved against it (AMF; He et al. 2018); 0 where that is off."""
        config = self.config
        if config.adversarial == "none":
            return torch.zeros((), device=self.device)
        attack = Fgsm() if config.adversarial == "fgsm" else Pgd(config.adversarial_steps)
        slope = slope_of(lambda moved: self._rank_loss(moved, batch, hidden, random))
        moved = attack(vectors.detach(), slope, config.adversarial_epsilon)
        return self._rank_loss(vectors + moved, batch, hidden, random)

    @torch.no_grad()
    def _level(self) -> None:
        """Set the sizes of baseline and network in the sum so that training starts from a sensible likelihood."""
        network, batch = self.network.eval(), next(self.examples.epoch(0))
        vectors = network.products(self.inputs)
        states = network.shoppers(vectors[torch.as_tensor(batch.history, device=self.device)])
        shoppers = states[torch.as_tensor(batch.row), torch.as_tensor(batch.step)]
        own = shoppers @ vectors.T
        own = own / own.std(1).mean().clamp(min=1e-6)
        base = torch.as_tensor(batch.baseline, device=self.device)
        target = torch.as_tensor(batch.target, device=self.device)
        seen = torch.as_tensor(batch.seen[0]), torch.as_tensor(batch.seen[1])
        tried = []
        for size in LEVELS:
            for residual in LEVELS:
                scores = (size * own + residual * base).masked_fill(self.unseen, float("-inf"))
                scores[seen] = float("-inf")
                tried.append((float(functional.cross_entropy(scores, target)), size, residual))
        _, size, residual = min(tried)
        network.strength.mul_(size / (shoppers @ vectors.T).std(1).mean().clamp(min=1e-6))
        network.residual.fill_(math.log(residual))

    def _bpr(self, scores: Tensor, target: Tensor, random: np.random.Generator) -> Tensor:
        # −log σ(s⁺ − s⁻), one product drawn for each example among those it may be shown.
        others = torch.as_tensor(random.integers(0, scores.shape[1], len(target)), device=self.device)
        rows = torch.arange(len(target), device=self.device)
        right, wrong = scores[rows, target], scores[rows, others]
        usable = torch.isfinite(wrong) & (others != target)
        return (
            -functional.logsigmoid(right - wrong)[usable].mean() if bool(usable.any()) else 0.0 * right.sum()
        )

    def combined(self, mix: Mix) -> Combined:
        """The model as it stands, on the training-time baseline."""
        vectors, bias = product_vectors(self.network, self.inputs)
        average = average_shopper(self.network, vectors, self.prepared, self.config.seed)
        return self.prepared.combined(self.network, mix, vectors, bias, average, self.prepared.best)

    def _withstood(self, model: Combined) -> float:
        if self.config.adversarial == "none":
            return 0.0
        moved = perturbed(model, self.cases, Fgsm(), self.config.adversarial_epsilon)
        return evaluate(moved.score, self.cases, self._counts()).mean("ndcg@10")

    def _opened(self) -> tuple[float, float]:
        return float(self.network.residual.detach().exp()) / self.prepared.scale, 1.0

    def _counts(self) -> NDArray[np.float32]:
        return self.prepared.split.train.counts

    def _finish(self) -> Trained:
        baseline, _ = self._opened()
        shares = [(evaluate(self.combined(Mix(baseline, weight)).score, self.cases, self._counts()), weight)
                  for weight in MIXES]  # fmt: skip
        # Ties go to the smaller weight: the network has to earn its place.
        best = max(shares, key=lambda pair: (round(pair[0].mean("ndcg@10"), 9), -pair[1]))
        self.network.to("cpu")
        self.device = "cpu"
        self.inputs = Inputs.of(self.prepared.features, self.prepared.vocabulary.table)
        vectors, _ = product_vectors(self.network, self.inputs)
        average = average_shopper(self.network, vectors, self.prepared, self.config.seed)
        return Trained(self.network, Mix(baseline, best[1]), self.curves, average)

    def _stalled(self) -> bool:
        best = max(range(len(self.curves)), key=lambda k: self.curves[k].goal, default=0)
        return len(self.curves) - 1 - best >= self.config.patience

    def _rate(self, step: int) -> float:
        warm = max(1, int(self.steps * self.config.warmup_share))
        if step < warm:
            return (step + 1) / warm
        share = (step - warm) / max(1, self.steps - warm)
        return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))

    def _checkpoint(self) -> Checkpoint:
        return {
            "network": self.network.state_dict(),
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "curves": [asdict(epoch) for epoch in self.curves],
        }

    def _restore(self, checkpoint: Mapping[str, Any]) -> None:
        self.network.load_state_dict(checkpoint["network"])
        self.best = checkpoint["best"]
        self.optimiser.load_state_dict(checkpoint["optimiser"])
        self.schedule.load_state_dict(checkpoint["schedule"])
        self.curves = [Epoch(**line) for line in checkpoint["curves"]]


def average_shopper(
    network: Network, vectors: NDArray[np.floating], prepared: Prepared, seed: int
) -> NDArray[np.floating]:
    """Mean vector of (a sample of) the training shoppers: who stands in for a shopper nothing is known of."""
    chosen = prepared.sample_histories(AVERAGE_SHOPPERS, seed)
    return np.asarray(shopper_vectors(network, vectors, chosen).mean(0))


def _optimiser(network: Network, config: TrainConfig) -> torch.optim.Optimizer:
    # A dozen weights say how much each block counts. They are well determined, so they may move fast and do not decay.
    # The transformer has the most room to learn shoppers by heart, so it moves slowest.
    weights = {id(parameter) for parameter in network.block_weights()}
    reader = {id(parameter) for parameter in network.reader.parameters()} if network.reader else set()
    groups: list[dict[str, Any]] = [
        {"params": [p for p in network.parameters() if id(p) not in weights | reader]},
        {
            "params": [p for p in network.parameters() if id(p) in reader],
            "lr": config.learning_rate * READER_SLOWER,
            "weight_decay": 10 * config.weight_decay,
        },
        {"params": network.block_weights(), "lr": WEIGHTS_FASTER * config.learning_rate, "weight_decay": 0.0},
    ]
    if config.optimiser == "sgd":
        return torch.optim.SGD(
            groups, lr=config.learning_rate, weight_decay=config.weight_decay, momentum=0.9
        )
    return torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)


def _copy(network: Network) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}
