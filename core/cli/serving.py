"""Serving without a page: ``recommend-all`` and the ``policy`` it follows, ``need`` in words, and ``place``, for a
product that is not in the catalogue."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.cli.common import Commands, add, add_workspace, open_workspace, run_stage
from core.cli.main import Result
from core.errors import ConfigError
from core.recommend.serve import book
from core.recommend.serve.policy import SLIDERS


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    everyone = add(commands, "recommend-all", _everyone, "the first k for every shopper, as one Parquet file")
    add_workspace(everyone)
    everyone.add_argument("--out", type=Path, required=True, metavar="FILE")
    everyone.add_argument("--k", type=int, default=10)
    everyone.add_argument("--run", dest="run_id", default="", help="a run's id; the serving one unless given")
    everyone.add_argument("--policy", default="", metavar="NAME", help="else the one that is served")

    policy = add(commands, "policy", _policy, "what is served and by which settings; with --keep, change it")
    add_workspace(policy)
    policy.add_argument("--keep", metavar="NAME", help="serve the settings from now on, under this name")
    policy.add_argument(
        "--from", dest="start", metavar="NAME", help="begin with this one; else what is served"
    )
    policy.add_argument(
        "--set", nargs="*", default=[], metavar="SETTING=VALUE", help=", ".join((*SLIDERS, "…"))
    )

    need = add(commands, "need", _need, "the list for a need in words, by what is served")
    add_workspace(need)
    need.add_argument("words", nargs="+", metavar="WORD")
    need.add_argument("--k", type=int, default=10)
    need.add_argument("--run", dest="run_id", default=None, help="a run's id; the serving one unless given")

    place = add(
        commands, "place", _place, "read a product that is not there yet; for whom, and what it is like"
    )
    add_workspace(place)
    place.add_argument("--title", required=True)
    place.add_argument("--description", default="")
    place.add_argument("--brand")
    place.add_argument("--category")
    place.add_argument("--price", type=float)
    place.add_argument("--k", type=int, default=10)
    place.add_argument("--run", dest="run_id", default=None, help="a run's id; the serving one unless given")


def _everyone(arguments: argparse.Namespace) -> Result:
    workspace = open_workspace(arguments.workspace)
    asked = {
        "run": arguments.run_id,
        "policy": arguments.policy,
        "k": arguments.k,
        "path": str(arguments.out.resolve()),
    }
    return run_stage(workspace, "recommend_all", asked)


def _policy(arguments: argparse.Namespace) -> Result:
    workspace = open_workspace(arguments.workspace)
    start = book.find(workspace, arguments.start) if arguments.start else book.current(workspace)
    changed = start.policy.with_(**dict(_setting(text) for text in arguments.set))
    if arguments.keep:
        book.keep(workspace, arguments.keep, changed)
    elif arguments.set:
        raise ConfigError(
            "Settings are kept under a name.", where="--set", remedy="Give the name with --keep."
        )
    now = book.current(workspace)
    return {
        "policy": now.label,
        "settings": now.policy.model_dump(mode="json"),
        "versions": [entry.label for entry in book.entries(workspace)],
    }


def _need(arguments: argparse.Namespace) -> Result:
    from core.recommend.artefact import load
    from core.recommend.serve.export import reason, shelf_of
    from core.recommend.serve.lists import explained
    from core.recommend.serve.need import Reader, met, policy_for, scores

    workspace = open_workspace(arguments.workspace)
    model = load(workspace, arguments.run_id)
    shelf, entry = shelf_of(workspace, model), book.current(workspace)
    need = Reader(shelf).read(" ".join(arguments.words))
    policy = policy_for(need, entry.policy)
    shown, _missed = explained(scores(need, shelf, model), shelf, policy, arguments.k, model.rows([]))
    return {
        "run": model.run_id,
        "policy": entry.label,
        "wanted": [trait.model_dump() for trait in need.wanted],
        "unwanted": [trait.model_dump() for trait in need.unwanted],
        "price_from": need.price_from,
        "price_to": need.price_to,
        "products": [
            {
                "rank": line.rank,
                "product": line.product_id,
                "score": line.score,
                "reason": reason(line),
                "meets": [shelf.name(t) for t in met(need, shelf, shelf.products.index(line.product_id))],
            }
            for line in shown
        ],
    }


def _place(arguments: argparse.Namespace) -> Result:
    from core.domain import Product
    from core.extract.teach import tagger_of
    from core.graph.store import GraphStore
    from core.recommend.artefact import load
    from core.recommend.serve.export import shelf_of
    from core.recommend.serve.unseen import audience, for_whom, most_like, read, vector
    from core.recommend.source import read_histories

    workspace = open_workspace(arguments.workspace)
    model = load(workspace, arguments.run_id)
    asked = (arguments.title, arguments.description, arguments.brand, arguments.category, arguments.price)
    found = read(Product("new product", *asked), tagger_of(workspace), GraphStore(workspace).graph().merged)
    units = shelf_of(workspace, model).vectors
    made, known = vector(model, found, units), audience(model, read_histories(workspace))
    places = for_whom(model, made, known)
    near = most_like(made, arguments.k)
    return {
        "run": model.run_id,
        "facts": [{"relation": fact.relation, "object": fact.object} for fact in found.facts],
        "in_first_ten": sum(place.rank <= 10 for place in places),
        "of_shoppers": len(places),
        "shoppers": [asdict(place) for place in places[: arguments.k]],
        "most_like": [{"product": model.product_ids[row], "likeness": value} for row, value in near],
    }


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    return name, None if value in ("", "none") else value
