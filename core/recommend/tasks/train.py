"""Training of a task network: AdamW with decoupled L2, early stopping on the validation loss, one seed for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import dropout

from core.recommend.tasks.config import Kind, TaskConfig
from core.recommend.tasks.examples import Examples, Ints, Part, inner_parts
from core.recommend.tasks.fitted import Epoch
from core.recommend.tasks.linear import Set, linear_start, task_losses
from core.recommend.tasks.network import Weights, forward
from core.recommend.tasks.record import NEITHER, Record, chosen, unseen_offsets

HISTORY_ALONE, NEED_ALONE, BOTH = 0.55, 0.2, 0.15
"""In training a shopper is known by the history, by up to three needs that it holds, by both, or not at all, so that
the network can answer in each case."""
MOST_NEEDS = 3


@dataclass(frozen=True, eq=False)
class World:
    """What the network is trained on: ``rows`` float32[products, width] in ``groups`` (slices of a row), ``histories``
    sparse [n, products], ``needs`` sparse [products, needs] and ``need_rows`` float32[needs, width]."""

    rows: NDArray[np.float32]
    groups: tuple[slice, ...]
    histories: sp.csr_matrix
    needs: sp.csr_matrix
    need_rows: NDArray[np.float32]


class Net(nn.Module):
    """The formula of ``network.forward`` with weights that learn; outputs start at the records' offset."""

    def __init__(self, width: int, outputs: int, config: TaskConfig) -> None:
        super().__init__()
        hidden = config.hidden
        self.item = nn.Parameter(torch.zeros(width, 2 * hidden + outputs))
        self.taste = nn.Parameter(torch.randn(width, hidden) / hidden**0.5)
        self.need = nn.Parameter(torch.randn(width, hidden) / hidden**0.5)
        self.alike = nn.Parameter(torch.zeros(width))
        self.alike_need = nn.Parameter(torch.zeros(width))
        self.out = nn.Parameter(torch.zeros(hidden, outputs))
        self.bias = nn.Parameter(torch.zeros(hidden))
        self.const = nn.Parameter(torch.zeros(outputs))
        with torch.no_grad():
            self.item[:, :hidden] = torch.randn(width, hidden) * (2.0 / 3) ** 0.5
        self.dropout = config.dropout

    def forward(self, rows: Tensor, taken: Tensor, needed: Tensor, offset: Tensor) -> Tensor:
        """Outputs [n, outputs] of product rows, mean rows of what was taken, rows of needs, offsets."""
        likeness = (rows * (taken * self.alike + needed * self.alike_need)).sum(1)
        item = dropout(rows, self.dropout, self.training) @ self.item
        taste = dropout(taken, self.dropout, self.training) @ self.taste + needed @ self.need
        outputs: Tensor = forward(self, item, taste, offset + likeness)
        return outputs

    def weights(self) -> Weights:
        """A copy for NumPy."""
        return Weights(**{k: v.detach().numpy().astype(np.float64) for k, v in self.named_parameters()})


@dataclass(frozen=True, eq=False)
class Trained:
    """The weights of the best pass, the losses of all, the records they start from, and the linear start's mean loss on
    rows it was not fitted to."""

    weights: Weights
    record: Record
    curve: tuple[Epoch, ...]
    best: int
    held_out: float


def train(
    examples: Examples,
    part: Part,
    world: World,
    config: TaskConfig,
    check: Callable[[], None] = lambda: None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> Trained:
    """Learn from ``part.train``, stop by ``part.valid``; ``config.seed`` draws all that is random.

    The state before the first pass, a linear model, stays where the network's gain over it on validation is not more
    than its standard error.
    """
    torch.manual_seed(config.seed)
    random = np.random.default_rng(config.seed)
    outputs = max(len(examples.classes), 1)
    net = Net(world.rows.shape[1], outputs, config)
    use = chosen(examples, part) if config.record else NEITHER
    record = Record.of(examples, part.train, use)
    batches = _Batches(examples, world)
    offsets = np.zeros(len(examples))
    offsets[part.train] = unseen_offsets(examples, part.train, use)
    offsets[part.valid] = record.offsets(examples.product[part.valid], examples.shopper[part.valid])
    inner = [
        (batches.line(fit, offsets), batches.line(hold, offsets))
        for fit, hold in inner_parts(part, config.seed)
    ]
    line, const, held_out = linear_start(
        examples.kind, batches.line(part.train, offsets), inner, _prior(examples, part.train, outputs)
    )
    with torch.no_grad():
        width = world.rows.shape[1]
        net.item[:, 2 * config.hidden :] = line[:width]
        net.const.copy_(const)
        for group, weight in zip(
            world.groups, line[width:], strict=False
        ):  # classes have no shopper to be like
            net.alike[group] = net.alike_need[group] = weight.item()
    steps = config.epochs * max(1, -(-len(part.train) // config.batch_size))
    optimiser = torch.optim.AdamW(net.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=steps + 1, pct_start=0.1
    )
    first = _valid_losses(net, batches, part.valid, offsets)
    lowest = first
    curve = [Epoch(0, float("nan"), float(first.mean()))]
    best, start = 0, net.weights()
    kept = start
    on_epoch(curve[0])
    for number in range(1, config.epochs + 1):
        check()
        net.train()
        losses = []
        for rows in _shuffled(part.train, config.batch_size, random):
            value = _losses(net, batches.of(rows, offsets, random), examples, rows).mean()
            optimiser.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(float(value.detach()))
        own = _valid_losses(net, batches, part.valid, offsets)
        epoch = Epoch(number, float(np.mean(losses)), float(own.mean()))
        curve.append(epoch)
        on_epoch(epoch)
        if epoch.valid < curve[best].valid:
            best, kept, lowest = number, net.weights(), own
        if number - best >= config.patience:
            break
    if best and not _shown(first - lowest):
        best, kept = 0, start
    return Trained(kept, record, tuple(curve), best, held_out)


def _shown(gains: NDArray[np.float64]) -> bool:
    """Whether a mean gain over validation rows is more than its standard error."""
    return bool(gains.mean() > gains.std() / max(len(gains), 1) ** 0.5)


class _Batches:
    """Tensors of examples: product row, mean of what was taken, needs, offset."""

    def __init__(self, examples: Examples, world: World) -> None:
        self.examples, self.world = examples, world
        self.rows = torch.as_tensor(world.rows)
        self.alone = examples.kind is Kind.CLASS

    def line(self, at: Ints, offsets: NDArray[np.float64]) -> Set:
        """What the linear start is fitted to: product rows, and their likeness to what was taken, group by group."""
        item, taken, _needed, offset = self.of(at, offsets)
        likeness = [(item[:, group] * taken[:, group]).sum(1) for group in self.world.groups]
        rows = item if self.alone else torch.cat([item, torch.stack(likeness, 1)], 1)
        return rows, offset, torch.as_tensor(self.examples.target[at])

    def of(
        self, at: Ints, offsets: NDArray[np.float64], random: np.random.Generator | None = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The batch; with ``random`` what is known of a shopper is drawn, without it is the whole history."""
        item = self.rows[torch.as_tensor(self.examples.product[at])]
        offset = torch.as_tensor(offsets[at], dtype=torch.float32)
        needed = np.zeros(tuple(item.shape), np.float32)
        if self.alone:
            return item, torch.zeros_like(item), torch.as_tensor(needed), offset
        histories = self.world.histories[at]
        taken = np.asarray(histories @ self.world.rows, np.float32)
        if random is not None:
            draw = random.random(len(at))
            taken[draw >= HISTORY_ALONE + BOTH] = 0.0
            if self.examples.kind is Kind.NEED and self.world.needs.shape[1]:
                named = np.flatnonzero((draw >= HISTORY_ALONE) & (draw < HISTORY_ALONE + BOTH + NEED_ALONE))
                profiles = np.asarray((histories[named] @ self.world.needs).todense())
                for row, profile in zip(named, profiles, strict=True):
                    needed[row] = drawn_needs(profile, random) @ self.world.need_rows
        return item, torch.as_tensor(taken), torch.as_tensor(needed), offset


def drawn_needs(profile: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """float32[needs]: equal shares of up to three needs drawn by their weights in a history; zeros for an empty one."""
    made = np.zeros(len(profile), np.float32)
    possible = np.flatnonzero(profile)
    if len(possible):
        size = min(len(possible), int(random.integers(1, MOST_NEEDS + 1)))
        chances = profile[possible] / profile[possible].sum()
        made[random.choice(possible, size, replace=False, p=chances)] = 1.0 / size
    return made


def _prior(examples: Examples, rows: Ints, outputs: int) -> Tensor:
    """Log shares of the classes; zero where the record holds the mean."""
    if examples.kind is not Kind.CLASS:
        return torch.zeros(outputs)
    shares = np.bincount(examples.target[rows].astype(int), minlength=outputs) + 1.0
    return torch.as_tensor(np.log(shares / shares.sum()), dtype=torch.float32)


def _losses(net: Net, batch: tuple[Tensor, Tensor, Tensor, Tensor], examples: Examples, rows: Ints) -> Tensor:
    return task_losses(examples.kind, net(*batch), torch.as_tensor(examples.target[rows]))


def _valid_losses(
    net: Net, batches: _Batches, rows: Ints, offsets: NDArray[np.float64]
) -> NDArray[np.float64]:
    net.eval()
    with torch.no_grad():
        parts = [rows[start : start + 4096] for start in range(0, len(rows), 4096)]
        values = [_losses(net, batches.of(part, offsets), batches.examples, part) for part in parts]
    return torch.cat(values).numpy().astype(np.float64)


def _shuffled(rows: Ints, size: int, random: np.random.Generator) -> list[Any]:
    order = random.permutation(rows)
    return [order[start : start + size] for start in range(0, len(order), size)]
