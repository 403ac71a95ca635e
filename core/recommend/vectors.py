"""Text vectors that were computed once, kept by the hash of model, adapter and texts under SHELFGRAPH_HOME/vectors."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.recommend.text import Encoder
from core.settings import settings
from core.storage.whole import whole_file

MOST_BYTES = 1 << 30
"""When the vectors take more room than this, those that were not read for longest go."""


class KeptVectors:
    """An encoder whose vectors are read back where the same texts were encoded before. ``identity`` names model and
    adapter by their weights, so that another model never answers for it."""

    def __init__(self, encoder: Encoder, identity: str) -> None:
        self._encoder = encoder
        self._identity = identity

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[texts, size], as the encoder gives them."""
        path = home() / f"{key(self._identity, texts)}.npy"
        known = _read(path)
        if known is None:
            known = np.asarray(self._encoder.encode(texts), np.float32)
            store(self._identity, texts, known)
        return known


def home() -> Path:
    """The folder of the vectors."""
    return settings().home / "vectors"


def key(identity: str, texts: Sequence[str]) -> str:
    """What tells one computation from another; the order of the texts counts."""
    digest = hashlib.sha256(identity.encode())
    for text in texts:
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.hexdigest()


def store(identity: str, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Keep vectors for the next time; the file appears when it is whole."""
    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / f"{key(identity, texts)}.npy") as scratch, scratch.open("wb") as file:
        np.save(file, vectors, allow_pickle=False)
    _tidy(folder)


def _read(path: Path) -> NDArray[np.float32] | None:
    try:
        found: NDArray[np.float32] = np.load(path, allow_pickle=False)
        os.utime(path)
    except (OSError, ValueError, EOFError):  # not there, or cut short by a full disk: it is computed again
        return None
    return found


def _tidy(folder: Path) -> None:
    known = []
    for path in folder.glob("*.npy"):
        try:
            known.append((path.stat().st_mtime, path.stat().st_size, path))
        except FileNotFoundError:  # another process was quicker
            continue
    room = sum(size for _, size, _ in known)
    for _, size, path in sorted(known)[:-1]:
        if room <= MOST_BYTES:
            break
        path.unlink(missing_ok=True)
        room -= size
