"""How a step is computed: number format, what fits into memory, and the processes that share it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor

from core.errors import ConfigError

T = TypeVar("T")
GROUP = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""Variables that tell a process its place in a group."""
PATIENCE = timedelta(hours=2)
"""How long a process waits for the others; they wait while the first one validates."""
HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


def half_of(precision: str, device: str) -> torch.dtype | None:
    """The format of mixed precision, None for float32 throughout.

    "auto" is bfloat16 on a CUDA device that has it, float16 on an older one, and float32 elsewhere. Raises ConfigError
    for float16 off CUDA, where its gradients would vanish without a scaler that exists there only.
    """
    cuda = device.startswith("cuda")
    if precision == "auto":
        if not cuda:
            return None
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if precision == "fp16" and not cuda:
        raise ConfigError(
            f"float16 needs CUDA; the device is {device}.",
            where="precision",
            remedy="Choose bf16, float32 or auto.",
        )
    return HALF.get(precision)


class Stepper:
    """Forward passes in mixed precision, backward passes with a loss scale where the format needs one."""

    def __init__(self, device: str, precision: str) -> None:
        self.kind = device.split(":")[0]
        self.half = half_of(precision, device)
        self._scaler = torch.amp.GradScaler(self.kind, enabled=self.half is torch.float16)

    @property
    def format(self) -> str:
        """The name of its format: float32, bf16 or fp16."""
        return next((name for name, half in HALF.items() if half is self.half), "float32")

    def forward(self) -> AbstractContextManager[Any]:
        """The context in which losses are computed; weights and their updates stay in float32."""
        return nullcontext() if self.half is None else torch.autocast(self.kind, self.half)

    def backward(self, loss: Tensor) -> None:
        """Add the loss's gradients."""
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def update(self, optimiser: torch.optim.Optimizer, parameters: list[Tensor], clip: float) -> float:
        """Clip the gradients and let the optimiser step; gives their norm before clipping."""
        self._scaler.unscale_(optimiser)
        norm = torch.nn.utils.clip_grad_norm_(parameters, clip)
        self._scaler.step(optimiser)
        self._scaler.update()
        return float(norm)

    def state(self) -> dict[str, Any]:
        """The loss scale as plain values, for a checkpoint; {} where there is none."""
        return self._scaler.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        """Go on with the loss scale of a checkpoint."""
        if state:
            self._scaler.load_state_dict(state)


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, each made by another thread while the one before it is used: a GPU does not wait for the
    processor to draw its next batch."""
    with ThreadPoolExecutor(1) as other:
        coming = other.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = other.submit(next, items, None)
            yield item


def out_of_memory(error: BaseException) -> bool:
    """Whether it says that memory ran out, on a GPU or on the CPU."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


def largest(start: int, most: int, fits: Callable[[int], bool]) -> int:
    """The largest size found by doubling from ``start`` to at most ``most`` while it fits, or by halving until it does.

    Raises ConfigError where not even size 1 fits.
    """
    size = start
    while not fits(size):
        if size == 1:
            raise ConfigError(
                "A single shopper's step does not fit into memory.",
                where="batch_size",
                remedy="Choose the sampled softmax, fewer negatives, or smaller vectors.",
            )
        size //= 2
    if size < start:
        return size
    while size * 2 <= most and fits(size * 2):
        size *= 2
    return size


class Team:
    """The processes of a run; one unless the configuration asks for more.

    Several are one group of Accelerate's PartialState (NCCL between GPUs, gloo between CPU processes). Each computes
    the gradient of its share of a step's shoppers; the sum over all is the gradient of the whole step.
    """

    def __init__(self, size: int = 1, rank: int = 0) -> None:
        self.size, self.rank = size, rank

    def share(self, parts: Iterable[Any]) -> list[Any]:
        """This process's parts of a step."""
        return list(parts)[self.rank :: self.size]

    def add_up(self, parameters: Iterable[Tensor]) -> None:
        """Replace each gradient by its sum over the processes; one that no process has stays None."""
        if self.size == 1:
            return
        from accelerate.utils import reduce

        every = list(parameters)
        flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).ravel() for p in every])
        there = torch.tensor([float(p.grad is not None) for p in every], device=flat.device)
        flat, there = reduce(flat, "sum"), reduce(there, "sum")
        at = 0
        for parameter, found in zip(every, there.tolist(), strict=True):
            if found:
                parameter.grad = flat[at : at + parameter.numel()].view_as(parameter).clone()
            at += parameter.numel()

    def agree(self, value: int) -> int:
        """The first process's value, in every process; others wait for it here."""
        if self.size == 1:
            return value
        from accelerate import PartialState
        from accelerate.utils import broadcast

        return int(broadcast(torch.tensor([value], device=PartialState().device))[0])


def join(rank: int, size: int, port: int, cpu: bool) -> Team:
    """Enter the group as its process number ``rank``; returns when all have."""
    from accelerate import PartialState

    values = (rank, rank, size, size, "127.0.0.1", port)
    os.environ |= {name: str(value) for name, value in zip(GROUP, values, strict=True)}
    PartialState(cpu=cpu, timeout=PATIENCE)
    return Team(size, rank)


@contextmanager
def team(size: int, cpu: bool, helper: Callable[..., None], *args: Any) -> Iterator[Team]:
    """This process and ``size - 1`` others that run ``helper(rank, size, port, cpu, *args)``; they end with the block.

    Raises ConfigError where there are not as many GPUs.
    """
    if size == 1:
        yield Team()
        return
    if not cpu and torch.cuda.device_count() < size:
        raise ConfigError(
            f"There are {torch.cuda.device_count()} CUDA devices.",
            where="processes",
            remedy=f"Use as many processes at most; {size} were asked for.",
        )
    from accelerate import PartialState
    from torch.multiprocessing.spawn import start_processes

    port = _free_port()
    started = start_processes(  # type: ignore[no-untyped-call]
        helper, (size, port, cpu, *args), nprocs=size - 1, join=False, start_method="spawn"
    )
    try:
        yield join(0, size, port, cpu)
    finally:
        for process in started.processes:
            process.terminate()
            process.join()
        PartialState().destroy_process_group()
        # The state is one to a process and remembers its group: the next run of this process makes its own.
        PartialState._reset_state()
        for name in GROUP:
            os.environ.pop(name, None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
