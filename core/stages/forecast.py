"""What a build would take and bring, before it is started: seconds, tokens, money, and the share of values right.

Times come from earlier builds of the workspace, else of this machine, else from reading a few products now. Prompts
are made and counted as the build would make them. How many values are right is the mean of their calibrated
confidences; what a language model adds follows from how often it said what was sure (see ``opinion.expected``), and
is not known before it has been seen to.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.catalogue.store import Catalogue
from core.domain import Document
from core.extract.budget import Cost, Price
from core.extract.opinion import Trust, expected
from core.jobs import JobView, Status
from core.stages.build_cascade import cascade_of, evaluated, price_of, prior_trust, work_of
from core.stages.build_pace import ALWAYS, Pace, keep, measured
from core.stages.build_pane import Subject
from core.stages.build_plan import BuildParams, choose, schema_of, unread
from core.stages.readings import Record, latest
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from core.extract.cascade import Reader, Work

COUNTED = 32
PROBED, PROBED_BY_MODEL = 12, 2
STEPS = 20
_NORMAL = 1.96


@dataclass(frozen=True, slots=True)
class Quality:
    """Share of values expected to be right, with a 95% interval."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """A build in which the model reads ``products``: None is what is not known."""

    products: int
    seconds: float | None
    cost: Cost
    money: float | None
    quality: Quality | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known before a build: ``costs`` of each product for the model, in the order in which it would read them;
    ``left_out`` have no text that it speaks; ``sure`` are the confidences of their values as they are read without it,
    ``other`` those of all other products; both are empty before a build."""

    products: int
    left_out: int
    seconds: float | None
    costs: tuple[Cost, ...]
    seconds_a_token: float | None
    sure: tuple[tuple[int, ...], ...]
    other: tuple[int, ...]
    trust: Trust
    prior: float
    price: Price

    @property
    def read_before(self) -> bool:
        """Whether it is known how sure any values are."""
        return bool(self.other) or any(self.sure)

    def at(self, products: int) -> Point:
        """The outlook where the model reads so many products."""
        read = self.costs[:products]
        cost = sum(read, Cost())
        model_seconds = None if self.seconds_a_token is None else cost.tokens * self.seconds_a_token
        seconds = self.seconds if not read else _sum(self.seconds, model_seconds)
        return Point(len(read), seconds, cost, self.price.of(cost), self._quality(len(read)))

    def curve(self) -> list[Point]:
        """Points from no product to all that the model speaks."""
        most = len(self.costs)
        return [self.at(round(most * step / STEPS)) for step in range(STEPS + 1)]

    def _quality(self, read: int) -> Quality | None:
        """Mean confidence of the values; where the model reads, the better of the two. The interval holds chance and
        how little may be known of the model."""
        alone = [*self.other, *(value for row in self.sure[read:] for value in row)]
        asked = [value for row in self.sure[:read] for value in row]
        count = len(alone) + len(asked)
        if not count or (asked and not self.trust.total):
            return None
        likely = self.trust.after(self.prior)
        spread = _NORMAL * math.sqrt(likely * (1 - likely) / max(1.0, self.trust.total))
        shares = [
            (sum(alone) / 100 + sum(expected(value / 100, trust) for value in asked)) / count
            for trust in (max(0.0, likely - spread), likely, min(1.0, likely + spread))
        ]
        chance = _NORMAL * math.sqrt(sum(v / 100 * (1 - v / 100) for v in (*alone, *asked))) / count
        return Quality(shares[1], max(0.0, shares[0] - chance), min(1.0, shares[2] + chance))


def outlook(
    workspace: Workspace, params: BuildParams, past: Iterable[JobView] = (), *, probe: bool = False
) -> Outlook:
    """Look ahead at a build with these settings, ``params.llm_products`` aside. ``past`` are the jobs of builds and
    demos, latest first; with ``probe`` a few products are read where nothing was measured before, which loads the
    readers. Raises what loading them raises."""
    everything = params.model_copy(update={"llm_products": 1_000_000})
    ids = choose(workspace, everything)
    works = {work.product_id: work for work in _works(workspace, ids, params)}
    results = _results(past)
    pace = measured(results)
    schema = schema_of(workspace, params.schema_name)
    cascade = cascade_of(workspace, schema, everything)
    todo = {
        step: unread(
            workspace, f"{extractor}:{version}:{schema.version}", list(works), reviews=params.reviews
        )
        for step, (extractor, version) in cascade.extractors.items()
    }
    if probe and not pace.known(params.model):
        pace = _probe(cascade, list(works.values()), params.model, pace)
    records = latest(workspace)
    open_to_model = [works[one] for one in todo.get("llm", ())]
    ranked = _ranked(cascade, open_to_model, records)
    sure = {one: records[one].sure for one in works if one in records}
    by_model = {work.product_id for work in ranked}
    return Outlook(
        len(works),
        len(open_to_model) - len(ranked),
        _steps_seconds(pace, {step: [works[one] for one in left] for step, left in todo.items()}),
        tuple(_costs(cascade, ranked, pace.llm_out.get(params.model))),
        pace.llm.get(params.model),
        tuple(sure.get(work.product_id, ()) for work in ranked),
        tuple(value for product, row in sure.items() if product not in by_model for value in row),
        _trust(workspace, params.model, results),
        prior_trust(workspace, params.model),
        price_of(params.model),
    )


def _results(past: Iterable[JobView]) -> list[Mapping[str, Any]]:
    # A demo keeps what its build came to beside the other parts.
    return [job.result.get("build", job.result) for job in past if job.status is Status.DONE and job.result]


def _steps_seconds(pace: Pace, todo: Mapping[str, Sequence[Work]]) -> float | None:
    """Seconds of everything but the language model; None before any of it was measured."""
    total = 0.0
    for step in ALWAYS:
        letters = sum(len(document.text) for work in todo.get(step, ()) for document in work.documents)
        if letters and step not in pace.letters:
            return None
        total += letters * pace.letters.get(step, 0.0)
    return total


def _works(workspace: Workspace, ids: Sequence[str], params: BuildParams) -> list[Work]:
    catalogue = Catalogue(workspace)
    texts: dict[str, list[Document]] = {one: [] for one in ids}
    for document in catalogue.documents(ids):
        if params.reviews or document.kind != "review":
            texts[document.product_id].append(document)
    products = {product.id: product for product in catalogue.products(ids)}
    return [work_of(Subject(products[one], tuple(texts[one]))) for one in ids if one in products]


def _ranked(cascade: Reader, works: Sequence[Work], records: Mapping[str, Record]) -> list[Work]:
    """The products in the order in which the model would read them, as far as their doubts are known; others last."""
    doubts = {w.product_id: records[w.product_id].doubt if w.product_id in records else 0.0 for w in works}
    return cascade.chosen(works, doubts)


def _costs(cascade: Reader, ranked: Sequence[Work], written: float | None) -> list[Cost]:
    """What each product costs the model: counted where there are few, else those between by their length."""
    if not ranked:
        return []
    step = max(1, math.ceil(len(ranked) / COUNTED))
    counted = list(ranked[::step])
    known = cascade.costs(counted)
    if written is not None:
        known = [Cost(cost.tokens_in, cost.tokens_in * written) for cost in known]
    if step == 1:
        return known
    letters = sum(cascade.letters(work) for work in counted)
    a_letter = Cost(
        sum(cost.tokens_in for cost in known) / max(1, letters),
        sum(cost.tokens_out for cost in known) / max(1, letters),
    )
    by_id = {work.product_id: cost for work, cost in zip(counted, known, strict=True)}
    return [
        by_id.get(work.product_id)
        or Cost(cascade.letters(work) * a_letter.tokens_in, cascade.letters(work) * a_letter.tokens_out)
        for work in ranked
    ]


def _trust(workspace: Workspace, model: str, results: Sequence[Mapping[str, Any]]) -> Trust:
    """How the model stood beside what was sure, in the latest evaluation and in the builds of the workspace."""
    seen = evaluated(workspace, model)
    for result in results:
        if model and result.get("model") == model:
            seen += Trust(*map(float, result.get("trust", (0.0, 0.0))))
    return seen


def _probe(cascade: Reader, works: Sequence[Work], model: str, known: Pace) -> Pace:
    """Read a few products, and let the model read two of them; what it takes to load is not counted, nor what the
    first text of each length costs, which a build pays once."""
    some = list(works[:: max(1, len(works) // PROBED)][:PROBED])
    if not some:
        return known
    cascade.read_both(some)
    length = max(1, sum(len(document.text) for work in some for document in work.documents))
    letters = dict(known.letters)
    readers: dict[str, Callable[[], object]] = {
        "columns": lambda: [cascade.read_columns(work) for work in some],
        "tagger": lambda: [cascade.read_tagger(work) for work in some],
        "reader": lambda: cascade.read_both(some),
    }
    for step, read in readers.items():
        began = time.perf_counter()
        read()
        letters[step] = (time.perf_counter() - began) / length
    llm, llm_out = dict(known.llm), dict(known.llm_out)
    if model and model not in llm:
        readings = list(cascade.read_llm(cascade.chosen(some)[: 1 + PROBED_BY_MODEL]))[1:]
        fresh = [reading for reading in readings if not reading.cached]
        tokens_in = sum(reading.tokens_in for reading in fresh)
        tokens_out = sum(reading.tokens_out for reading in fresh)
        if tokens_in:
            llm[model] = sum(reading.seconds for reading in fresh) / (tokens_in + tokens_out)
            llm_out[model] = tokens_out / tokens_in
    found = Pace(letters, llm, llm_out)
    keep(found)
    return found


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other
