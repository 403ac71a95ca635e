"""Task models kept in a workspace: a folder each, numbers as safetensors, all else as JSON; nothing is unpickled.

tasks/<id>/card.json   metrics.json   curves.jsonl   model.json   facts.jsonl   data.safetensors
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.domain import Derivation, Fact, Product
from core.errors import RunError
from core.recommend.fact_table import FactTable
from core.recommend.features import Vocabulary
from core.recommend.price import PriceScale
from core.recommend.tasks.answer import Scale
from core.recommend.tasks.config import Kind, TaskConfig
from core.recommend.tasks.encoding import Encoding
from core.recommend.tasks.examples import Examples
from core.recommend.tasks.fitted import Fitted
from core.recommend.tasks.names import Names
from core.recommend.tasks.network import Weights
from core.recommend.tasks.predictor import Predictor
from core.recommend.tasks.record import Record
from core.recommend.text import Encoder, Lexicon
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from core.recommend.tasks.experiment import Outcome

FOLDER = "tasks"
FORMAT = 1
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Card:
    """A kept model at a glance; ``created_at`` in seconds since the epoch."""

    id: str
    name: str
    config: TaskConfig
    graph_hash: str
    created_at: float

    @property
    def kind(self) -> Kind:
        """What it predicts."""
        return self.config.kind


def keep(
    workspace: Workspace, card: Card, examples: Examples, outcome: Outcome, encoder: Encoder | None
) -> None:
    """Write the folder; card.json comes last, so that a folder that has it is whole."""
    from safetensors.numpy import save_file

    folder = workspace.sub(FOLDER) / card.id
    folder.mkdir(exist_ok=True)
    served, encoding = outcome.served, outcome.served.encoding
    rows = encoding.rows(examples.products, examples.facts, encoder)
    arrays = {"rows": rows, "product_record": served.record.product, "shopper_record": served.record.shopper}
    arrays |= {f"network.{name}": values for name, values in served.weights.arrays().items()}
    arrays |= _vocabulary_arrays(encoding)
    save_file(
        {name: np.ascontiguousarray(values) for name, values in arrays.items()}, folder / "data.safetensors"
    )
    table, lexicon = encoding.vocabulary.table, encoding.vocabulary.lexicon
    model = {
        "classes": examples.classes,
        "shoppers": examples.shoppers,
        "products": [asdict(product) for product in examples.products],
        "hidden": encoding.hidden.forms,
        "nodes": table.nodes,
        "relations": table.relations,
        "groups": table.groups,
        "words": sorted(lexicon.vocabulary, key=lexicon.vocabulary.__getitem__) if lexicon else None,
        "sentences": encoding.vocabulary.sentences,
        "sentence_size": encoding.sentence_size,
        "price": asdict(encoding.vocabulary.price),
        "mean": served.record.mean,
        "slope": served.scale.slope,
        "shift": served.scale.shift,
        "range": [served.scale.low, served.scale.high] if card.kind is Kind.RATING else None,
        "best": served.best,
    }
    (folder / "model.json").write_text(json.dumps(model, ensure_ascii=False), "utf-8")
    facts = (json.dumps(asdict(fact), ensure_ascii=False) for own in examples.facts.values() for fact in own)
    (folder / "facts.jsonl").write_text("".join(line + "\n" for line in facts), "utf-8")
    (folder / "curves.jsonl").write_text(_lines(outcome.curves), "utf-8")
    write_json(folder / "metrics.json", outcome.metrics)
    write_json(folder / "card.json", _plain(card))


def cards(workspace: Workspace) -> list[Card]:
    """All kept models, newest first; folders that are not whole are left out."""
    found = []
    for file in (workspace.folder / FOLDER).glob("*/card.json"):
        try:
            found.append(_card(json.loads(file.read_text("utf-8"))))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda card: (-card.created_at, card.id))


def card_of(workspace: Workspace, task_id: str = "") -> Card:
    """A kept model by id, or the newest; raises RunError where there is none."""
    known = cards(workspace)
    found = next((card for card in known if not task_id or card.id == task_id), None)
    if found is None:
        raise RunError("There is no such task model.", where=task_id[:80], remedy="Train one, or list them.")
    return found


def metrics_of(workspace: Workspace, task_id: str) -> dict[str, Any]:
    """The figures of a kept model."""
    made: dict[str, Any] = json.loads(_file(workspace, task_id, "metrics.json").read_text("utf-8"))
    return made


def curves_of(workspace: Workspace, task_id: str) -> list[dict[str, Any]]:
    """Its losses by part and pass."""
    lines = _file(workspace, task_id, "curves.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def rename(workspace: Workspace, task_id: str, name: str) -> None:
    """Call a model something else; raises RunError for a name that is empty or too long."""
    card, clean = card_of(workspace, task_id), name.strip()
    if not clean or len(clean) > LONGEST_NAME:
        raise RunError(
            "This cannot be a model's name.",
            where=clean[:40],
            remedy=f"Give it one to {LONGEST_NAME} letters.",
        )
    write_json(_file(workspace, card.id, "card.json"), {**_plain(card), "name": clean})


def remove(workspace: Workspace, task_id: str) -> None:
    """Delete a kept model; raises RunError where there is none."""
    shutil.rmtree(_file(workspace, card_of(workspace, task_id).id, "card.json").parent)


def load(workspace: Workspace, task_id: str, encoder: Encoder | None = None) -> Predictor:
    """A kept model, ready to be asked; ``encoder`` reads texts that are new, where the model uses sentences.

    Raises RunError where it is missing, damaged, or of a newer version.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    card = card_of(workspace, task_id)
    try:
        told = json.loads(_file(workspace, card.id, "model.json").read_text("utf-8"))
        arrays = load_file(_file(workspace, card.id, "data.safetensors"))
        encoding = _encoding(told, arrays)
        network = {k.removeprefix("network."): v for k, v in arrays.items() if k.startswith("network.")}
        low, high = told["range"] or (-np.inf, np.inf)
        fitted = Fitted(
            encoding,
            Weights(**network),
            Record(told["mean"], arrays["product_record"], arrays["shopper_record"]),
            Scale(told["slope"], told["shift"], low, high),
            (),
            told["best"],
        )
        return Predictor(
            card.kind,
            tuple(told["classes"]),
            tuple(told["shoppers"]),
            fitted,
            tuple(Product(**row) for row in told["products"]),
            arrays["rows"],
            _facts(_file(workspace, card.id, "facts.jsonl")),
            encoder,
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise RunError(
            f"The task model cannot be read ({type(error).__name__}: {str(error)[:200]}).",
            where=card.id,
            remedy="Train it again.",
        ) from error


def _vocabulary_arrays(encoding: Encoding) -> dict[str, Any]:
    table, lexicon = encoding.vocabulary.table, encoding.vocabulary.lexicon
    made = {
        "node": table.node,
        "relation": table.relation,
        "group": table.group,
        "fact_idf": table.idf,
        **{f"axes.{at}": axes for at, axes in enumerate(encoding.axes)},
    }
    return made | ({"idf": lexicon.idf, "word_axes": lexicon.axes} if lexicon else {})


def _encoding(told: Mapping[str, Any], arrays: Mapping[str, Any]) -> Encoding:
    table = FactTable(
        tuple(told["nodes"]), tuple(told["relations"]), tuple(told["groups"]),
        arrays["node"], arrays["relation"], arrays["group"], arrays["fact_idf"],
    )  # fmt: skip
    words = told["words"]
    lexicon = (
        Lexicon({w: k for k, w in enumerate(words)}, arrays["idf"], arrays["word_axes"]) if words else None
    )
    vocabulary = Vocabulary(table, lexicon, told["sentences"], PriceScale(**told["price"]))
    axes = tuple(arrays[f"axes.{at}"] for at in range(len(table.groups)))
    return Encoding(vocabulary, axes, Names(tuple(told["hidden"])), told["sentence_size"])


def _facts(path: Path) -> dict[str, tuple[Fact, ...]]:
    found: dict[str, list[Fact]] = {}
    for line in path.read_text("utf-8").splitlines():
        values = json.loads(line)
        ways = tuple(Derivation(rule, tuple(premises)) for rule, premises in values["derivations"])
        kept = {
            "supports": tuple(values["supports"]),
            "sources": tuple(values["sources"]),
            "derivations": ways,
        }
        fact = Fact(**{**values, **kept})
        found.setdefault(fact.subject.removeprefix("product:"), []).append(fact)
    return {product: tuple(rows) for product, rows in found.items()}


def _file(workspace: Workspace, task_id: str, name: str) -> Path:
    if not re.fullmatch(r"[\w-]+", task_id):
        raise RunError("That is no task model's id.", where=task_id[:80], remedy="Choose one from the list.")
    return workspace.folder / FOLDER / task_id / name


def _plain(card: Card) -> dict[str, Any]:
    return {**asdict(card), "config": card.config.model_dump(mode="json"), "format": FORMAT}


def _card(told: Mapping[str, Any]) -> Card:
    return Card(
        told["id"],
        told["name"],
        TaskConfig.model_validate(told["config"]),
        told["graph_hash"],
        told["created_at"],
    )


def _lines(rows: Sequence[Mapping[str, Any]]) -> str:
    # JSON has no NaN; before the first pass there is no training loss.
    clean = ({k: None if v != v else v for k, v in row.items()} for row in rows)
    return "".join(json.dumps(row) + "\n" for row in clean)
