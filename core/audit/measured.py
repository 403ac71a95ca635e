"""What was measured of a run, as sections of its card: ranking, graph, drivers, robustness, audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.audit.cards import Section, Table
from core.audit.wording import Wording, interval, number, percent
from core.drivers.importance import Weight
from core.recommend.runs import Run

MOST_ROWS = 12


def figures(run: Run, words: Wording) -> Section:
    """The ranking of the run and of every baseline, the paired differences, and its parts."""
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


def graph_value(run: Run, words: Wording) -> Section:
    """The graph value certificate."""
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


def hangs_on(drivers: Sequence[Weight], words: Wording) -> Section:
    """The weight of each group of inputs."""
    say = words.say
    if not drivers:
        return Section(say("drivers"), notes=(say("drivers_none"),))
    rows = tuple(
        (
            words.of("feature", one.name),
            percent(one.share.mean),
            f"{percent(one.share.low)} … {percent(one.share.high)}",
        )
        for one in drivers
    )
    table = Table((say("feature"), say("share"), say("interval")), rows)
    return Section(
        say("drivers"), tables=(table,), notes=(say("drivers_note", n=number(drivers[0].shoppers)),)
    )


def robustness(told: Mapping[str, Any] | None, words: Wording) -> Section:
    """Every attack, clean, attacked and defended; what is detected; the checks."""
    say = words.say
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


def audited(told: Mapping[str, Any] | None, withheld: int, words: Wording) -> Section:
    """Concentration, the groups that are shown unevenly, and the segments that are served worse or better."""
    say = words.say
    if told is None:
        return Section(say("audit"), notes=(say("audit_none"),))
    own, below = told["concentration"]["model"], told["concentration"]["baseline"]
    pairs = tuple(
        (say(name), say("with_baseline", value=form(own[name]["mean"]), other=form(below[name]["mean"])))
        for name, form in (("lift", percent), ("gini", lambda value: number(value, 3)), ("coverage", percent))
    )
    pairs += ((say("held"), number(told["texts"]["held"])), (say("withheld"), number(withheld)))
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


def _full(tables: Sequence[Table]) -> tuple[Table, ...]:
    return tuple(one for one in tables if one.rows)
