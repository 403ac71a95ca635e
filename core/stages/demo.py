"""The stage "demo": the whole chain on the sample as one job, part by part.

Each part is another stage (or a call of the core) that works in the same job with a checkpoint of its own, so the
demo is paused, cancelled and resumed like any job. The job counts its parts: ``done`` 1.5 of 4 is half the build.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

from sqlalchemy import Connection

from core.jobs.context import Context, Stage
from core.recommend.config import PRESETS
from core.stages import REGISTRY

PARTS = ("import", "build", "train", "explain")
PHASES = {
    "documents": (0.0, 0.0),
    "columns": (0.0, 0.02),
    "loading": (0.0, 0.0),
    "tagger": (0.02, 0.06),
    "reader": (0.06, 0.25),
    "llm": (0.25, 1.0),
}
"""What share of the build each of its steps is, by the time they take; a step's progress counts from 0 again."""
LLM_PRODUCTS = 12
"""How many products the language model reads in the demo: enough to watch, and not the whole evening."""
GOOD_HISTORY = 8
"""The length of history, in products, that shows best in an example."""


class Part(Context):
    """A context for one part of a job: the job's own voice and duties, with progress and checkpoint of the part."""

    def __init__(
        self, whole: Context, name: str, finished: Mapping[str, Any], inner: Mapping[str, Any] | None
    ):
        # The whole holds lease and buffer; a part has none of its own, so Context.__init__ is not called.
        self.workspace = whole.workspace
        self.job_id = whole.job_id
        self.attempt = whole.attempt
        self.folder = whole.folder
        self.paused_seconds = 0.0
        self._whole = whole
        self._name = name
        self._finished = finished
        self._inner = inner
        self._share = 0.0

    def emit(self, kind: str, **data: Any) -> None:
        """Report as the whole job."""
        self._whole.emit(kind, **data)

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Say how far the part is; reported as a share of the whole."""
        begin, end = PHASES.get(message, (0.0, 1.0))
        share = begin + (end - begin) * (min(done / total, 1.0) if total > 0 else 0.0)
        self._share = max(self._share, min(share, 0.999))
        self._whole.progress(PARTS.index(self._name) + self._share, len(PARTS), message)

    def check(self) -> None:
        """The whole job's safe point."""
        self._whole.check()
        self.paused_seconds = self._whole.paused_seconds

    def load_checkpoint(self) -> dict[str, Any] | None:
        """What this part stored last."""
        return dict(self._inner) if self._inner is not None else None

    def save_checkpoint(self, data: Mapping[str, Any], connection: Connection | None = None) -> None:
        """Store the part's place beside the results of the parts before it."""
        self._inner = dict(data)
        self._whole.save_checkpoint(
            {"finished": self._finished, "part": self._name, "inner": self._inner}, connection
        )


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Do the chain on the sample; ``params`` may hold those of a part under its name (``{"train": {...}}``).

    Returns what each part returned, under its name. Raises what the parts raise.
    """
    stored = context.load_checkpoint() or {}
    finished: dict[str, Any] = dict(stored.get("finished", {}))
    for position, name in enumerate(PARTS):
        if name in finished:
            continue
        context.check()
        context.progress(position, len(PARTS))
        context.emit("part", name=name, state="started")
        inner = stored.get("inner") if stored.get("part") == name else None
        part = Part(context, name, dict(finished), inner)
        finished[name] = dict(_stage(name)(part, params.get(name) or _usual(name)))
        context.emit("part", name=name, state="done")
        context.progress(position + 1, len(PARTS))
        context.save_checkpoint({"finished": finished})
    return finished


def _usual(name: str) -> Mapping[str, Any]:
    """What a part is asked to do where nobody said: the shipped language model reads some, training is quick."""
    if name == "build":
        from core.llm.registry import available

        embedded = available()[0]
        return {"model": "" if embedded.missing else embedded.id, "llm_products": LLM_PRODUCTS}
    return {"config": PRESETS["quick"].model_dump(mode="json")} if name == "train" else {}


def _stage(name: str) -> Stage:
    if name == "import":
        return _import_sample
    if name == "explain":
        return _explain_one
    module, _, function = REGISTRY[name].partition(":")
    return cast(Stage, getattr(import_module(module), function))


def _import_sample(context: Context, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    from core.catalogue.sample_data import load_sample
    from core.catalogue.store import Catalogue

    load_sample(context.workspace, on_progress=context.progress, check=context.check)
    return dict(Catalogue(context.workspace).counts())


def _explain_one(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Explain the first recommendation of one shopper, of all those looked at the one that rests most on facts."""
    from core.explain.reference import Reference, some_shoppers
    from core.explain.shapley import attribute
    from core.recommend.artefact import load
    from core.recommend.source import read_histories

    model, histories = load(context.workspace), read_histories(context.workspace)
    reference = Reference(shoppers=some_shoppers(histories))
    best: dict[str, Any] = {}
    shoppers = _shoppers(histories, int(params.get("shoppers", 12)))
    for position, (shopper, history) in enumerate(shoppers):
        context.check()
        context.progress(position, len(shoppers))
        product = model.recommend(history, 1)[0].product_id
        shares = attribute(model, history, product, reference)
        groups = zip(model.groups, shares.values, strict=True)
        from_facts = sum(float(share) for group, share in groups if group.family is not None)
        if not best or from_facts > best["from_facts"]:
            best = {
                "shopper": shopper,
                "product": product,
                "score": shares.score,
                "base": shares.base,
                "from_facts": from_facts,
                "additivity_error": shares.additivity_error,
                "shares": {name: float(v) for name, v in zip(shares.names, shares.values, strict=True)},
            }
    return best


def _shoppers(histories: Mapping[str, list[str]], count: int) -> list[tuple[str, list[str]]]:
    """Shoppers with a history long enough to speak of and short enough to see at a glance, in a fixed order."""
    by_fit = sorted(histories.items(), key=lambda item: (abs(len(item[1]) - GOOD_HISTORY), item[0]))
    return by_fit[:count]
