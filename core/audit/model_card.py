"""The model card of a run (Mitchell et al., FAT* 2019), written from what was computed of it and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.audit.cards import Card, Section, Table
from core.audit.measured import audited, figures, graph_value, hangs_on, robustness
from core.audit.wording import Wording, interval, moment, number, percent
from core.drivers.importance import Weight
from core.recommend.runs import Run

FEW_SHOPPERS = 500


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of a run: its row, its audit, its examination, what it hangs on (groups), and how many products
    are withheld. None and () where it was not measured. ``current`` says whether catalogue and events are still those
    it was trained on."""

    run: Run
    audit: Mapping[str, Any] | None
    examined: Mapping[str, Any] | None
    drivers: Sequence[Weight]
    withheld: int
    sample: bool
    current: bool


def model_card(found: Evidence, words: Wording) -> Card:
    """The card; deterministic for the same evidence."""
    run, say = found.run, words.say
    sections = (
        _identity(found, words),
        Section(say("use"), notes=(say("use_for"), say("use_not"))),
        _data(run, words),
        figures(run, words),
        graph_value(run, words),
        hangs_on(found.drivers, words),
        robustness(found.examined, words),
        audited(found.audit, found.withheld, words),
        Section(say("limits"), notes=tuple(_limits(found, words))),
        Section(
            say("settings"),
            tables=(
                Table(
                    (say("setting"), say("value")),
                    tuple((str(name), str(value)) for name, value in sorted(run.config.items())),
                ),
            ),
        ),
    )
    return Card(say("model_title", name=run.name), say("model_lead"), sections, words.language)


def _identity(found: Evidence, words: Wording) -> Section:
    run, say = found.run, words.say
    pairs = (
        (say("run"), f"{run.name} ({run.id})"),
        (say("trained"), moment(run.finished_at or run.created_at)),
        (say("serves"), words.yes(run.serving)),
        (say("seed"), str(run.seed)),
        (say("data_hash"), run.data_hash or say("unknown")),
        (say("graph_hash"), run.graph_hash or say("unknown")),
        (say("current"), words.yes(found.current)),
        *([(say("note"), run.note)] if run.note else []),
    )
    return Section(say("identity"), pairs)


def _data(run: Run, words: Wording) -> Section:
    say, told = words.say, run.metrics.get("audit", {})
    gone = run.metrics.get("left_out", [])
    pairs = (
        (say("split"), words.of("split", str(run.config.get("split", "")))),
        (
            say("events"),
            say("events_parts", **{n: number(told.get(n)) for n in ("events", "train", "valid", "test")}),
        ),
        (say("shoppers"), number(told.get("shoppers"))),
        (say("products"), number(told.get("products"))),
        (say("period"), f"{moment(told.get('first'))} – {moment(told.get('last'))}"),
        (say("density"), percent(told.get("density"), 2)),
        (say("cold_products"), percent(told.get("cold_products"))),
        (say("cold_shoppers"), percent(told.get("cold_shoppers"))),
        (say("left_out"), number(len(gone))),
    )
    rows = tuple(
        (words.of("leak", str(leak["kind"])), number(leak["count"]), words.yes(leak["used"]))
        for leak in told.get("leaks", ())
    )
    table = (Table((say("leak"), say("count"), say("seen")), rows),) if rows else ()
    return Section(say("data"), pairs, table)


def _limits(found: Evidence, words: Wording) -> Iterator[str]:
    """What the figures themselves say against the model."""
    say, metrics = words.say, found.run.metrics
    if found.sample:
        yield say("limit_sample")
    if not found.current:
        yield say("limit_stale")
    cases = metrics.get("cases")
    if cases is not None and cases < FEW_SHOPPERS:
        yield say("limit_few", n=number(cases))
    for name, one in metrics.get("compared", {}).items():
        if name == metrics.get("baseline") and not (one["difference"]["low"] > 0 and one["p_holm"] < 0.05):
            yield say("limit_baseline", name=words.of("model", name))
    cold = metrics.get("models", {}).get("shelfgraph", {}).get("segments", {}).get("cold_item")
    if cold and cold["mean"] is not None:
        yield say(
            "limit_cold", value=number(cold["mean"], 4), interval=interval(cold["low"], cold["high"], 4)
        )
    attacked = metrics.get("attacked")
    if attacked and attacked["clean"] > 0:
        yield say(
            "limit_attack",
            drop=percent(1 - attacked["pgd"] / attacked["clean"], 0),
            epsilon=number(attacked["epsilon"]),
        )
    leaks = [leak for leak in metrics.get("audit", {}).get("leaks", ()) if leak["used"] and leak["count"]]
    for leak in leaks:
        yield say("limit_leak", kind=words.of("leak", str(leak["kind"])), n=number(leak["count"]))
    if not metrics.get("certificate"):
        yield say("limit_graph")
    if found.audit is None:
        yield say("limit_audit")
    if found.examined is None:
        yield say("limit_robustness")
    yield say("limit_cause")
