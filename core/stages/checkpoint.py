"""The state of a training in its job's folder, for the job to go on from when it is resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.jobs.context import Context
from core.storage.whole import whole_file


class TrainingFile:
    """One file of tensors and plain values, read back without unpickling objects."""

    def __init__(self, context: Context) -> None:
        self.path: Path = context.folder / "checkpoint.pt"

    def read(self) -> dict[str, Any] | None:
        """What was written last; None before that."""
        import torch

        return torch.load(self.path, weights_only=True) if self.path.is_file() else None

    def write(self, checkpoint: dict[str, Any]) -> None:
        """Put a state in the place of the last one."""
        import torch

        with whole_file(self.path) as scratch:
            torch.save(checkpoint, scratch)

    def remove(self) -> None:
        """Forget it, when the training is done."""
        self.path.unlink(missing_ok=True)
