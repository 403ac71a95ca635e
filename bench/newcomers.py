"""New products: how high those that shoppers took next would have stood, had nobody taken them before.

Each product of a sample is made new for the shoppers who took it: no learned vector, no count, no column of the
baseline. What its own events taught the weights and the columns of other products stays, so the figures flatter all
lines alike.

python -m bench.newcomers --workspace .shelfgraph/workspaces/sample
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bench.common import machine, table
from core.recommend.artefact import load
from core.recommend.network import Inputs
from core.recommend.newcomers import nearest
from core.recommend.rank import Recommender
from core.recommend.scoring import product_vectors
from core.recommend.source import read_histories
from core.storage.workspaces import Workspace

NEIGHBOURS = (0, 3, 5, 10, 20, 40)


def cases_of(
    workspace: Workspace, model: Recommender, most: int, seed: int
) -> list[tuple[NDArray[np.int32], int]]:
    """(history before it, product) for purchases of a sample of the products, in a random order."""
    random = np.random.default_rng(seed)
    chosen = set(random.permutation(len(model.product_ids))[:80].tolist())
    found = []
    for history in read_histories(workspace).values():
        rows = model.rows(history)
        found += [(rows[:at], int(rows[at])) for at in range(1, len(rows)) if int(rows[at]) in chosen]
    return [found[k] for k in random.permutation(len(found))[:most]]


def strangers_of(
    workspace: Workspace, model: Recommender, cases: list[tuple[NDArray[np.int32], int]], seed: int
) -> list[tuple[NDArray[np.int32], int]]:
    """The products of the cases, each with the history of a shopper drawn at random who has not taken it."""
    random = np.random.default_rng(seed)
    everyone = [model.rows(history) for history in read_histories(workspace).values()]
    drawn = [everyone[k] for k in random.integers(0, len(everyone), len(cases))]
    return [
        (own, product) for own, (_history, product) in zip(drawn, cases, strict=True) if product not in own
    ]


def ranks(model: Recommender, cases: list[tuple[NDArray[np.int32], int]], lenders: int) -> NDArray[np.int64]:
    """int64[cases]: the place (from 0) of each product as a new one, its baseline lent by so many neighbours."""
    artefact = model.artefact
    features, decay = artefact.features, artefact.baseline.decay
    size = len(features)
    fresh = replace(features, identity=np.full(size, -1), counts=np.zeros(size, np.float32))
    vectors, bias = product_vectors(
        artefact.network, Inputs.of(fresh, artefact.vocabulary.table, dtype=torch.float64)
    )
    taken = [history for history, _product in cases]
    scores, shoppers = np.asarray(model.model.score(taken)), model.model.shoppers(taken)
    found = []
    for (history, product), own, shopper in zip(cases, scores, shoppers, strict=True):
        base = 0.0
        if lenders:
            known = model.model.vectors.copy()
            known[product] = 0.0
            lent = nearest(known, vectors[[product]], lenders)
            column = (artefact.baseline.similarity @ lent.T).toarray().ravel()
            base = float((column[history] * decay ** np.arange(len(history))[::-1]).sum())
        own[history] = own[product] = -np.inf
        value = artefact.mix.baseline * base + artefact.mix.network * (
            shopper @ vectors[product] + bias[product]
        )
        found.append(int((own >= value).sum()))
    return np.array(found)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=1_200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    workspace = Workspace(arguments.workspace)
    model = load(workspace)
    cases = cases_of(workspace, model, arguments.cases, arguments.seed)
    strangers = strangers_of(workspace, model, cases, arguments.seed)
    rows = []
    for lenders in NEIGHBOURS:
        at = ranks(model, cases, lenders)
        gain = np.where(at < 10, 1 / np.log2(at + 2.0), 0.0)
        means = [float(values.mean()) for values in (at < 10, gain, 1 / (1 + at))]
        reach = float((ranks(model, strangers, lenders) < 10).mean())
        rows.append([lenders, *means, int(np.median(at)) + 1, reach])
    print(
        f"{len(cases):,} events as of new products, among {len(model.product_ids):,}; {model.baseline_name}\n"
    )
    print(
        table(["neighbours that lend", "HR@10", "NDCG@10", "MRR", "median place", "HR@10 of strangers"], rows)
    )
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
