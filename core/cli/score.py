"""``score extraction|resolution|sentiment``: how good reading and matching are against gold, taught here or as
shipped."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.common import Commands, add, add_workspace, open_workspace, tell_progress
from core.cli.main import Result
from core.cli.score_resolution import register as register_resolution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.extract.ground import Span
    from core.extract.labelled import Labelled
    from core.llm.base import LanguageModel


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    score = commands.add_parser(
        "score", help="measure reading, resolution, recommendation, explanations or robustness"
    )
    actions = score.add_subparsers(dest="action", required=True, metavar="ACTION")
    extraction = add(actions, "extraction", _extraction, "F1 of attribute values, or of spans")
    extraction.add_argument("--train", type=Path, metavar="FILE", help="learn from it; else as shipped")
    extraction.add_argument(
        "--test",
        type=Path,
        required=True,
        metavar="FILE",
        help='JSON lines {"category", "text", "values": {attribute: [value]}}; an optional "normalised" of the same'
        " form is scored as well, after normalisation by the rules of the schema",
    )
    extraction.add_argument(
        "--schema",
        type=Path,
        metavar="FILE",
        help="category to attributes, as JSON: a list of names, or each name with a description, or with an object"
        ' {"description", "type", "unit", "normalise"} as in a schema in YAML',
    )
    extraction.add_argument("--format", choices=("values", "spans"), default="values")
    extraction.add_argument("--method", choices=("tagger", "llm", "cascade"), default="tagger")
    extraction.add_argument("--model", metavar="NAME", help="language model; the embedded one by default")
    extraction.add_argument("--share", type=float, default=0.1, help="texts a cascade gives to the model")
    extraction.add_argument("--limit", type=int, help="read only the first so many test texts")
    register_resolution(actions)
    sentiment = add(actions, "sentiment", _sentiment, "accuracy and F1 of review sentiment")
    sentiment.add_argument("--train", type=Path, required=True, metavar="FILE")
    sentiment.add_argument("--test", type=Path, required=True, metavar="FILE")

    recommendation = add(
        actions, "recommendation", _recommendation, "ranking of recommenders on a benchmark's files"
    )
    for part in ("items", "train", "valid", "test"):
        recommendation.add_argument(f"--{part}", type=Path, required=True, metavar="FILE")
    recommendation.add_argument(
        "--triples", type=Path, metavar="FILE", help="head, relation, tail; else the items' texts are read"
    )
    recommendation.add_argument(
        "--models", nargs="+", metavar="NAME", help="which; all with one seed unless given"
    )
    recommendation.add_argument("--seeds", type=int, default=1)
    recommendation.add_argument("--preset", default="auto", help="auto (by size), quick, balanced or best")
    recommendation.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="change single settings of the network"
    )

    explanations = add(
        actions, "explanations", _explanations, "how faithful explanations are, over many of them"
    )
    add_workspace(explanations, required=False)
    explanations.add_argument(
        "--run", dest="run_id", default=None, help="a run's id; the serving one unless given"
    )
    explanations.add_argument(
        "--n", type=int, default=200, help="shoppers whose first recommendation is explained"
    )
    explanations.add_argument("--seed", type=int, default=0)

    robustness = add(actions, "robustness", _robustness, "what it takes to fool a recommender")
    add_workspace(robustness, required=False)
    robustness.add_argument(
        "--run", dest="run_id", default=None, help="a run's id; the serving one unless given"
    )
    robustness.add_argument("--targets", type=int, default=3, help="cold products pushed, one at a time")
    robustness.add_argument("--rounds", type=int, default=3, help="seeds detection is judged over")
    robustness.add_argument("--orders", type=int, default=0, help="texts that give the language model orders")
    robustness.add_argument("--seed", type=int, default=0)


def _robustness(arguments: argparse.Namespace) -> Result:
    from core.robust.matrix import RobustParams
    from core.stages.params import parsed
    from core.stages.robustness import score

    given = arguments
    asked = {"run": given.run_id, "targets": given.targets, "rounds": given.rounds, "seed": given.seed}
    asked["orders"] = given.orders

    params = parsed(RobustParams, asked, "The examination", "robustness")
    return score(open_workspace(given.workspace), params, tell=tell_progress)


def _explanations(arguments: argparse.Namespace) -> Result:
    from core.stages.score_explanations import score

    return score(open_workspace(arguments.workspace), arguments.n, arguments.run_id, arguments.seed)


def _recommendation(arguments: argparse.Namespace) -> Result:
    from core.recommend.files import read_benchmark
    from core.stages.score_recommendation import DEFAULT, score

    given = arguments
    bench = read_benchmark(given.items, given.train, given.valid, given.test, given.triples)
    return score(
        bench,
        given.models or DEFAULT,
        given.seeds,
        given.preset,
        lambda text: sys.stderr.write(f"  {text}\n"),
        {name: value for name, _, value in (setting.partition("=") for setting in given.set)},
    )


def _extraction(arguments: argparse.Namespace) -> Result:
    if arguments.format == "spans":
        from core.extract.span_files import score_spans

        return score_spans(arguments.train, arguments.test)
    from core.extract import methods
    from core.extract.calibrate import outlook
    from core.extract.evaluate import evaluate
    from core.extract.labelled import asked_of, read_asked, read_labelled

    test = read_labelled(arguments.test)[: arguments.limit]
    train = read_labelled(arguments.train) if arguments.train else []
    asked = read_asked(arguments.schema) if arguments.schema else asked_of([*train, *test])
    config = methods.MethodConfig(arguments.method, arguments.share)
    found = methods.read(test, asked, train, _model(arguments), config)
    result = evaluate(test, found.values, asked)
    return _normalised(arguments, test, found.values) | {
        "annotated_only": result.annotated_only.to_json(),
        "strict": result.strict.to_json(),
        "products_per_second": len(test) / max(found.seconds, 1e-9),
        "train_seconds": found.train_seconds,
        "tokens_per_product": found.tokens / len(test),
        "llm_share": found.by_model / len(test),
        "ece": result.ece,
        "recalibration": [asdict(point) for point in outlook(result.sure)],
        "review": result.triage.to_json(),
        "n": result.n,
        "absent_left_empty": result.left_empty,
        "mistakes": result.mistakes,
        "by_category": {name: cells.to_json() for name, cells in result.by_category.items()},
        "by_attribute": {name: cells.to_json() for name, cells in result.by_attribute.items()},
    }


def _normalised(
    arguments: argparse.Namespace, test: Sequence[Labelled], found: Sequence[Mapping[str, Span]]
) -> dict[str, object]:
    """The scores after normalisation, where the file has gold for it."""
    from core.extract.labelled import read_rules
    from core.extract.normal_score import normalised_cells

    if not any(item.normalised for item in test):
        return {}
    rules = read_rules(arguments.schema) if arguments.schema else {}
    annotated, strict = normalised_cells(test, found, rules)
    return {"normalised": {"annotated_only": annotated.to_json(), "strict": strict.to_json()}}


def _model(arguments: argparse.Namespace) -> LanguageModel | None:
    if arguments.method == "tagger":
        return None
    from core.llm import registry

    return registry.load(arguments.model) if arguments.model else registry.load()


def _sentiment(arguments: argparse.Namespace) -> Result:
    from core.extract.sentiment import score

    return score(arguments.train, arguments.test)
