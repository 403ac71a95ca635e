"""What the Evaluate page knows: the results that were kept, the texts that could be judged on, and their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import DataError
from core.stages.evaluate_result import kept, load
from core.stages.evaluate_texts import Material, of_file, reviewed, sample
from core.stages.schema_versions import in_force
from core.storage.workspaces import Workspace
from core.ui.session import catalogue_stamp, log_head
from core.ui.text import distinct, moment, number, relation_label, t

Result = Mapping[str, Any]

SCORES = ("annotated_only", "strict")


@dataclass(frozen=True, eq=False)
class Kept:
    """A kept evaluation."""

    id: str
    result: Result

    @property
    def params(self) -> Mapping[str, Any]:
        """What was asked."""
        found: Mapping[str, Any] = self.result["params"]
        return found

    @property
    def title(self) -> str:
        """What was judged, how, and who read."""
        return " · ".join((source_name(self.params), how_name(self.params), method_name(self.params)))

    @property
    def label(self) -> str:
        """Its line in a chooser; the same as long as it is kept."""
        score = points(self.result["strict"]["f1"])
        return f"{score} · {self.title} · {moment(self.result['created_at'])[:16]}"

    def named(self, attribute: str) -> str:
        """The name of an attribute: relations as people say them, those of a file as they are written there."""
        return attribute if self.params["source"] == "file" else relation_label(attribute)


def evaluations(workspace: Workspace) -> dict[str, Kept]:
    """The evaluations that were kept, by id, the latest first; damaged ones are left out."""
    found = {}
    for path in kept(workspace):
        try:
            result = _result(str(path), path.stat().st_mtime_ns, workspace)
        except DataError:
            continue
        found[path.stem] = Kept(path.stem, result)
    return found


def labels(known: Mapping[str, Kept]) -> dict[str, str]:
    """A label for each that no other has."""
    return distinct({evaluation_id: one.label for evaluation_id, one in known.items()})


def texts_of(workspace: Workspace, source: str, file: str = "", schema: str = "", name: str = "") -> Material:
    """All texts of a source, read once for each state of it; raises DataError for a file that cannot be read."""
    stamp = (log_head(workspace), *catalogue_stamp(workspace)) if source == "review" else ()
    version = in_force(workspace).version if source != "file" else ""
    return _texts(str(workspace.folder), (source, file, schema, name), (version, *stamp), workspace)


def source_name(params: Mapping[str, Any]) -> str:
    """What was judged on, in a few words."""
    named = str(params.get("name") or "")
    return named if params["source"] == "file" and named else t(f"evaluate.source_{params['source']}")


def how_name(params: Mapping[str, Any]) -> str:
    """How it was judged, in a few words."""
    if params["how"] == "folds":
        return t("evaluate.how_folds", n=number(params["folds"]))
    return t("evaluate.how_as_is")


def from_nothing(params: Mapping[str, Any]) -> bool:
    """Whether the span reader that is judged could not begin from the shipped one, which knows these very texts."""
    return (params["source"], params["how"]) == ("sample", "folds") and params["method"] != "llm"


def method_name(params: Mapping[str, Any]) -> str:
    """Who read, in a few words."""
    name = t(f"evaluate.method_{params['method']}")
    if params["method"] == "tagger":
        own = params["how"] == "as_is" and params["reader"] == "own"
        return t("evaluate.reader_own") if own else name
    return f"{name} ({params['model']})"


def points(share: float | None) -> str:
    """An F1, a precision or a recall as people quote it: in points of 100, with one decimal."""
    return number(None if share is None else 100 * share, 1)


def signed(difference: float, digits: int = 1) -> str:
    """A difference with its sign."""
    text = number(difference, digits)
    return f"+{text}" if round(difference, digits) > 0 else text.replace("−0.0", "0.0")


@st.cache_resource(max_entries=32, show_spinner=False)
def _result(path: str, changed: int, _workspace: Workspace) -> Result:
    return load(_workspace, Path(path).stem)


@st.cache_resource(max_entries=8, show_spinner=False)
def _texts(
    folder: str, asked: tuple[str, str, str, str], stamp: tuple[object, ...], _workspace: Workspace
) -> Material:
    source, file, schema, name = asked
    if source == "file":
        return of_file(_workspace, file, schema, name)
    return reviewed(_workspace) if source == "review" else sample(_workspace)
