"""Other recommenders, fitted on the same rows. Runs in a Python of its own: it needs nothing of ShelfGraph.

``python peer_recommenders.py NAME --data FOLDER --minutes M`` reads ``FOLDER/data.npz``, writes the scores of all
products for each asked shopper to ``FOLDER/NAME.npy`` and prints one line of JSON, ``{"seconds", "memory", "note",
"error"}``; ``bench.peers`` starts it. The file holds rows in time order (``shopper``, ``product``, and ``valid`` for a
row of validation), the shoppers who are ``asked``, the number of ``products``, and facts (``head``, a product,
``relation`` and ``tail``, a text).

RecBole 1.2.1 was written for older libraries. Three things are mended here: the names that NumPy 2 no longer has, the
default of ``torch.load``, and its import of Ray, which only its search for settings uses.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
import traceback
import types
from collections.abc import Callable, Iterator
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SEED = 0
LONGEST = 50
"""Products of a history that SASRec reads: RecBole's default. It pads all to one length, so it is told a smaller one
where no history is as long, which changes nothing but the time."""
NEVER = -1e9
"""The score of a product that a peer knows nothing of."""


@dataclass(frozen=True, eq=False)
class Data:
    """The rows of the file."""

    shopper: Any
    product: Any
    valid: Any
    asked: Any
    products: int
    head: Any
    relation: Any
    tail: Any

    @staticmethod
    def read(folder: Path) -> Data:
        """From the folder."""
        with np.load(folder / "data.npz") as file:
            found = {name: file[name] for name in file.files}
        return Data(**{**found, "products": int(found["products"])})

    def matrix(self) -> Any:
        """Sparse float32[shoppers, products] of all rows."""
        import scipy.sparse as sp

        shape = (int(self.shopper.max()) + 1, self.products)
        built = sp.csr_matrix((np.ones(len(self.shopper), np.float32), (self.shopper, self.product)), shape)
        built.data[:] = 1.0
        return built

    @property
    def longest(self) -> int:
        """Products of the longest history, at most LONGEST."""
        return min(LONGEST, int(np.bincount(self.shopper).max()))

    def histories(self) -> Iterator[Any]:
        """Products of each asked shopper, oldest first."""
        for shopper in self.asked:
            yield self.product[self.shopper == shopper]


@dataclass(frozen=True, eq=False)
class Fitted:
    """``scores`` gives float32[asked, products]; ``note`` says how the fit ended."""

    scores: Callable[[], Any]
    note: str = ""


def implicit_als(data: Data, folder: Path, minutes: float) -> Fitted:
    """Alternating least squares: 100 factors, 15 iterations."""
    from implicit.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(num_threads=1, random_state=SEED)
    model.fit(data.matrix(), show_progress=False)
    return Fitted(lambda: model.user_factors[data.asked] @ model.item_factors.T)


def implicit_bm25(data: Data, folder: Path, minutes: float) -> Fitted:
    """Item-item neighbours by BM25: 20 of each."""
    from implicit.nearest_neighbours import BM25Recommender

    model = BM25Recommender(num_threads=1)
    matrix = data.matrix()
    model.fit(matrix, show_progress=False)
    return Fitted(lambda: (matrix[data.asked] @ model.similarity).toarray())


def lenskit_itemknn(data: Data, folder: Path, minutes: float) -> Fitted:
    """ItemKNN for implicit feedback: 20 neighbours."""
    from lenskit.knn import ItemKNNScorer

    return _lenskit(ItemKNNScorer(feedback="implicit"), data)


def lenskit_ease(data: Data, folder: Path, minutes: float) -> Fitted:
    """EASE with its default ridge of 1."""
    from lenskit.knn import EASEScorer

    return _lenskit(EASEScorer(), data)


def _lenskit(scorer: Any, data: Data) -> Fitted:
    import pandas as pd
    from lenskit.data import ItemList, RecQuery, from_interactions_df

    # It takes no repeated row for an interaction of its default class.
    frame = pd.DataFrame({"user_id": data.shopper, "item_id": data.product}).drop_duplicates()
    scorer.train(from_interactions_df(frame))
    every = ItemList(item_ids=np.arange(data.products))

    def scores() -> Any:
        told = [
            scorer(RecQuery(history_items=ItemList(item_ids=history)), every).scores("numpy")
            for history in data.histories()
        ]
        return np.nan_to_num(np.array(told, np.float32), nan=NEVER)

    return Fitted(scores)


def recbole_sasrec(data: Data, folder: Path, minutes: float) -> Fitted:
    """SASRec with cross-entropy over all items."""
    options = {"train_neg_sample_args": None, "loss_type": "CE", "MAX_ITEM_LIST_LENGTH": data.longest}
    return _recbole("SASRec", data, folder, minutes, options)


def recbole_cke(data: Data, folder: Path, minutes: float) -> Fitted:
    """CKE: matrix factorisation by BPR with TransR on the facts."""
    columns = {"kg": ["head_id", "relation_id", "tail_id"], "link": ["item_id", "entity_id"]}
    return _recbole("CKE", data, folder, minutes, {}, columns)


def _recbole(
    name: str,
    data: Data,
    folder: Path,
    minutes: float,
    options: dict[str, Any],
    columns: dict[str, list[str]] | None = None,
) -> Fitted:
    """RecBole's defaults, stopped early on validation or after the time; then for as many epochs on all rows."""
    _mend()
    _atomic(data, folder)
    columns = {"inter": ["user_id", "item_id", "timestamp"], **(columns or {})}
    chosen = _Run(name, folder, columns, options, {"LS": "valid_only"})
    epochs, ended = chosen.until_stopped(60.0 * minutes / 2)
    final = _Run(name, folder, columns, options, {"RS": [1.0, 0.0, 0.0]})
    final.for_epochs(epochs)
    return Fitted(lambda: final.scores(data), f"{epochs} epochs, {ended}")


class _Stop(Exception):
    """The time is up."""


class _Run:
    """A RecBole model and its data."""

    def __init__(
        self, name: str, folder: Path, columns: dict[str, list[str]], options: dict[str, Any], split: Any
    ) -> None:
        from recbole.config import Config
        from recbole.data import create_dataset
        from recbole.data.utils import create_samplers, get_dataloader
        from recbole.sampler import KGSampler
        from recbole.utils import get_model, get_trainer, init_seed

        given = {
            "data_path": str(folder),
            "checkpoint_dir": str(folder / "saved"),
            "load_col": columns,
            "eval_args": {"split": split, "order": "TO", "group_by": "user", "mode": "full"},
            "metrics": ["NDCG"],
            "valid_metric": "NDCG@10",
            "use_gpu": False,
            "show_progress": False,
            "seed": SEED,
            **options,
        }
        self.config = Config(model=name, dataset="atomic", config_dict=given)
        init_seed(SEED, True)
        self.dataset = create_dataset(self.config)
        built = self.dataset.build()
        samplers = create_samplers(self.config, self.dataset, built)
        loader = get_dataloader(self.config, "train")
        # A knowledge-graph model's loader draws triples too, as RecBole's own data_preparation has it.
        more = [KGSampler(self.dataset, "uniform", 1.0)] if "kg" in columns else []
        self.train = loader(self.config, built[0], samplers[0], *more, shuffle=True)
        self.valid = None
        if "LS" in split:
            self.valid = get_dataloader(self.config, "valid")(
                self.config, built[1], samplers[1], shuffle=False
            )
        init_seed(SEED, True)
        self.model = get_model(name)(self.config, self.train._dataset)
        self.trainer = get_trainer(self.config["MODEL_TYPE"], name)(self.config, self.model)

    def until_stopped(self, seconds: float) -> tuple[int, str]:
        """(epochs to the best validation, why it ended)."""
        begun, best = time.process_time(), (-1.0, 0)

        def told(epoch: int, score: float) -> None:
            nonlocal best
            best = max(best, (score, epoch + 1), key=lambda pair: pair[0])
            if time.process_time() - begun > seconds:
                raise _Stop

        try:
            self.trainer.fit(self.train, self.valid, verbose=False, saved=False, callback_fn=told)
        except _Stop:
            return best[1], f"validation was still watched when the time of {seconds:.0f} s was up"
        return best[1], "stopped early on validation"

    def for_epochs(self, epochs: int) -> None:
        """Train without looking at anything."""
        self.trainer.epochs = epochs
        self.trainer.fit(self.train, None, verbose=False, saved=False)

    def scores(self, data: Data) -> Any:
        """float32[asked, products]."""
        import torch

        users = self._numbers("user_id", [str(shopper) for shopper in data.asked])
        items = self._numbers("item_id", [str(product) for product in range(data.products)])
        told = np.full((len(data.asked), data.products), NEVER, np.float32)
        self.model.eval()
        with torch.no_grad():
            for row, (user, history) in enumerate(zip(users, data.histories(), strict=True)):
                known = [items[product] for product in history if items[product]][-data.longest :]
                asked = _question(user, known, data.longest)
                own = self.model.full_sort_predict(asked).ravel().numpy()
                told[row, items > 0] = own[items[items > 0]]
        return told

    def _numbers(self, field: str, names: list[str]) -> Any:
        """int64[names]: RecBole's own numbers; 0, its padding, for what it does not know."""
        known = self.dataset.field2token_id[field]
        found = np.array([int(known.get(name, 0)) for name in names])
        # The numbers of a graph's other nodes follow on those of the items.
        return np.where(found < self.dataset.num(field), found, 0)


def _question(user: int, history: list[int], length: int) -> Any:
    import torch
    from recbole.data.interaction import Interaction

    padded = history + [0] * (length - len(history))
    return Interaction(
        {
            "user_id": torch.tensor([user]),
            "item_id_list": torch.tensor([padded]),
            "item_length": torch.tensor([max(1, len(history))]),
        }
    )


def _mend() -> None:
    import torch

    old = {"bool": bool, "int": int, "float": float, "complex": complex, "object": object, "str": str}
    for name, kind in {**old, "long": np.int64, "unicode": str}.items():
        if name not in np.__dict__:
            setattr(np, name, kind)
    for name, kind in {"float_": np.float64, "complex_": np.complex128, "unicode_": np.str_}.items():
        setattr(np, name, kind)
    load = torch.load
    torch.load = lambda *given, **more: load(*given, **{"weights_only": False, **more})
    ray = types.ModuleType("ray")
    ray.tune = types.ModuleType("ray.tune")  # type: ignore[attr-defined]
    sys.modules.setdefault("ray", ray)


def _atomic(data: Data, folder: Path) -> None:
    """RecBole's files; the time of a row is its place."""
    place = folder / "atomic"
    place.mkdir(exist_ok=True)
    rows = [f"{s}\t{p}\t{t}" for t, (s, p) in enumerate(zip(data.shopper, data.product, strict=True))]
    _write(place / "atomic.inter", "user_id:token\titem_id:token\ttimestamp:float", rows)
    tails = [f"value {tail}".replace("\t", " ") for tail in data.tail]
    rows = [
        f"{head}\t{relation}\t{tail}"
        for head, relation, tail in zip(data.head, data.relation, tails, strict=True)
    ]
    _write(place / "atomic.kg", "head_id:token\trelation_id:token\ttail_id:token", rows)
    rows = [f"{head}\t{head}" for head in sorted(set(data.head.tolist()))]
    _write(place / "atomic.link", "item_id:token\tentity_id:token", rows)


def _write(path: Path, head: str, rows: list[str]) -> None:
    path.write_text("\n".join([head, *rows]) + "\n", "utf-8")


PEERS: dict[str, Callable[[Data, Path, float], Fitted]] = {
    "implicit-als": implicit_als,
    "implicit-bm25": implicit_bm25,
    "lenskit-itemknn": lenskit_itemknn,
    "lenskit-ease": lenskit_ease,
    "recbole-sasrec": recbole_sasrec,
    "recbole-cke": recbole_cke,
}


def main() -> None:
    """Fit one peer, write its scores, say what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True, help="most minutes of the processor")
    arguments = parser.parse_args()
    folder = arguments.data.resolve()
    sys.argv = sys.argv[:1]  # RecBole reads the command line by itself.
    for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "LK_NUM_THREADS", "LK_NUM_PROCS"):
        os.environ[name] = "1"
    data = Data.read(folder)
    told: dict[str, Any] = {"seconds": 0.0, "memory": 0.0, "note": "", "error": ""}
    begun = time.process_time()
    try:
        with redirect_stdout(sys.stderr), chdir(folder):
            fitted = PEERS[arguments.peer](data, folder, arguments.minutes)
            told["seconds"], told["note"] = time.process_time() - begun, fitted.note
            told["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            np.save(folder / f"{arguments.peer}.npy", np.asarray(fitted.scores(), np.float32))
    # Whatever a peer fails with is a result of the comparison, and is shown.
    except Exception as failure:  # noqa: BLE001
        traceback.print_exc()
        told["error"] = f"{type(failure).__name__}: {failure}"[:300]
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
