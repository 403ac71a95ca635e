"""Tuning an encoder: pre-training on the texts, then contrast of pairs; validated as it goes, with exact resume."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import DataError
from core.llm.backbone import Backbone
from core.llm.encoder_kinds import EncoderKind, attach
from core.llm.finetune import rate_at
from core.llm.finetune_curves import memory_mb
from core.llm.finetune_kinds import after_step, budget, extra_loss, restore_budget, settled
from core.llm.transformers_model import best_dtype
from core.recommend.tuning.config import TuneConfig
from core.recommend.tuning.curves import Check, Phase, Step
from core.recommend.tuning.objectives import contrast, start_head, token_loss
from core.recommend.tuning.pairs import Pairs
from core.recommend.tuning.quality import Quality

Vectors = NDArray[np.float32]
Judge = Callable[[Vectors], Quality]
Checkpoint = dict[str, Any]
"""Tensors and plain values only, so that it is read back without unpickling objects."""
HEAD_RATE = 1e-3
HEAD_ALONE = 0.2
"""Share of the pre-training in which a head that begins without weights learns alone, so that its noise does not go
through the encoder."""
LEAST_HELD_OUT = 4


@dataclass(frozen=True)
class Material:
    """What is learned from: the text of each product, pairs of training events, and a vector of each product's facts,
    float32[products, size] with zero rows where there are none (None: no contrast with the graph)."""

    texts: Sequence[str]
    pairs: Pairs
    facts: Vectors | None = None


@dataclass(frozen=True)
class Trained:
    """The learned weights of the best validation by name, in float32 on the CPU, and how they came about."""

    state: Mapping[str, Tensor]
    steps: tuple[Step, ...]
    checks: tuple[Check, ...]
    counts: Mapping[str, int]
    device: str
    precision: str
    seconds: float

    @property
    def perplexity(self) -> tuple[float | None, float | None]:
        """Of held-out texts before and after the pre-training; None where there was none."""
        known = [check.perplexity for check in self.checks if check.perplexity is not None]
        return (known[0], known[-1]) if len(known) > 1 else (None, None)


class Tuner:
    """Owns model, learned weights and optimiser of one tuning; ``judge`` says what vectors of all products are worth.

    Takes the backbone over: it has to be freshly loaded. Raises ConfigError where the method does not fit it and
    DataError where the loss is no longer a number.
    """

    def __init__(self, backbone: Backbone, material: Material, config: TuneConfig, judge: Judge) -> None:
        self.backbone, self.material, self.config, self.judge = backbone, material, config, judge
        self.device = backbone.device
        self.pairs_a_step = config.pairs_a_step(self.device)
        self.learned, self.held_out = _parted(material.texts, config)
        self.lengths = self._lengths()
        self.total = sum(self.lengths.values())
        dtype = best_dtype(self.device) if config.precision == "auto" else getattr(torch, config.precision)
        self.precision = str(dtype).removeprefix("torch.")
        torch.manual_seed(config.seed)
        if self.lengths["pretrain"]:
            start_head(backbone, self.learned, config.max_tokens)
        self.weights = sum(weight.numel() for weight in backbone.body.parameters())
        self.trained = attach(backbone, config, self.total)
        self.head = _head(backbone, self.trained) if self.lengths["pretrain"] else {}
        size = material.facts.shape[1] if material.facts is not None else 0
        self.join = (
            torch.nn.Linear(size, backbone.width).to(self.device) if config.graph_weight and size else None
        )
        self.optimiser = self._optimiser()
        self.steps: list[Step] = []
        self.checks: list[Check] = []
        self.best = self._state(self.trained)
        self.seconds = 0.0
        self._memory = 0.0

    @property
    def counts(self) -> dict[str, int]:
        """Texts learned from and held out, products, pairs, weights that are tuned and weights there are."""
        return {
            "texts": len(self.learned),
            "held_out": len(self.held_out),
            "products": len(self.material.texts),
            "pairs": len(self.material.pairs),
            "parameters": sum(weight.numel() for weight in self.trained.values()),
            "all_parameters": self.weights,
        }

    def run(
        self,
        check: Callable[[], None] = lambda: None,
        on_step: Callable[[Step], None] = lambda step: None,
        on_check: Callable[[Check], None] = lambda check: None,
        save: Callable[[Checkpoint], None] = lambda checkpoint: None,
        resume: Checkpoint | None = None,
    ) -> Trained:
        """Tune until the steps are done or validation stops getting better. ``check`` may raise to stop; ``save`` is
        called after each validation. A resumed run ends with the weights of one that was never interrupted."""
        if resume:
            self._restore(resume)
        began, before = time.perf_counter(), self.seconds
        if self.device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        if not self.checks:
            self._validate(check)
            on_check(self.checks[-1])
        while len(self.steps) < self.total and not self._stalled():
            check()
            self.steps.append(self._step(len(self.steps)))
            on_step(self.steps[-1])
            if self._due(len(self.steps)):
                self._validate(check)
                self.seconds = before + time.perf_counter() - began
                save(self._checkpoint())
                on_check(self.checks[-1])
        self._load(self.best)
        self.seconds = before + time.perf_counter() - began
        return Trained(
            {name: value.cpu() for name, value in self.best.items()},
            tuple(self.steps),
            tuple(self.checks),
            self.counts,
            self.device,
            self.precision,
            self.seconds,
        )

    def _lengths(self) -> dict[Phase, int]:
        """Steps of each phase."""
        config = self.config
        if config.kind is EncoderKind.FROZEN:
            return {"pretrain": 0, "contrast": 0}
        texts = math.ceil(len(self.learned) / (2 * self.pairs_a_step))
        return {"pretrain": texts * config.pretrain_epochs, "contrast": self._pairs_steps() * config.epochs}

    def _pairs_steps(self) -> int:
        return math.ceil(min(len(self.material.pairs), self.config.most_pairs) / self.pairs_a_step)

    def _place(self, step: int) -> tuple[Phase, int]:
        """The phase of a step (from 0), and its number there."""
        first = self.lengths["pretrain"]
        return ("pretrain", step) if step < first else ("contrast", step - first)

    def _step(self, number: int) -> Step:
        config, (phase, place) = self.config, self._place(number)
        # Seeding each step by its number makes a resumed run equal to one that was never interrupted.
        torch.manual_seed(config.seed * 1_000_003 + number)
        started = time.perf_counter()
        rate = rate_at(place, self.lengths[phase], config)
        alone = phase == "pretrain" and self.backbone.fresh_head and place < HEAD_ALONE * self.lengths[phase]
        for group in self.optimiser.param_groups:
            group["lr"] = rate * (0.0 if alone and group["own"] else group["peak"])
        self.backbone.root.train()
        loss, texts = self._pretrain(place) if phase == "pretrain" else self._contrast(place)
        if not math.isfinite(float(loss.detach())):
            raise DataError(
                f"The loss is no longer a number at step {number + 1}.",
                where="tuning",
                remedy="Start again with a lower learning rate.",
            )
        self._memory = max(self._memory, memory_mb(self.device))
        (loss + extra_loss(self.backbone.wrapped, config)).backward()
        norm = float(torch.nn.utils.clip_grad_norm_(self._learners(), config.clip))
        self.optimiser.step()
        after_step(self.backbone.wrapped, config, number + 1)
        self.optimiser.zero_grad(set_to_none=True)
        took = time.perf_counter() - started
        return Step(
            number + 1, phase, float(loss.detach()), rate * config.rate, norm, texts / took, self._memory,
            self._left(took, number + 1),
        )  # fmt: skip

    def _left(self, took: float, done: int) -> float:
        rates = [step.texts_per_s for step in self.steps[-20:]]
        mean = 2 * self.pairs_a_step * len(rates) / sum(rates) if rates else took
        return mean * (self.total - done)

    def _pretrain(self, place: int) -> tuple[Tensor, int]:
        size = 2 * self.pairs_a_step
        each = math.ceil(len(self.learned) / size)
        epoch, batch = divmod(place, each)
        random = np.random.default_rng((self.config.seed, epoch, 1))
        order = random.permutation(len(self.learned))[batch * size : (batch + 1) * size]
        texts = [self.learned[at] for at in order]
        drawn = np.random.default_rng((self.config.seed, place, 2))
        with self._precision():
            loss, told = token_loss(
                self.backbone, texts, self.config.max_tokens, self.config.mask_share, drawn
            )
        return loss / max(told, 1), len(texts)

    def _contrast(self, place: int) -> tuple[Tensor, int]:
        pairs, config = self.material.pairs, self.config
        epoch, batch = divmod(place, self._pairs_steps())
        chosen = pairs.drawn(config.most_pairs, (config.seed, epoch, 3))
        chosen = chosen[batch * self.pairs_a_step : (batch + 1) * self.pairs_a_step]
        left, right = pairs.left[chosen], pairs.right[chosen]
        products, place_of = np.unique(np.concatenate([left, right]), return_inverse=True)
        # A product that is in several pairs is read once.
        with self._precision():
            tokens = self.backbone.tokens([self.material.texts[at] for at in products], config.max_tokens)
            vectors = self.backbone.vectors(tokens)
        alike = torch.as_tensor(pairs.alike(left, right), device=self.device)
        rows = torch.as_tensor(place_of, device=self.device)
        loss = contrast(vectors[rows[: len(left)]], vectors[rows[len(left) :]], alike, config.temperature)
        return loss + config.graph_weight * self._with_facts(vectors, products), len(products)

    def _with_facts(self, vectors: Tensor, products: NDArray[np.int64]) -> Tensor:
        """The contrast of texts with the facts of the same products; 0 where that is off."""
        if self.join is None or self.material.facts is None:
            return torch.zeros((), device=self.device)
        facts = self.material.facts[products]
        told = np.flatnonzero(facts.any(1))
        if len(told) < 2:
            return torch.zeros((), device=self.device)
        graph = torch.nn.functional.normalize(
            self.join(torch.as_tensor(facts[told], device=self.device)), dim=1
        )
        same = torch.as_tensor((facts[told] @ facts[told].T) > 0.999, device=self.device)
        return contrast(
            vectors[torch.as_tensor(told, device=self.device)], graph, same, self.config.temperature
        )

    def _validate(self, check: Callable[[], None]) -> None:
        step = len(self.steps)
        phase = self._place(max(step - 1, 0))[0]
        first, last = step == 0, step == self.lengths["pretrain"]
        perplexity = self._perplexity(check) if self.lengths["pretrain"] and phase == "pretrain" else None
        if not (first or last or phase == "contrast"):
            self.checks.append(Check(step, phase, perplexity))
            return
        found = self.judge(self._vectors(check))
        counts = (step > 0 or not self.total) and settled(self.config, step, self.total)
        known = [one.ndcg for one in self.checks if one.best and one.ndcg is not None]
        best = counts and found.ndcg > max(known, default=-1.0)
        self.checks.append(
            Check(step, phase, perplexity, found.ndcg, found.hr, found.recall, found.low, found.high, best)
        )
        if best:
            self.best = self._state(self.trained)

    def _vectors(self, check: Callable[[], None]) -> Vectors:
        with self._precision():
            return self.backbone.encode(self.material.texts, check=check)

    def _perplexity(self, check: Callable[[], None]) -> float:
        """exp of the mean cross-entropy of the held-out texts, with the same tokens masked each time."""
        self.backbone.root.eval()
        loss, told = 0.0, 0
        random = np.random.default_rng((self.config.seed, 4))
        with torch.inference_mode(), self._precision():
            for first in range(0, len(self.held_out), 32):
                check()
                value, count = token_loss(
                    self.backbone,
                    self.held_out[first : first + 32],
                    self.config.max_tokens,
                    self.config.mask_share,
                    random,
                )
                loss, told = loss + float(value), told + count
        return math.exp(min(loss / max(told, 1), 50.0))

    def _due(self, step: int) -> bool:
        phase, place = self._place(step - 1)
        length = self.lengths[phase]
        epochs = self.config.pretrain_epochs if phase == "pretrain" else self.config.epochs
        every = max(1, round(length / epochs / self.config.checks))
        return (place + 1) % every == 0 or place + 1 == length

    def _stalled(self) -> bool:
        counted = [
            one for one in self.checks
            if one.ndcg is not None and one.step > 0 and settled(self.config, one.step, self.total)
        ]  # fmt: skip
        best = max((at for at, one in enumerate(counted) if one.best), default=-1)
        return len(counted) - 1 - best >= self.config.patience

    def _precision(self) -> AbstractContextManager[Any]:
        dtype = getattr(torch, self.precision)
        return torch.autocast(self.device, dtype, enabled=dtype != torch.float32 and self.device != "mps")

    def _optimiser(self) -> torch.optim.Optimizer:
        decay, joined = self.config.weight_decay, self.join.parameters() if self.join else ()
        rest = [*self.head.values(), *joined]
        groups = [
            {
                "params": [*self.trained.values()],
                "peak": self.config.rate,
                "own": True,
                "weight_decay": decay,
            },
            {"params": rest, "peak": HEAD_RATE, "own": False, "weight_decay": decay},
        ]
        empty = [{"params": [torch.nn.Parameter(torch.zeros(1))], "peak": 0.0, "own": True}]
        return torch.optim.AdamW([group for group in groups if group["params"]] or empty, lr=0.0)

    def _learners(self) -> list[Tensor]:
        return [weight for group in self.optimiser.param_groups for weight in group["params"]]

    def _state(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: weight.detach().clone() for name, weight in weights.items()}

    def _load(self, state: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, weight in self.trained.items():
                weight.copy_(state[name])

    def _checkpoint(self) -> Checkpoint:
        return {
            "learners": [weight.detach().clone() for weight in self._learners()],
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "budget": budget(self.backbone.wrapped, self.config),
            "steps": [asdict(step) for step in self.steps],
            "checks": [asdict(check) for check in self.checks],
            "seconds": self.seconds,
            "precision": self.precision,
        }

    def _restore(self, checkpoint: Mapping[str, Any]) -> None:
        with torch.no_grad():
            for weight, value in zip(self._learners(), checkpoint["learners"], strict=True):
                weight.copy_(value)
        self.best = {name: value.to(self.device) for name, value in checkpoint["best"].items()}
        self.optimiser.load_state_dict(checkpoint["optimiser"])
        restore_budget(self.backbone.wrapped, self.config, checkpoint["budget"])
        self.steps = [Step(**line) for line in checkpoint["steps"]]
        self.checks = [Check(**line) for line in checkpoint["checks"]]
        self.seconds, self.precision = float(checkpoint["seconds"]), str(checkpoint["precision"])


def _parted(texts: Sequence[str], config: TuneConfig) -> tuple[list[str], list[str]]:
    """Texts to learn the language from, and those perplexity is measured on; equal texts are on one side."""
    own = sorted({text for text in texts if text.strip()})
    order = np.random.default_rng((config.seed, 0)).permutation(len(own))
    count = min(max(LEAST_HELD_OUT, round(config.held_out * len(own))), len(own) // 2)
    return [own[at] for at in order[count:]], [own[at] for at in order[:count]]


def _head(backbone: Backbone, trained: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a head that begins without any, ready to learn; those it shares with the body are left out."""
    if not backbone.fresh_head:
        return {}
    inside = {id(weight) for weight in backbone.body.parameters()} | {id(one) for one in trained.values()}
    found = {name: one for name, one in backbone.model.named_parameters() if id(one) not in inside}
    for weight in found.values():
        weight.requires_grad_(True)
    return found
