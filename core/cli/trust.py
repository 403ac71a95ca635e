"""Who answers for a model: ``audit``, ``texts``, ``card``, ``importance``, ``leave-out``."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.common import Commands, add, add_workspace, open_workspace, tell_progress
from core.cli.main import Result


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    audit = add(commands, "audit", _audit, "who is shown, who is served well, which texts wait for a person")
    _add_run(audit)
    audit.add_argument("--k", type=int, default=10, help="places of a list that count as shown")
    audit.add_argument("--seed", type=int, default=0)

    texts = add(
        commands, "texts", _texts, "texts that should not be published unseen; allow or withhold products"
    )
    add_workspace(texts)
    what = texts.add_mutually_exclusive_group()
    what.add_argument("--allow", nargs="+", metavar="PRODUCT", help="these may be shown as they are")
    what.add_argument("--withhold", nargs="+", metavar="PRODUCT", help="these must not be shown")
    what.add_argument("--open", nargs="+", metavar="PRODUCT", help="take decisions about these back")
    _add_person(texts)

    leave = add(
        commands, "leave-out", _leave_out, "leave shoppers out of the next training, or take that back"
    )
    add_workspace(leave)
    leave.add_argument("shoppers", nargs="*", metavar="SHOPPER", help="none to list those who are left out")
    leave.add_argument("--back", action="store_true", help="train on them again")
    _add_person(leave)

    card = add(commands, "card", _card, "the model card and the data card")
    _add_run(card)
    card.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="a name that ends with .md or .html"
    )
    card.add_argument("--language", choices=("en", "zh"), default="en")

    importance = add(commands, "importance", _importance, "what a whole model's recommendations hang on")
    _add_run(importance)
    importance.add_argument("--shoppers", type=int, default=200)
    importance.add_argument("--each", type=int, default=2, help="recommendations of each shopper")
    importance.add_argument("--seed", type=int, default=0)
    importance.add_argument("--against", metavar="RUN", help="also say what changed since this run")


def _add_run(command: argparse.ArgumentParser) -> None:
    add_workspace(command, required=False)
    command.add_argument(
        "--run", dest="run_id", default=None, help="a run's id; the serving one unless given"
    )


def _add_person(command: argparse.ArgumentParser) -> None:
    command.add_argument("--by", default="", metavar="NAME", help="who decides; needed for a decision")
    command.add_argument("--note", default="", help="why")


def _audit(arguments: argparse.Namespace) -> Result:
    from core.stages.audit import AuditParams, audit
    from core.stages.params import parsed

    asked = {"run": arguments.run_id, "k": arguments.k, "seed": arguments.seed}
    return audit(
        open_workspace(arguments.workspace),
        parsed(AuditParams, asked, "The audit", "audit"),
        tell=tell_progress,
    )


def _texts(arguments: argparse.Namespace) -> Result:
    from core.audit.kept import kept_texts
    from core.recommend.withheld import withheld
    from core.stages.audit import look, say
    from core.storage.decisions import Verdict

    workspace = open_workspace(arguments.workspace)
    counts = look(workspace)
    for verdict, products in (
        (Verdict.ALLOWED, arguments.allow),
        (Verdict.WITHHELD, arguments.withhold),
        (Verdict.OPEN, arguments.open),
    ):
        if products:
            say(workspace, products, verdict, arguments.by, arguments.note)
    looked = kept_texts(workspace)
    return {
        **counts,
        "withheld": sorted(withheld(workspace)),
        "found": [one.plain() for one in looked.found] if looked else [],
    }


def _leave_out(arguments: argparse.Namespace) -> Result:
    from core.stages.suspects import leave_out
    from core.storage.decisions import left_out

    workspace = open_workspace(arguments.workspace)
    if arguments.shoppers:
        leave_out(workspace, arguments.shoppers, arguments.by, arguments.note, back=arguments.back)
    return {"left_out": sorted(left_out(workspace))}


def _card(arguments: argparse.Namespace) -> Result:
    from core.stages.card import cards, write

    made = cards(open_workspace(arguments.workspace), arguments.run_id, arguments.language)
    write(arguments.out, made)
    return {"file": str(arguments.out), "cards": [one.title for one in made]}


def _importance(arguments: argparse.Namespace) -> Result:
    from core.stages.drivers import DriversParams, measured, told
    from core.stages.params import parsed

    workspace = open_workspace(arguments.workspace)
    asked = {"shoppers": arguments.shoppers, "each": arguments.each, "seed": arguments.seed}

    def of(run: str | None) -> DriversParams:
        return parsed(DriversParams, {"run": run, **asked}, "The measurement", "drivers")

    other = measured(workspace, of(arguments.against), tell_progress) if arguments.against else None
    return told(workspace, measured(workspace, of(arguments.run_id), tell_progress), other)
