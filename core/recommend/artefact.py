"""A run's folder: weights, features and baseline as safetensors, everything else as JSON. Nothing is unpickled.

runs/<id>/config.json   metrics.json   cases.npz   curves.jsonl
          ids.json   facts.jsonl   weights.safetensors   data.safetensors
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.domain import Derivation, Fact
from core.errors import RunError
from core.recommend.baselines import Baseline
from core.recommend.config import TrainConfig
from core.recommend.encoder import ENCODERS
from core.recommend.fact_table import FactTable
from core.recommend.features import Features, Vocabulary
from core.recommend.price import PriceScale
from core.recommend.text import Lexicon
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from core.recommend.network import Network
    from core.recommend.rank import Recommender
    from core.recommend.scoring import Mix

FORMAT = 1


@dataclass(frozen=True, eq=False)
class Artefact:
    """What a finished run leaves: enough to score any shopper and any product without the training data.

    ``facts`` are those the model uses, by product id; ``tuned`` is the folder of the encoder it reads with, None for
    the embedded one as it comes.
    """

    run_id: str
    config: TrainConfig
    network: Network
    mix: Mix
    vocabulary: Vocabulary
    features: Features
    facts: Mapping[str, tuple[Fact, ...]]
    baseline: Baseline
    average: NDArray[np.floating]
    average_baseline: NDArray[np.float64]
    tuned: Path | None = None


def save(artefact: Artefact, folder: Path) -> None:
    """Write the folder; config.json comes last, so that a folder that has it is whole."""
    from safetensors.numpy import save_file
    from safetensors.torch import save_file as save_weights

    folder.mkdir(parents=True, exist_ok=True)
    network = artefact.network
    save_weights({k: v.contiguous() for k, v in network.state_dict().items()}, folder / "weights.safetensors")
    save_file({k: np.ascontiguousarray(v) for k, v in _arrays(artefact).items()}, folder / "data.safetensors")
    vocabulary, table = artefact.vocabulary, artefact.vocabulary.table
    lexicon = vocabulary.lexicon
    write_json(
        folder / "ids.json",
        {
            "products": artefact.features.products,
            "nodes": table.nodes,
            "relations": table.relations,
            "groups": table.groups,
            "linked": table.linked,
            "words": sorted(lexicon.vocabulary, key=lexicon.vocabulary.__getitem__) if lexicon else None,
        },
        indent=1,
    )
    lines = (
        json.dumps(asdict(fact), ensure_ascii=False) for rows in artefact.facts.values() for fact in rows
    )
    (folder / "facts.jsonl").write_text("".join(line + "\n" for line in lines), "utf-8")
    write_json(
        folder / "config.json",
        {
            "format": FORMAT,
            "run": artefact.run_id,
            "config": artefact.config.model_dump(mode="json"),
            "shape": network.shape.plain(),
            "mix": asdict(artefact.mix),
            "sentences": vocabulary.sentences,
            "price": asdict(vocabulary.price),
            "baseline": {"name": artefact.baseline.name, "params": dict(artefact.baseline.params)},
        },
        indent=1,
    )


def read(folder: Path) -> Artefact:
    """Read a folder back; raises RunError where it is missing, damaged, or from a newer version."""
    import torch
    from safetensors import SafetensorError
    from safetensors.numpy import load_file
    from safetensors.torch import load_file as load_weights

    from core.recommend.network import Network, Shape
    from core.recommend.scoring import Mix

    try:
        told = json.loads((folder / "config.json").read_text("utf-8"))
        ids = json.loads((folder / "ids.json").read_text("utf-8"))
        if told["format"] > FORMAT:
            raise RunError(
                "The run was made by a newer ShelfGraph.", where=folder.name, remedy="Update ShelfGraph."
            )
        arrays = load_file(folder / "data.safetensors")
        weights = load_weights(folder / "weights.safetensors")
        facts = _read_facts(folder / "facts.jsonl")
        table = FactTable(
            tuple(ids["nodes"]), tuple(ids["relations"]), tuple(ids["groups"]),
            arrays["node"], arrays["relation"], arrays["group"], arrays["fact_idf"], ids.get("linked", False),
        )  # fmt: skip
        words = ids["words"]
        lexicon = (
            Lexicon({w: k for k, w in enumerate(words)}, arrays["idf"], arrays["axes"]) if words else None
        )
        vocabulary = Vocabulary(table, lexicon, told["sentences"], PriceScale(**told["price"]))
        network = Network(Shape(**{**told["shape"], "groups": tuple(told["shape"]["groups"])}), table)
        network.load_state_dict(weights)
        baseline = _baseline(told["baseline"], arrays)
        config = TrainConfig.model_validate(told["config"])
        mix = Mix(**told["mix"])
        features = _features(tuple(ids["products"]), arrays)
    except FileNotFoundError as error:
        raise RunError(
            "A file of the run is missing.",
            where=str(error.filename),
            remedy="Train again, or choose another run.",
        ) from None
    except (ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise RunError(
            f"The run cannot be read ({type(error).__name__}: {str(error)[:200]}).",
            where=folder.name,
            remedy="Train again, or choose another run.",
        ) from error
    network.to(torch.float64).eval()
    return Artefact(
        told["run"], config, network, mix, vocabulary, features, facts, baseline,
        arrays["average"].astype(np.float64), arrays["average_baseline"],
        folder.parent.parent / ENCODERS / config.encoder if config.encoder else None,
    )  # fmt: skip


def load(workspace: Workspace, run_id: str | None = None) -> Recommender:
    """The recommender of a run, or of the run that serves; products that came since are ranked as new ones.

    Raises RunError where there is no finished run.
    """
    from core.recommend.newcomers import with_newcomers
    from core.recommend.rank import Recommender
    from core.recommend.runs import finished_run
    from core.recommend.withheld import withheld

    run = finished_run(workspace, run_id)
    artefact = with_newcomers(workspace, read(workspace.sub("runs") / run.id))
    return Recommender(artefact, withheld=withheld(workspace))


def _arrays(artefact: Artefact) -> dict[str, NDArray[Any]]:
    features, table, baseline = artefact.features, artefact.vocabulary.table, artefact.baseline
    lexicon = artefact.vocabulary.lexicon
    similarity = baseline.similarity.tocsr()
    arrays: dict[str, NDArray[Any]] = {
        "lexical": features.lexical,
        "sentence": features.sentence,
        "price": features.price,
        "counts": features.counts,
        "facts": np.concatenate([*features.facts, np.empty(0, np.int64)]).astype(np.int64),
        "fact_ends": np.cumsum([0, *(len(row) for row in features.facts)]).astype(np.int64),
        "node": table.node,
        "relation": table.relation,
        "group": table.group,
        "fact_idf": table.idf,
        "similarity": similarity.data,
        "similarity_columns": similarity.indices.astype(np.int64),
        "similarity_ends": similarity.indptr.astype(np.int64),
        "prior": baseline.prior,
        "average": np.asarray(artefact.average, np.float64),
        "average_baseline": artefact.average_baseline,
    }
    return arrays | ({"idf": lexicon.idf, "axes": lexicon.axes} if lexicon else {})


def _features(products: tuple[str, ...], arrays: Mapping[str, NDArray[Any]]) -> Features:
    ends = arrays["fact_ends"]
    rows = tuple(arrays["facts"][ends[k] : ends[k + 1]] for k in range(len(products)))
    identity = np.arange(len(products), dtype=np.int64)
    return Features(
        products, identity, arrays["lexical"], arrays["sentence"], arrays["price"], arrays["counts"], rows
    )


def _baseline(told: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Baseline:
    import scipy.sparse as sp

    size = len(arrays["prior"])
    parts = (arrays["similarity"], arrays["similarity_columns"], arrays["similarity_ends"])
    similarity = sp.csr_matrix(parts, shape=(size, size))
    return Baseline(told["name"], told["params"], similarity, arrays["prior"])


def _read_facts(path: Path) -> dict[str, tuple[Fact, ...]]:
    found: dict[str, list[Fact]] = {}
    for line in path.read_text("utf-8").splitlines():
        values = json.loads(line)
        ways = tuple(Derivation(rule, tuple(premises)) for rule, premises in values.get("derivations", ()))
        kept = {"supports": tuple(values["supports"]), "sources": tuple(values.get("sources", ()))}
        fact = Fact(**{**values, **kept, "derivations": ways})
        found.setdefault(fact.subject.removeprefix("product:"), []).append(fact)
    return {product: tuple(rows) for product, rows in found.items()}


def write_curves(folder: Path, curves: Sequence[Mapping[str, Any]]) -> None:
    """One JSON object a line and epoch."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "curves.jsonl").write_text("".join(json.dumps(line) + "\n" for line in curves), "utf-8")


def read_curves(folder: Path) -> list[dict[str, Any]]:
    """The lines of curves.jsonl; [] before the first epoch."""
    path = folder / "curves.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def write_metrics(folder: Path, metrics: Mapping[str, Any]) -> None:
    """The figures of a run, beside its weights."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "metrics.json", metrics, indent=1)
