"""Stage "recommend_all": the first k for every shopper of the events, under a serving policy, as one Parquet file."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.errors import DataError
from core.jobs.context import Context
from core.recommend.artefact import load
from core.recommend.serve.book import Entry, current, find
from core.recommend.serve.export import PART, join, list_file, shelf_of, write_part
from core.recommend.source import read_histories
from core.stages.params import parsed


class ExportParams(BaseModel):
    """``run`` is a run's id, the one that serves by default; ``policy`` a name or "name v2", what is served by default;
    ``path`` an own place for the file, beside which nothing is written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str = ""
    policy: str = ""
    k: int = Field(10, ge=1, le=100)
    path: str = ""


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make the file. A resumed job keeps the parts that are done, and the run and policy it began with.

    Raises ConfigError for values out of range or a policy that is not there, RunError without a finished run, and
    DataError where there is nobody to recommend to.
    """
    asked = parsed(ExportParams, params, "The export", "export")
    workspace = context.workspace
    began = context.load_checkpoint() or {}
    entry = find(workspace, str(began["policy"])) if began else _entry(context, asked)
    model = load(workspace, str(began.get("run") or asked.run) or None)
    context.save_checkpoint({"run": model.run_id, "policy": entry.label})
    shelf = shelf_of(workspace, model)
    shoppers = list(read_histories(workspace).items())
    if not shoppers:
        raise DataError(
            "There are no shoppers to recommend to.", where="events", remedy="Add a file of events first."
        )
    folder = context.folder / "parts"
    folder.mkdir(exist_ok=True)
    parts = []
    for number, start in enumerate(range(0, len(shoppers), PART)):
        context.check()
        parts.append(folder / f"{number:05d}.parquet")
        if not parts[-1].is_file():
            write_part(parts[-1], model, shelf, entry, asked.k, shoppers[start : start + PART])
        context.progress(min(start + PART, len(shoppers)), len(shoppers), "shoppers")
    path = Path(asked.path) if asked.path else list_file(workspace, context.job_id)
    about = {"run": model.run_id, "policy": entry.label, "settings": entry.policy.model_dump_json()}
    rows = join(parts, path, about)
    shutil.rmtree(folder)
    return {
        "path": str(path),
        "rows": rows,
        "shoppers": len(shoppers),
        "k": asked.k,
        "run": model.run_id,
        "policy": entry.label,
    }


def _entry(context: Context, asked: ExportParams) -> Entry:
    return find(context.workspace, asked.policy) if asked.policy else current(context.workspace)
