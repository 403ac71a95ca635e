"""Adversarial training, before and after: what it costs on clean data, and what is left under attack.

python -m bench.adversarial --workspace .shelfgraph/workspaces/sample --seeds 3
python -m bench.adversarial --workspace … --kinds fgsm pgd --weights 0.5 1 --epsilons 0.25 0.5 --on valid

Settings are chosen with ``--on valid``, where the validation stands in for the test, which is then not looked at.
Runs differ in nothing but the adversarial section. Each is attacked with its own vectors and gradient.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.common import machine, table, timed
from core.catalogue.store import Catalogue
from core.recommend.config import PRESETS, TrainConfig, config_of
from core.recommend.data import split
from core.recommend.dataset import dataset
from core.recommend.encoder import sentence_encoder
from core.recommend.experiment import run_training
from core.recommend.source import graph_facts
from core.storage.workspaces import Workspace

BASELINES = ("itemknn_text",)
ATTACKS = ("random", "fgsm", "pgd")


def settings(
    kinds: Sequence[str], weights: Sequence[float], epsilons: Sequence[float]
) -> list[dict[str, Any]]:
    """The plain run, then each combination."""
    return [
        {"adversarial": "none"},
        *(
            {"adversarial": kind, "adversarial_weight": weight, "adversarial_epsilon": epsilon}
            for kind in kinds
            for weight in weights
            for epsilon in epsilons
        ),
    ]


def measured(workspace: Workspace, config: TrainConfig, on: str) -> dict[str, float]:
    """NDCG@10, clean and attacked, the weight of the network and the seconds it took."""
    products = list(Catalogue(workspace).products())
    data = dataset(workspace, products, config).data
    parts = split(data, config.split.value, config.valid_share, config.test_share)
    if on == "valid":
        parts = replace(parts, test=parts.valid, known=parts.train)
    encoder = sentence_encoder() if config.text.value in ("sentence", "both") else None
    with timed() as clock:
        outcome = run_training(
            "bench", config, parts, data, products, graph_facts(workspace), encoder, baselines=BASELINES
        )
    told = dict(outcome.metrics["attacked"])
    return told | {"network": outcome.metrics["mix"]["network"], "seconds": clock.seconds}


def main() -> None:
    """Print a line a setting: means over seeds, and how much of the drop is left."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--preset", default="quick", choices=list(PRESETS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", default=["fgsm"])
    parser.add_argument("--weights", nargs="+", type=float, default=[1.0])
    parser.add_argument("--epsilons", nargs="+", type=float, default=[0.25])
    parser.add_argument("--on", choices=("test", "valid"), default="test")
    given = parser.parse_args()
    workspace = Workspace(given.workspace)
    rows: list[list[object]] = []
    before: dict[str, float] = {}
    for change in settings(given.kinds, given.weights, given.epsilons):
        runs = []
        for seed in range(given.seeds):
            config = PRESETS[given.preset].model_dump(mode="json") | change | {"seed": seed}
            runs.append(measured(workspace, config_of(config), given.on))
            print(change, seed, {k: round(v, 4) for k, v in runs[-1].items()}, flush=True)
        mean = {name: float(np.mean([run[name] for run in runs])) for name in runs[0]}
        before = before or mean
        name = " ".join(str(value) for value in change.values())
        kept = [(mean["clean"] - mean[one]) / max(before["clean"] - before[one], 1e-9) for one in ATTACKS[1:]]
        attacked = [mean[one] for one in ATTACKS]
        change_of_clean = mean["clean"] / before["clean"] - 1
        rows.append(
            [name, mean["clean"], change_of_clean, *attacked, *kept, mean["network"], mean["seconds"]]
        )
    print(
        table(
            ["setting", "clean", "change", *ATTACKS, "drop left FGSM", "drop left PGD", "network", "s"], rows
        )
    )
    print(
        f"epsilon {before['epsilon']:g} of the mean length; on {given.on}; {given.seeds} seeds; {machine()}"
    )


if __name__ == "__main__":
    main()
