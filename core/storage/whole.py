"""Files and folders that appear under their names when they are whole: nobody reads half of one, nor does a crash
leave one behind in the place of the last."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to; what is there takes the place of ``path`` when the block ends, and is gone
    where the block fails. Several writers at a time do not meet: the last one stands."""
    scratch = _beside(path)
    try:
        yield scratch
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A new folder beside ``folder`` to fill; it takes the place of ``folder`` when the block ends, and is gone where
    the block fails."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = _beside(folder)
    scratch.mkdir()
    try:
        yield scratch
        if folder.exists():
            shutil.rmtree(folder)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    with whole_file(path) as scratch:
        scratch.write_text(text, "utf-8")


def write_json(path: Path, value: Any, *, indent: int | None = None) -> None:
    """Write a value as JSON, every script as it is, whole or not at all."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=indent))


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
