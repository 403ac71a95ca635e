"""A survey of a version of the graph: its map, what tells its communities apart, and what nodes can be coloured by.

Made once for each version, in seconds for a million facts, and kept in a file named by the graph's hash.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from core.graph.atlas.atlas import Atlas, atlas
from core.graph.atlas.marks import Marks, marks
from core.graph.model import Graph
from core.graph.structure.network import Ints, network
from core.graph.structure.traits import Trait, traits
from core.graph.support import Arrival

FORMAT = 1
KEPT = 6
Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, eq=False)
class Survey:
    """A survey of the version with this ``hash`` at position ``seq`` of the log; ``traits`` are each community's.
    ``degree`` (N,) counts the facts at each node of the atlas; ``times`` has when each step of its growth was (epoch
    seconds, 0 where nobody knows)."""

    hash: str
    seq: int
    atlas: Atlas
    marks: Marks
    degree: Ints
    traits: tuple[tuple[Trait, ...], ...]
    times: tuple[float, ...] = ()

    @cached_property
    def index(self) -> dict[str, int]:
        """The position of each node on the map."""
        return {node: k for k, node in enumerate(self.atlas.ids)}

    def members(self, community: int) -> Ints:
        """The nodes of a community, those with most facts first."""
        inside = np.flatnonzero(self.atlas.of == community)
        return np.asarray(inside[np.lexsort((inside, -self.degree[inside]))])


def survey(
    graph: Graph,
    arrived: Mapping[str, Arrival],
    before: Survey | None = None,
    times: Callable[[Ints], Mapping[int, float]] | None = None,
    tell: Tell = lambda _done, _of, _what: None,
) -> Survey:
    """Survey a graph. ``before`` is an earlier survey whose places are to be kept; ``times`` gives the epoch times of
    positions of the log; ``tell(done, of, what)`` is called before each step."""
    tell(0, 4, "network")
    net = network(graph)
    tell(1, 4, "atlas")
    made = atlas(net, before.atlas if before else None)
    tell(2, 4, "traits")
    told = traits(net, made.of)
    tell(3, 4, "marks")
    marked = marks(graph, net, arrived)
    known = times(marked.until) if times else {}
    return Survey(
        graph.hash,
        graph.seq,
        made,
        marked,
        net.degree,
        told,
        tuple(known.get(int(seq), 0.0) for seq in marked.until),
    )


def save(folder: Path, found: Survey) -> Path:
    """Write a survey; the oldest beyond ``KEPT`` go."""
    arrays: dict[str, Any] = {"degree": found.degree}
    plain: dict[str, Any] = {
        "format": FORMAT,
        "hash": found.hash,
        "seq": found.seq,
        "times": found.times,
        "traits": [[asdict(trait) for trait in told] for told in found.traits],
    }
    for name, part in (("atlas", found.atlas), ("marks", found.marks)):
        for field in fields(part):
            value = getattr(part, field.name)
            (arrays if isinstance(value, np.ndarray) else plain)[f"{name}.{field.name}"] = value
    arrays["plain"] = np.frombuffer(json.dumps(plain, ensure_ascii=False).encode("utf-8"), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    path = folder / f"{found.hash}.npz"
    scratch = folder / f"{found.hash}.{os.getpid()}"
    scratch.write_bytes(buffer.getvalue())
    scratch.replace(path)
    for old in _newest_first(folder)[KEPT:]:
        old.unlink(missing_ok=True)
    return path


def load(folder: Path, graph_hash: str) -> Survey | None:
    """The survey of a version, None where there is none that can be read."""
    return _read(folder / f"{graph_hash}.npz")


def latest(folder: Path) -> Survey | None:
    """The survey made last, of whatever version."""
    return next((found for path in _newest_first(folder) if (found := _read(path))), None)


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.npz"), key=lambda path: (-path.stat().st_mtime_ns, path.name))


def _read(path: Path) -> Survey | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        plain = json.loads(arrays.pop("plain").tobytes())
    except (OSError, ValueError, KeyError, BadZipFile):
        return None
    if plain.get("format") != FORMAT:
        return None
    values = {**plain, **arrays}

    def part(name: str) -> dict[str, Any]:
        found = {key.removeprefix(name): value for key, value in values.items() if key.startswith(name)}
        return {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}

    return Survey(
        plain["hash"],
        int(plain["seq"]),
        Atlas(**part("atlas.")),
        Marks(**part("marks.")),
        values["degree"],
        tuple(
            tuple(Trait(**{**trait, "facts": tuple(trait["facts"])}) for trait in told)
            for told in plain["traits"]
        ),
        tuple(plain["times"]),
    )
