"""The chain without a page: ``ingest``, ``extract``, ``train``, ``certify``, ``recommend``, ``explain``, ``demo``."""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path
from typing import Any

from core.cli.common import Commands, add, add_workspace, open_workspace, run_stage
from core.cli.main import Result
from core.errors import DataError, ShelfGraphError
from core.settings import settings
from core.storage.workspaces import Workspace

PRESETS = ("quick", "balanced", "best")


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    ingest = add(commands, "ingest", _ingest, "take in product, review and event files")
    add_workspace(ingest)
    ingest.add_argument("files", nargs="+", type=Path, metavar="FILE")
    ingest.add_argument("--kind", choices=("products", "reviews", "events"), default="")

    watch = add(
        commands, "watch", _watch, "take in what is new in the workspace's folder inbox, again and again"
    )
    add_workspace(watch)
    watch.add_argument("--every", type=float, default=5.0, metavar="MINUTES")
    watch.add_argument("--once", action="store_true", help="look once and end, for a schedule of your own")
    watch.add_argument("--no-read", action="store_true", help="do not build after a change")

    extract = add(commands, "extract", _extract, "read the catalogue and build the graph")
    add_workspace(extract)
    extract.add_argument("--model", default="", help="language model; none unless given")
    extract.add_argument("--schema", default="shop", help="name of the schema")
    extract.add_argument("--products", type=int, help="how many products; all unless given")
    extract.add_argument("--order", choices=("new", "popular", "longest"), default="new")
    extract.add_argument("--llm-products", type=int, default=24, help="most products the model may read")
    stops = extract.add_argument_group("hard stops of the model, 0 for none")
    stops.add_argument("--llm-tokens", type=int, default=0, metavar="N", help="tokens of prompts and replies")
    stops.add_argument("--llm-minutes", type=float, default=0.0, metavar="N")
    stops.add_argument(
        "--llm-money", type=float, default=0.0, metavar="N", help="by the prices in models.yaml"
    )
    extract.add_argument("--no-reviews", action="store_true")

    train = add(commands, "train", _train, "train a recommender beside its baselines")
    add_workspace(train)
    train.add_argument(
        "--preset", choices=PRESETS, help="balanced, or the settings of the run that is forked"
    )
    train.add_argument("--fork", default="", metavar="RUN", help="go on from a checkpoint of this run")
    train.add_argument("--checkpoint", choices=("best", "last"), default="best", help="which of its epochs")
    train.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="change single settings")
    train.add_argument("--name", default="")
    train.add_argument(
        "--search", default="", metavar="ID", help="take the baselines as this search tuned them"
    )

    certify = add(commands, "certify", _certify, "what the graph is worth to a finished run")
    add_workspace(certify)
    certify.add_argument("--run", dest="run_id", default="", help="id of the run; else the one that serves")

    recommend = add(commands, "recommend", _recommend, "the list for a shopper, or for a made-up history")
    _add_shopper(recommend)
    recommend.add_argument("--k", type=int, default=10)
    recommend.add_argument("--policy", default="", metavar="NAME", help="else the one that is served")

    explain = add(commands, "explain", _explain, "take one recommendation apart")
    _add_shopper(explain)
    explain.add_argument("--item", required=True)
    explain.add_argument("--against", default="", help="also say why it stands above this product")
    explain.add_argument(
        "--reference", default="average", help="what it is compared with: average, empty or a product's id"
    )

    demo = add(commands, "demo", _demo, "the whole chain on the sample, with its figures")
    add_workspace(demo, required=False)


def _add_shopper(command: argparse.ArgumentParser) -> None:
    add_workspace(command)
    command.add_argument(
        "--run", dest="run_id", default=None, help="a run's id; the serving one unless given"
    )
    who = command.add_mutually_exclusive_group(required=True)
    who.add_argument("--user", help="a shopper of the events")
    who.add_argument(
        "--history", nargs="+", metavar="PRODUCT", help="products of a made-up shopper, oldest first"
    )


def _ingest(arguments: argparse.Namespace) -> Result:
    from core.catalogue.ingest import ingest
    from core.catalogue.store import Catalogue
    from core.graph.log import Log

    workspace = open_workspace(arguments.workspace, create=True)
    reports: list[dict[str, Any]] = []
    failed: list[ShelfGraphError] = []
    for file in arguments.files:
        try:
            reports += [report.plain() for report in ingest(workspace, file, kind=arguments.kind)]
        except ShelfGraphError as error:
            failed.append(error)
    if failed and not reports:
        raise failed[0]
    Log(workspace).reconcile()
    catalogue = Catalogue(workspace)
    return {
        "workspace": str(workspace.folder),
        "sources": reports,
        "not_read": [str(error) for error in failed],
        "counts": dict(catalogue.counts()),
        "hash": catalogue.catalogue_hash(),
    }


def _watch(arguments: argparse.Namespace) -> Result:
    workspace = open_workspace(arguments.workspace, create=True)
    wanted: dict[str, Any] = {
        "every_minutes": arguments.every,
        "read": not arguments.no_read and not arguments.once,
    }
    result = run_stage(workspace, "watch", {**wanted, "looks": int(arguments.once)})
    if arguments.once and result["changed"] and not arguments.no_read:
        return {**result, "build": run_stage(workspace, "build", {})}
    return result


def _extract(arguments: argparse.Namespace) -> Result:
    params = {
        "model": arguments.model,
        "schema_name": arguments.schema,
        "n_products": arguments.products,
        "order": arguments.order,
        "llm_products": arguments.llm_products,
        "llm_tokens": arguments.llm_tokens,
        "llm_minutes": arguments.llm_minutes,
        "llm_money": arguments.llm_money,
        "reviews": not arguments.no_reviews,
    }
    return run_stage(open_workspace(arguments.workspace), "build", params)


def _train(arguments: argparse.Namespace) -> Result:
    from core.recommend.config import PRESETS as CONFIGS
    from core.recommend.config import config_of
    from core.recommend.fork import parent_config
    from core.recommend.runs import get_run

    workspace = open_workspace(arguments.workspace)
    if arguments.fork and not arguments.preset:
        values = parent_config(get_run(workspace, arguments.fork))
    else:
        values = CONFIGS[arguments.preset or "balanced"].model_dump(mode="json")
    for setting in arguments.set:
        name, _, value = setting.partition("=")
        values[name] = value
    config = config_of(values).model_dump(mode="json")
    params: dict[str, Any] = {"config": config, "name": arguments.name or arguments.preset or "balanced"}
    if arguments.fork:
        params["fork"] = {"run": arguments.fork, "checkpoint": arguments.checkpoint}
    if arguments.search:
        params["search"] = arguments.search
    return run_stage(workspace, "train", params)


def _certify(arguments: argparse.Namespace) -> Result:
    from core.recommend.runs import finished_run

    workspace = open_workspace(arguments.workspace)
    return run_stage(workspace, "certify", {"run": finished_run(workspace, arguments.run_id or None).id})


def _history(arguments: argparse.Namespace, workspace: Workspace) -> list[str]:
    from core.recommend.source import history

    if arguments.history:
        return list(arguments.history)
    found = [product for product, _time in history(workspace, arguments.user)]
    if not found:
        raise DataError(
            "This shopper has no events.",
            where=arguments.user,
            remedy="Choose another, or give products with --history.",
        )
    return found


def _recommend(arguments: argparse.Namespace) -> Result:
    from core.catalogue.store import Catalogue
    from core.recommend.artefact import load
    from core.recommend.reasons import reasons
    from core.recommend.serve.book import current, find
    from core.recommend.serve.export import reason, shelf_of
    from core.recommend.serve.lists import serve

    workspace = open_workspace(arguments.workspace)
    model = load(workspace, arguments.run_id)
    history = _history(arguments, workspace)
    entry = find(workspace, arguments.policy) if arguments.policy else current(workspace)
    shown, _missed = serve(model, shelf_of(workspace, model), history, entry.policy, arguments.k)
    below = model.baseline(history, arguments.k)
    wanted = {line.product_id for line in shown} | {line.product_id for line in below} | set(history)
    titles = {product.id: product.title for product in Catalogue(workspace).products(wanted)}
    return {
        "run": model.run_id,
        "policy": entry.label,
        "history": [{"product": p, "title": titles.get(p, p)} for p in history],
        "products": [
            {
                "rank": line.rank,
                "product": line.product_id,
                "title": titles.get(line.product_id, line.product_id),
                "score": line.score,
                "reason": reason(line),
                "facts": [
                    {"relation": r.fact.relation, "object": r.fact.object, "weight": r.weight}
                    for r in reasons(model, history, line.product_id)
                ],
            }
            for line in shown
        ],
        "baseline": {"name": model.baseline_name, "products": [line.product_id for line in below]},
    }


def _explain(arguments: argparse.Namespace) -> Result:
    from core.stages.explain_one import explain

    given = arguments
    workspace = open_workspace(given.workspace)
    history = _history(given, workspace)
    return explain(
        workspace, history, given.item, given.user or "", given.against, given.reference, given.run_id
    )


def _demo(arguments: argparse.Namespace) -> Result:
    folder = arguments.workspace
    if folder is None:
        folder = settings().workspaces / "demo"
        shutil.rmtree(folder, ignore_errors=True)
    began = time.perf_counter()
    parts = run_stage(open_workspace(folder, create=True), "demo", {})
    return {"workspace": str(folder), "seconds": time.perf_counter() - began, **parts}
