"""The model card of a run (Mitchell et al., FAT* 2019), written from what was computed of it and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.audit.cards import Card, Section, Table
from core.audit.wording import Wording, interval, moment, number, percent
from core.drivers.importance import Weight
from core.recommend.runs import Run

MOST_ROWS = 12
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
        _figures(run, words),
        _graph(run, words),
        _drivers(found, words),
        _robustness(found, words),
        _audit(found, words),
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


def _figures(run: Run, words: Wording) -> Section:
    say, metrics = words.say, run.metrics
    models = metrics.get("models", {})
    rows = tuple(
        (
            words.of("model", name),
            number(one["ndcg@10"], 4),
            interval(one["low"], one["high"], 4),
            number(one["hr@10"], 3),
            number(one["recall@20"], 3),
            percent(one["coverage"]),
        )
        for name, one in sorted(models.items(), key=lambda pair: -pair[1]["ndcg@10"])
    )
    against = tuple(
        (
            words.of("model", name),
            number(one["difference"]["mean"], 4),
            interval(one["difference"]["low"], one["difference"]["high"], 4),
            number(one["p_holm"], 4),
            number(one["n"]),
        )
        for name, one in metrics.get("compared", {}).items()
    )
    own = models.get("shelfgraph", {})
    parts = tuple(
        (
            words.of("segment", name),
            number(one["mean"], 4),
            interval(one["low"], one["high"], 4),
            number(own["segment_cases"].get(name)),
        )
        for name, one in own.get("segments", {}).items()
    )
    tables = (
        Table((say("model"), "NDCG@10", say("interval"), "HR@10", "Recall@20", say("coverage")), rows),
        Table((say("against"), say("difference"), say("interval"), say("p_holm"), say("shoppers")), against),
        Table((say("part"), "NDCG@10", say("interval"), say("shoppers")), parts),
    )
    return Section(
        say("figures"), notes=(say("figures_note", n=number(metrics.get("cases"))),), tables=_full(tables)
    )


def _graph(run: Run, words: Wording) -> Section:
    say, told = words.say, run.metrics.get("certificate")
    if not told:
        return Section(say("graph"), notes=(say("graph_none"),))
    rows = tuple(
        (
            words.of("segment", name),
            number(one["gain_none"]["mean"], 4),
            interval(one["gain_none"]["low"], one["gain_none"]["high"], 4),
            number(one["gain_shuffled"]["mean"], 4),
            words.of("finding", str(one["finding"])),
        )
        for name, one in told["segments"].items()
    )
    head = (say("part"), say("gain_none"), say("interval"), say("gain_shuffled"), say("finding"))
    return Section(say("graph"), tables=(Table(head, rows),))


def _drivers(found: Evidence, words: Wording) -> Section:
    say = words.say
    if not found.drivers:
        return Section(say("drivers"), notes=(say("drivers_none"),))
    rows = tuple(
        (
            words.of("feature", one.name),
            percent(one.share.mean),
            f"{percent(one.share.low)} … {percent(one.share.high)}",
        )
        for one in found.drivers
    )
    table = Table((say("feature"), say("share"), say("interval")), rows)
    return Section(
        say("drivers"), tables=(table,), notes=(say("drivers_note", n=number(found.drivers[0].shoppers)),)
    )


def _robustness(found: Evidence, words: Wording) -> Section:
    say, told = words.say, found.examined
    if told is None:
        return Section(say("robustness"), notes=(say("robustness_none"),))
    rows = tuple(
        (
            f"{words.of('attack', row['attack'])}, {number(row['strength'])}",
            number(row["clean"]["ndcg@10"], 4),
            number(row["attacked"]["ndcg@10"], 4),
            number((row["defended"] or {}).get("ndcg@10"), 4),
            percent(row["attacked"].get("target_hit")),
            percent((row["defended"] or {}).get("target_hit")),
        )
        for row in told["rows"]
    )
    spotted = tuple(
        (words.of("attack", row["attack"]), number(row["mean"], 3), number(row["least"], 3))
        for row in (*told["detection"]["profiles"], told["detection"]["facts"])
    )
    tables = (
        Table(
            (
                say("attack"),
                say("clean"),
                say("attacked"),
                say("defended"),
                say("pushed"),
                say("pushed_defended"),
            ),
            rows,
        ),
        Table((say("detection"), "AUC", say("least")), spotted),
    )
    failed = [words.of("check", one["name"]) for one in told["checks"] if one["ok"] is False]
    notes = (say("checks_failed", names=", ".join(failed)) if failed else say("checks_held"),)
    return Section(say("robustness"), tables=tables, notes=notes)


def _audit(found: Evidence, words: Wording) -> Section:
    say, told = words.say, found.audit
    if told is None:
        return Section(say("audit"), notes=(say("audit_none"),))
    own, below = told["concentration"]["model"], told["concentration"]["baseline"]
    pairs = tuple(
        (say(name), say("with_baseline", value=form(own[name]["mean"]), other=form(below[name]["mean"])))
        for name, form in (("lift", percent), ("gini", lambda value: number(value, 3)), ("coverage", percent))
    )
    pairs += ((say("held"), number(told["texts"]["held"])), (say("withheld"), number(found.withheld)))
    uneven = [
        (dimension, row)
        for dimension, rows in told["exposure"].items()
        for row in rows
        if row["low"] > 1 or row["high"] < 1
    ]
    uneven.sort(key=lambda pair: -abs(pair[1]["shown"] - pair[1]["catalogue"]))
    exposure = tuple(
        (
            words.of("dimension", dimension),
            words.group(dimension, row["group"]),
            percent(row["catalogue"]),
            percent(row["shown"]),
            number(row["ratio"], 2),
            interval(row["low"], row["high"], 2),
        )
        for dimension, row in uneven[:MOST_ROWS]
    )
    worse = [row for row in told["quality"] if row["p_holm"] is not None and row["p_holm"] < 0.05]
    quality = tuple(
        (
            words.of("dimension", row["dimension"]),
            words.group(row["dimension"], row["group"]),
            row["measure"],
            number(row["mean"], 3),
            number(row["difference"], 3),
            number(row["p_holm"], 4),
        )
        for row in sorted(worse, key=lambda row: row["difference"])[:MOST_ROWS]
    )
    tables = (
        Table(
            (
                say("dimension"),
                say("group"),
                say("in_catalogue"),
                say("shown"),
                say("ratio"),
                say("interval"),
            ),
            exposure,
        ),
        Table(
            (say("dimension"), say("group"), say("measure"), say("mean"), say("difference"), say("p_holm")),
            quality,
        ),
    )
    return Section(say("audit"), pairs, _full(tables), (say("audit_note", n=number(told["shoppers"])),))


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


def _full(tables: Sequence[Table]) -> tuple[Table, ...]:
    return tuple(one for one in tables if one.rows)
