"""The first k for every shopper, as Parquet: one row a line of a list, in parts, so that a stopped job goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.catalogue.store import Catalogue
from core.graph.store import GraphStore
from core.recommend.serve.book import FOLDER, Entry
from core.recommend.serve.lists import Shown, lines, rank
from core.recommend.serve.shelf import Shelf
from core.storage.whole import whole_file
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from core.recommend.rank import Recommender

COLUMNS = ("shopper_id", "rank", "product_id", "score", "reason", "policy", "run")
PART = 2_000
"""Shoppers a part."""
AT_ONCE, MOST_SCORES = 256, 20_000_000
BY_MODEL = "model"


def shelf_of(workspace: Workspace, model: Recommender) -> Shelf:
    """The shelf of a recommender, from the catalogue and the graph as they are now."""
    graph = GraphStore(workspace).graph()
    products = {product.id: product for product in Catalogue(workspace).products()}
    counts, vectors = model.artefact.features.counts, model.model.vectors
    return Shelf.of(
        model.product_ids, products, graph.facts.values(), graph.nodes, counts, vectors, model.withheld
    )


def list_file(workspace: Workspace, job_id: str) -> Path:
    """Where the lists that a job made are kept."""
    return workspace.sub(FOLDER) / f"lists-{job_id}.parquet"


def write_part(
    path: Path,
    model: Recommender,
    shelf: Shelf,
    entry: Entry,
    k: int,
    shoppers: Sequence[tuple[str, Sequence[str]]],
) -> int:
    """Write the lists of some shoppers, whole or not at all; gives the number of rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS[:5]}
    allowed = shelf.allowed(entry.policy) if entry.policy.filters else None
    step = max(1, min(AT_ONCE, MOST_SCORES // max(len(shelf), 1)))
    for start in range(0, len(shoppers), step):
        part = shoppers[start : start + step]
        bought = [model.rows(history) for _shopper, history in part]
        scores = np.asarray(model.model.score(bought))
        ranked = rank(scores, shelf, entry.policy, k, bought, allowed)
        for (shopper, _history), shown in zip(part, lines(ranked, scores, shelf, entry.policy), strict=True):
            for line in shown:
                values = (shopper, line.rank, line.product_id, line.score, reason(line))
                for name, value in zip(COLUMNS, values, strict=False):
                    columns[name].append(value)
    size = len(columns["rank"])
    same = {"policy": [entry.label] * size, "run": [model.run_id] * size}
    table = pa.table({**columns, **same}, schema=_schema())
    with whole_file(path) as scratch:
        pq.write_table(table, scratch)
    return size


def join(parts: Sequence[Path], path: Path, about: Mapping[str, str]) -> int:
    """Make one file of parts, with ``about`` in its metadata; gives the number of rows."""
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    rows, schema = 0, _schema().with_metadata(dict(about))
    with whole_file(path) as scratch, pq.ParquetWriter(scratch, schema) as writer:
        for part in parts:
            table = pq.read_table(part)
            writer.write_table(table.replace_schema_metadata(dict(about)))
            rows += table.num_rows
    return rows


def reason(line: Shown) -> str:
    """What a place owes to the policy: "model" where it owes nothing, else such as "diversity +3; long_tail -1"; a rule
    is named with its trait: "boost +2 (brand Northbeam)"."""
    rules = ", ".join(f"{rule.trait.relation} {rule.trait.value}" for rule in line.rules)
    named = {"boost": f" ({rules})"} if rules else {}
    return (
        "; ".join(f"{move.step} {move.places:+d}{named.get(move.step, '')}" for move in line.moves)
        or BY_MODEL
    )


def _schema() -> Any:
    import pyarrow as pa

    kinds = {"rank": pa.int32(), "score": pa.float64()}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])
