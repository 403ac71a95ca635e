"""Surveys on disk: one file a version, named by the graph's hash."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from core.graph.atlas.atlas import Atlas
from core.graph.atlas.marks import Marks
from core.graph.atlas.survey import Survey, Traits
from core.graph.structure.centrality import Centrality
from core.graph.structure.motifs import Motif, MotifKind, Motifs
from core.graph.structure.traits import Trait
from core.storage.whole import whole_file

FORMAT = 2
KEPT = 6


def save(folder: Path, found: Survey) -> Path:
    """Write a survey; of the files in the folder the oldest beyond ``KEPT`` go."""
    arrays: dict[str, Any] = {}
    plain: dict[str, Any] = {"format": FORMAT}
    for field in fields(found):
        value = getattr(found, field.name)
        parts = (
            {f"{field.name}.{f.name}": getattr(value, f.name) for f in fields(value)}
            if is_dataclass(value)
            else {field.name: value}
        )
        for name, part in parts.items():
            (arrays if isinstance(part, np.ndarray) else plain)[name] = part
    text = json.dumps(plain, ensure_ascii=False, default=asdict)
    arrays["plain"] = np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    path = folder / f"{found.hash}.npz"
    with whole_file(path) as scratch:
        scratch.write_bytes(buffer.getvalue())
    for old in _newest_first(folder)[KEPT:]:
        old.unlink(missing_ok=True)
    return path


def load(folder: Path, graph_hash: str) -> Survey | None:
    """The survey of a version; None where there is none that can be read."""
    return _read_once(folder / f"{graph_hash}.npz")


def latest(folder: Path) -> Survey | None:
    """The survey made last, of whatever version; None where there is none."""
    return next((found for path in _newest_first(folder) if (found := _read_once(path))), None)


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.npz"), key=lambda path: (-path.stat().st_mtime_ns, path.name))


def _read_once(path: Path) -> Survey | None:
    """What is in a file, read again only when it has changed."""
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=6)
def _read(path: Path, _changed: int) -> Survey | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        plain = json.loads(arrays.pop("plain").tobytes().decode("utf-8", "surrogatepass"))
    except (OSError, ValueError, KeyError, BadZipFile):
        return None
    if plain.get("format") != FORMAT:
        return None
    values = {**plain, **arrays}
    motifs = _part(values, "motifs.")
    return Survey(
        values["hash"],
        values["seq"],
        Atlas(**_part(values, "atlas.")),
        Marks(**_part(values, "marks.")),
        values["subject"],
        values["object"],
        values["relation"],
        tuple(values["relations"]),
        values["ties"],
        _traits(values["traits"]),
        _traits(values["part_traits"]),
        Centrality(**_part(values, "centrality.")),
        Motifs(
            tuple(Motif(MotifKind(m["kind"]), tuple(m["nodes"]), m["size"]) for m in motifs["cases"]),
            {MotifKind(kind): count for kind, count in motifs["counts"].items()},
            motifs["squares"],
            motifs["widest"],
        ),
        tuple(values["times"]),
    )


def _part(values: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if name.startswith(prefix)
    }


def _traits(plain: list[list[dict[str, Any]]]) -> Traits:
    return tuple(
        tuple(Trait(**{**trait, "facts": tuple(trait["facts"])}) for trait in told) for told in plain
    )
