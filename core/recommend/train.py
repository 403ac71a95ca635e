"""Training: joint ranking and graph loss, warm-up schedule, early stopping, exact resume."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import RunError
from core.recommend.adversary import Fgsm, perturbed
from core.recommend.batches import Examples, horizon_of
from core.recommend.compute import Stepper, Team, ahead, join, largest, team
from core.recommend.config import TrainConfig
from core.recommend.gate import opened
from core.recommend.level import level
from core.recommend.machine import memory_mb, pick_device, use_threads
from core.recommend.measure import evaluate
from core.recommend.network import Inputs, Network
from core.recommend.objective import Objective, sampler_of
from core.recommend.optimiser import optimiser_of, rate
from core.recommend.prepare import Prepared
from core.recommend.scoring import Combined, Mix, product_vectors, shopper_vectors
from core.recommend.significance import bootstrap
from core.recommend.steps import Steps

VALID_CASES = 2_000
AVERAGE_SHOPPERS = 1_000
STEPS_AN_EPOCH = 20
"""A batch that is looked for is not made so large that an epoch has fewer steps than this."""
LARGEST_BATCH = 8_192
GO_ON, STOP = 1, 0


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of the curves. ``attacked`` is validation NDCG@10 under attack, 0 where nothing is trained against.

    ``batch`` is how many shoppers a step had, ``precision`` the number format of its forward pass.
    """

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
    contrastive_loss: float = 0.0
    batch: int = 0
    precision: str = "float32"

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
    """Owns network, optimiser and schedule of one run.

    ``start`` are the weights of another run's network of the same shape, from which this one goes on.
    """

    def __init__(
        self,
        prepared: Prepared,
        config: TrainConfig,
        start: Mapping[str, Tensor] | None = None,
        *,
        device: str = "",
    ) -> None:
        self.prepared = prepared
        self.config = config
        self.device = device or pick_device(config.device)
        sampler = sampler_of(config, prepared.split.train.counts)
        use_threads(config.threads, config.negatives if sampler else len(prepared.features))
        torch.manual_seed(config.seed)
        self.network = prepared.network(config).to(self.device)
        self.objective = Objective(prepared, config, self.network, self.device)
        self.examples = Examples(
            prepared.split.train,
            prepared.best,
            prepared.similarity,
            folds=config.residual_folds,
            length=config.history_length,
            batch=config.batch_size,
            scale=prepared.scale,
            seed=config.seed,
            sampler=sampler,
            horizon=horizon_of(config.horizon, prepared.split.valid),
        )
        self.optimiser = optimiser_of(self.network, self.objective.views, config)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._rate)
        self.steps = Steps(self.objective, self.optimiser, Stepper(self.device, config.precision))
        self.cases = prepared.split.valid.some(VALID_CASES, config.seed)
        self.curves: list[Epoch] = []
        if start is None:
            level(self.objective, self.examples.epoch(0), config.seed)
        else:
            take_up(self.network, start)
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
        elif self.config.find_batch and self.device == "cuda":
            self.find_batch()
        others = (self.prepared, self.config, self._checkpoint())
        with team(self.config.processes, self.device == "cpu", _help, *others) as self.steps.team:
            while len(self.curves) < self.config.epochs and not self._stalled():
                self.steps.team.agree(GO_ON)
                epoch = self._epoch(len(self.curves), check)
                self.curves.append(epoch)
                if epoch.best:
                    self.best = _copy(self.network)
                save(self._checkpoint())
                on_epoch(epoch)
            self.steps.team.agree(STOP)
        self.network.load_state_dict(self.best)
        return self._finish()

    def find_batch(self) -> None:
        """Take the largest batch that fits, by doubling or halving the configuration's."""
        most = min(LARGEST_BATCH, max(self.config.batch_size, len(self.examples.windows) // STEPS_AN_EPOCH))
        self.examples.batch = largest(
            self.config.batch_size, most, lambda size: self.steps.fits(self.examples.longest(size))
        )

    def help(self, team: Team) -> None:
        """Take part in the epochs of the group's first process until it says stop."""
        self.steps.team = team
        number = len(self.curves)
        while team.agree(STOP) == GO_ON:
            self._train(number, lambda: None)
            number += 1

    def _epoch(self, number: int, check: Callable[[], None]) -> Epoch:
        started = time.perf_counter()
        losses, norm, samples = self._train(number, check)
        trained = time.perf_counter() - started
        rank, graph, attacked, contrastive = losses.tolist()
        config = self.config
        loss = rank + config.graph_weight * graph + config.adversarial_weight * attacked
        check()
        model = self.combined(Mix(*self._opened()))
        values = evaluate(model.score, self.cases, self._counts()).per_case
        interval = bootstrap(values["ndcg@10"], config.seed, 500)
        withstood = self._withstood(model)
        seconds = time.perf_counter() - started
        return Epoch(
            epoch=number,
            loss=loss + config.contrastive_weight * contrastive,
            rank_loss=rank,
            graph_loss=graph,
            valid=interval.mean,
            low=interval.low,
            high=interval.high,
            lr=float(self.schedule.get_last_lr()[0]),
            grad_norm=norm,
            samples_per_s=samples / max(trained, 1e-9),
            memory_mb=memory_mb(self.device),
            device=self.device,
            eta=seconds * (config.epochs - number - 1),
            seconds=seconds,
            best=interval.mean + withstood > max((epoch.goal for epoch in self.curves), default=-1.0),
            adversarial_loss=attacked,
            attacked=withstood,
            contrastive_loss=contrastive,
            batch=self.examples.batch,
            precision=self.steps.stepper.format,
        )

    def _train(self, number: int, check: Callable[[], None]) -> tuple[NDArray[np.float64], float, int]:
        """One pass: (mean of each part of the loss, mean norm of the gradient, examples seen)."""
        # Seeding each epoch by its number makes a resumed run equal to one that was never interrupted.
        torch.manual_seed(self.config.seed * 100_003 + number)
        random = np.random.default_rng((self.config.seed, number, 1))
        losses, norms, samples = np.zeros(4), [], 0
        self.network.train()
        batches = self.examples.epoch(number)
        for batch in batches if self.device == "cpu" else ahead(batches):
            check()
            if len(batch.target):
                parts, norm = self.steps.take(batch, random)
                self.schedule.step()
                losses += parts * len(batch.target)
                norms.append(norm)
                samples += len(batch.target)
        return losses / max(samples, 1), float(np.mean(norms)) if norms else 0.0, samples

    def combined(self, mix: Mix) -> Combined:
        """The model as it stands, on the training-time baseline."""
        vectors, bias = product_vectors(self.network, self.objective.inputs)
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
        config = self.config
        attacked = 0.0 if config.adversarial == "none" else config.adversarial_weight
        model = self.combined(Mix(baseline, 1.0))
        weight = opened(model, self.cases, self._counts(), attacked, config.adversarial_epsilon)
        self.network.to("cpu")
        inputs = Inputs.of(self.prepared.features, self.prepared.vocabulary.table)
        vectors, _ = product_vectors(self.network, inputs)
        average = average_shopper(self.network, vectors, self.prepared, self.config.seed)
        return Trained(self.network, Mix(baseline, weight), self.curves, average)

    def _stalled(self) -> bool:
        best = max(range(len(self.curves)), key=lambda k: self.curves[k].goal, default=0)
        return len(self.curves) - 1 - best >= self.config.patience

    def _rate(self, step: int) -> float:
        steps = max(1, len(self.examples) * self.config.epochs)
        return rate(step, steps, self.config.warmup_share)

    def _checkpoint(self) -> Checkpoint:
        views = self.objective.views
        return {
            "network": self.network.state_dict(),
            "best": self.best,
            "views": views.state_dict() if views else {},
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "scale": self.steps.stepper.state(),
            "curves": [asdict(epoch) for epoch in self.curves],
            "batch": self.examples.batch,
        }

    def _restore(self, checkpoint: Mapping[str, Any]) -> None:
        take_up(self.network, checkpoint["network"])
        if self.objective.views:
            self.objective.views.load_state_dict(checkpoint["views"])
        self.best = checkpoint["best"]
        self.optimiser.load_state_dict(checkpoint["optimiser"])
        self.schedule.load_state_dict(checkpoint["schedule"])
        self.steps.stepper.restore(checkpoint.get("scale", {}))
        self.curves = [Epoch(**line) for line in checkpoint["curves"]]
        self.examples.batch = checkpoint.get("batch", self.config.batch_size)


def average_shopper(
    network: Network, vectors: NDArray[np.floating], prepared: Prepared, seed: int
) -> NDArray[np.floating]:
    """Mean vector of (a sample of) the training shoppers: who stands in for a shopper nothing is known of."""
    chosen = prepared.sample_histories(AVERAGE_SHOPPERS, seed)
    return np.asarray(shopper_vectors(network, vectors, chosen).mean(0))


def _help(
    index: int,
    size: int,
    port: int,
    cpu: bool,
    prepared: Prepared,
    config: TrainConfig,
    checkpoint: Checkpoint,
) -> None:
    """What the other processes of a run do; they start as the first one stands."""
    own = join(index + 1, size, port, cpu)
    trainer = Trainer(prepared, config, checkpoint["network"], device="cpu" if cpu else f"cuda:{own.rank}")
    trainer._restore(checkpoint)
    trainer.help(own)


def take_up(network: Network, weights: Mapping[str, Tensor]) -> None:
    """Load weights; raises RunError where they are of another shape."""
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise RunError(
            "The weights are those of a run of another shape, or of an earlier ShelfGraph.",
            where=str(error).splitlines()[-1].strip()[:200],
            remedy="Train from the start.",
        ) from None


def _copy(network: Network) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}
