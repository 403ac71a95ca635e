"""What a model did for each test shopper, kept beside the run's figures: what paired tests between runs need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from core.errors import RunError
from core.recommend.data import Ints
from core.recommend.measure import Measured
from core.storage.whole import whole_file

FILE = "cases.npz"
_CASE, _SEGMENT = "case.", "segment."


@dataclass(frozen=True, eq=False)
class RunCases:
    """A model's measurements and whose they are: ``shopper`` is int32[cases], places in the data's shoppers."""

    shopper: Ints
    measured: Measured

    def values(self, segment: str = "all") -> NDArray[np.float64]:
        """float64[cases]: NDCG@10 of each case, NaN where the case is not of the segment."""
        found = self.measured.per_case["ndcg@10"] if segment == "all" else self.measured.segments[segment]
        return np.asarray(found, np.float64)


def write_cases(path: Path, cases: RunCases) -> None:
    """Write one compressed file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    measured = cases.measured
    arrays: dict[str, Any] = {_CASE + name: values for name, values in measured.per_case.items()}
    arrays |= {_SEGMENT + name: values for name, values in measured.segments.items()}
    with whole_file(path) as scratch, scratch.open("wb") as file:
        np.savez_compressed(file, shopper=cases.shopper, coverage=np.array(measured.coverage), **arrays)


def read_cases(path: Path) -> RunCases | None:
    """Read it back; None where there is none, which is so for runs from before it was kept.

    Raises RunError where the file is damaged.
    """
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            parts = {
                start: {name.removeprefix(start): kept[name] for name in kept.files if name.startswith(start)}
                for start in (_CASE, _SEGMENT)
            }
            measured = Measured(parts[_CASE], parts[_SEGMENT], float(kept["coverage"]))
            return RunCases(kept["shopper"], measured)
    except (ValueError, KeyError, OSError, BadZipFile) as error:
        raise RunError(
            f"The run's test cases cannot be read ({type(error).__name__}).",
            where=path.parent.name,
            remedy="Train again.",
        ) from error
