"""``task train|list|predict|explain|delete``: class of a product, its rating, whether it meets a need."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from core.cli.common import Commands, add, add_workspace, open_workspace, run_stage
from core.cli.main import Result
from core.errors import ConfigError
from core.storage.workspaces import Workspace

KINDS = ("class", "rating", "need")
TYPED = "typed"


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    group = commands.add_parser(
        "task", help="predict a product's class, its rating, or whether it meets a need"
    )
    actions = group.add_subparsers(dest="action", required=True, metavar="ACTION")

    train = add(actions, "train", _train, "train a task model beside its baselines")
    add_workspace(train)
    train.add_argument("--kind", choices=KINDS, default="class")
    train.add_argument(
        "--target", default="category", metavar="RELATION", help="what the classes are values of"
    )
    train.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="change single settings")
    train.add_argument("--name", default="")

    listed = add(actions, "list", _list, "the models that are kept")
    add_workspace(listed)
    delete = add(actions, "delete", _delete, "delete one")
    add_workspace(delete)
    delete.add_argument("id")

    for name, run, summary in (
        ("predict", _predict, "what a model says of a product"),
        ("explain", _explain, "why it says so"),
    ):
        command = add(actions, name, run, summary)
        add_workspace(command)
        command.add_argument("--task", default="", metavar="ID", help="the newest unless given")
        what = command.add_mutually_exclusive_group(required=True)
        what.add_argument("--item", help="a product of the catalogue")
        what.add_argument("--text", help="a product that is not in it, by its text")
        command.add_argument("--price", type=float)
        command.add_argument("--user", default="", help="a shopper of the events")
        command.add_argument("--need", nargs="*", default=[], metavar="NODE", help="needs, as use:camping")
        if name == "explain":
            command.add_argument("--class", dest="output", default="", help="the class; else the likeliest")
            command.add_argument(
                "--background", default="average", help="average, empty, or the id of a product"
            )


def _train(arguments: argparse.Namespace) -> Result:
    from core.recommend.tasks.config import task_config

    values: dict[str, Any] = {"kind": arguments.kind, "target": arguments.target}
    for setting in arguments.set:
        name, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError(f"{setting!r} sets nothing.", where="--set", remedy="Write NAME=VALUE.")
        values[name] = value
    config = task_config(values).model_dump(mode="json")
    return run_stage(open_workspace(arguments.workspace), "task", {"config": config, "name": arguments.name})


def _list(arguments: argparse.Namespace) -> Result:
    from core.recommend.tasks.kept import cards, metrics_of

    workspace = open_workspace(arguments.workspace)
    return {
        "tasks": [
            {
                "id": card.id,
                "name": card.name,
                "kind": card.kind.value,
                "target": card.config.target if card.kind == "class" else "",
                "figures": metrics_of(workspace, card.id)["models"]["network"],
            }
            for card in cards(workspace)
        ]
    }


def _delete(arguments: argparse.Namespace) -> Result:
    from core.recommend.tasks.kept import remove

    remove(open_workspace(arguments.workspace), arguments.id)
    return {"deleted": arguments.id}


def _predict(arguments: argparse.Namespace) -> Result:
    model, history, product, name = _question(arguments)
    told = model.told([product], history, arguments.user, arguments.need)[0]
    ranked = sorted(zip(model.outputs, told.tolist(), strict=True), key=lambda pair: -pair[1])
    return {"task": name, "product": product, "answers": [{"output": o, "value": v} for o, v in ranked]}


def _explain(arguments: argparse.Namespace) -> Result:
    from core.explain.task_report import task_explanation

    model, history, product, name = _question(arguments)
    told = model.told([product], history, arguments.user, arguments.need)[0]
    output = arguments.output or model.outputs[int(told.argmax())]
    asked = model.asked(output, arguments.user, arguments.need)
    found = task_explanation(asked, history, product, background=arguments.background)
    return {"task": name, "user": arguments.user, **found}


def _question(arguments: argparse.Namespace) -> tuple[Any, Sequence[str], str, str]:
    """(model, history, product id, the model's name) of what is asked."""
    from core.domain import Product
    from core.recommend.encoder import sentence_encoder
    from core.recommend.tasks.kept import card_of, load

    workspace = open_workspace(arguments.workspace)
    card = card_of(workspace, arguments.task)
    model = load(workspace, card.id, sentence_encoder())
    history = _history(workspace, arguments.user) if arguments.user else []
    if arguments.item:
        model.row(arguments.item)
        return model, history, arguments.item, card.name
    typed = Product(TYPED, arguments.text, price=arguments.price)
    return model.with_product(typed), history, TYPED, card.name


def _history(workspace: Workspace, shopper: str) -> list[str]:
    from core.recommend.tasks.source import read_steps

    steps = sorted(read_steps(workspace), key=lambda step: step.time)
    return list(dict.fromkeys(step.product for step in steps if step.shopper == shopper and step.taken))
