"""The stage "evaluate": how good the reading is on labelled texts, fold by fold or as it is.

What each part read is kept in the job's folder under the hash of what it was made from, so that a resumed job does not
do it again. The result is kept in the workspace under the job's id.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.domain import canonical_json, content_hash
from core.extract import methods
from core.extract.calibrate import AS_IT_IS, Calibration
from core.extract.ensemble import Ensemble, best
from core.extract.ground import Span
from core.extract.joint import Joint, Passage
from core.extract.methods import MethodConfig, Readings
from core.extract.opinion import Trust
from core.extract.schema import default
from core.extract.teach import reader_of, tagger_of
from core.graph.model import Policy
from core.jobs.context import Context
from core.llm.base import Completion, LanguageModel, OnToken
from core.llm.grammar import CopyForm
from core.stages.build_cascade import prior_trust
from core.stages.calibration import calibration_of
from core.stages.evaluate_plan import EvaluateParams, Part, material, parse, parts
from core.stages.evaluate_result import Outcome, result_of, save, score
from core.stages.evaluate_texts import Material
from core.stages.schema_versions import in_force
from core.storage.whole import write_json

_LEARNING = 0.9
_BATCH = 64
_HEADLINE = ("n", "annotated_only", "strict", "products_per_second", "tokens_per_product", "llm_share", "ece")

Share = Callable[[float], None]


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Evaluate and keep the result; gives its headline. Params are those of EvaluateParams.

    Raises ConfigError for settings that do not go together, DataError for too little or unfit data and what loading
    the model raises.
    """
    chosen = parse(params)
    context.progress(0, 0, "documents")
    given = material(context.workspace, chosen)
    todo = parts(given, chosen)
    model = _model(context, chosen)
    outcomes: list[Outcome] = []
    total = sum(part.weight for part in todo)
    done = 0.0
    for part in todo:
        context.check()
        context.emit("part", **_described(part, todo))
        tell = _progress(context, chosen, done, part.weight, total)
        outcomes.append(Outcome(part, _kept_or_read(context, given, chosen, part, model, tell)))
        done += part.weight
        judged = score(given, outcomes[-1])
        context.emit(
            "scored",
            fold=part.fold,
            texts=len(part.train),
            whole=part.whole,
            strict=judged.strict.f1,
            annotated_only=judged.annotated_only.f1,
        )
    context.progress(100, 100)
    result = {"id": context.job_id, "created_at": time.time(), **result_of(given, chosen, outcomes)}
    result["calibrated"] = _calibration(context, chosen).facts
    save(context.workspace, context.job_id, result)
    return {name: result[name] for name in _HEADLINE}


def _kept_or_read(
    context: Context,
    given: Material,
    params: EvaluateParams,
    part: Part,
    model: _Watched | None,
    tell: Share,
) -> Readings:
    path = context.folder / f"part-{_key(given, params, part)}.json"
    if path.is_file():
        return _from_json(json.loads(path.read_text("utf-8")))
    found = _read(context, given, params, part, model, tell)
    write_json(path, _to_json(found))
    return found


def _read(
    context: Context,
    given: Material,
    params: EvaluateParams,
    part: Part,
    model: _Watched | None,
    tell: Share,
) -> Readings:
    test, train = given.part(part.test), given.part(part.train).items
    if model is not None:
        model.expect(round(len(test.items) * (params.share if params.method == "cascade" else 1.0)), tell)
        trust = prior_trust(context.workspace, params.model)
        config = MethodConfig(params.method, params.share, trust)
        return methods.read(test.items, given.asked, train, model, config)
    if params.reader == "own":
        return _as_builds_read(context, test, _calibration(context, params))
    if not train:
        return methods.read(test.items, given.asked)
    begun = time.perf_counter()
    both = _taught(context, given, params, part, tell)
    trained = time.perf_counter() - begun
    context.check()
    begun = time.perf_counter()
    values = both.values([methods.query(item, given.asked) for item in test.items])
    return Readings(values, time.perf_counter() - begun, trained)


def _taught(context: Context, given: Material, params: EvaluateParams, part: Part, tell: Share) -> Ensemble:
    from core.extract.span_reader import SpanReaderConfig

    def on_epoch(done: int, of: int, loss: float) -> None:
        context.check()
        context.emit("epoch", fold=part.fold, texts=len(part.train), epoch=done, of=of, loss=loss)
        tell(_LEARNING * done / of)

    lessons, judged = given.part(part.train).items, given.part(part.test).items
    config = SpanReaderConfig(epochs=params.epochs or 0)
    return methods.taught(lessons, given.asked, config, judged=judged, on_epoch=on_epoch)


def _calibration(context: Context, params: EvaluateParams) -> Calibration:
    """That of builds, where they are what is judged; what was fitted to decisions is not judged on them."""
    builds = params.reader == "own" and params.source != "review"
    return calibration_of(context.workspace) if builds else AS_IT_IS


def _as_builds_read(context: Context, test: Material, known: Calibration) -> Readings:
    """What a build would take for facts, attribute by attribute, with the very confidence it would write."""
    schema = in_force(context.workspace).schema or default()
    joint = Joint(schema, tagger_of(context.workspace), reader_of(context.workspace), calibration=known)
    passages = [
        Passage(item.text, item.category, kind) for item, kind in zip(test.items, test.kinds, strict=True)
    ]
    begun = time.perf_counter()
    values = []
    for start in range(0, len(passages), _BATCH):
        context.check()
        for heard, item in zip(
            joint.read(passages[start : start + _BATCH]), test.items[start : start + _BATCH], strict=True
        ):
            asked = test.asked.get(item.category, {})
            given = [said.span for said in heard.said if said.span.relation in asked]
            values.append(best(given, Policy().minimum_confidence))
    return Readings(values, time.perf_counter() - begun)


class _Watched:
    """A language model that heeds the job's wishes between its replies and says how far it is."""

    def __init__(self, model: LanguageModel, context: Context) -> None:
        self.id = model.id
        self.languages = model.languages
        self._model = model
        self._context = context
        self._expected, self._asked = 1, 0
        self._tell: Share = lambda share: None

    def expect(self, texts: int, tell: Share) -> None:
        """About so many prompts are coming; ``tell`` is given the share that is done."""
        self._expected, self._asked, self._tell = max(texts, 1), 0, tell

    def complete(
        self,
        prompts: Sequence[str],
        forms: Sequence[CopyForm | None],
        *,
        max_tokens: int = 256,
        on_token: OnToken | None = None,
    ) -> list[Completion]:
        """As the model does."""
        self._context.check()
        replies = self._model.complete(prompts, forms, max_tokens=max_tokens, on_token=on_token)
        self._asked += len(prompts)
        self._tell(min(0.99, self._asked / self._expected))
        return replies


def _model(context: Context, params: EvaluateParams) -> _Watched | None:
    if params.method == "tagger":
        return None
    from core.llm import registry

    context.progress(0, 0, "loading")
    model = registry.load(params.model)
    card = next((card for card in registry.available() if card.id == params.model), None)
    if card is not None and card.kind != "endpoint":
        model.complete(
            ["A"], [None], max_tokens=1
        )  # weights are read at the first reply, which is not its speed
    return _Watched(model, context)


def _progress(context: Context, params: EvaluateParams, done: float, weight: float, total: float) -> Share:
    message = "llm" if params.method == "llm" else "tagger"

    def tell(share: float) -> None:
        context.progress(round(100 * (done + weight * share) / total), 100, message)

    tell(0.0)
    return tell


def _described(part: Part, todo: Sequence[Part]) -> dict[str, Any]:
    return {
        "fold": part.fold,
        "folds": max(one.fold for one in todo),
        "train": len(part.train),
        "test": len(part.test),
        "number": todo.index(part) + 1,
        "of": len(todo),
    }


def _key(given: Material, params: EvaluateParams, part: Part) -> str:
    texts = [
        (given.items[at].id, given.items[at].text, given.items[at].category, dict(given.items[at].values))
        for at in (*part.train, *part.test)
    ]
    settings = params.model_dump(mode="json", include={"method", "reader", "model", "share", "epochs"})
    asked = {category: dict(names) for category, names in given.asked.items()}
    return content_hash(canonical_json([settings, len(part.train), texts, asked]))[:16]


def _to_json(found: Readings) -> dict[str, Any]:
    values = [
        {name: [span.start, span.end, span.confidence] for name, span in spans.items()}
        for spans in found.values
    ]
    return {
        "values": values,
        "seconds": found.seconds,
        "train_seconds": found.train_seconds,
        "tokens": found.tokens,
        "by_model": found.by_model,
        "trust": [found.trust.right, found.trust.total],
    }


def _from_json(raw: Mapping[str, Any]) -> Readings:
    values = [
        {name: Span(start, end, name, sure) for name, (start, end, sure) in spans.items()}
        for spans in raw["values"]
    ]
    trust = Trust(*raw.get("trust", (0.0, 0.0)))
    return Readings(values, raw["seconds"], raw["train_seconds"], raw["tokens"], raw["by_model"], trust)
