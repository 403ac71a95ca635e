"""Recommenders of other libraries beside ShelfGraph and its baselines, on the same files and by the same measure.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install recbole==1.2.1 implicit==0.7.3 lenskit==2025.8.1
    OMP_NUM_THREADS=1 python -m bench.peers --python /tmp/peers/bin/python
    OMP_NUM_THREADS=1 python -m bench.peers --python /tmp/peers/bin/python --keep /tmp/peers.json --only recbole-cke

Everybody gets the rows of training and validation and is asked for the scores of all products for each test shopper;
what a shopper has is left out, the rest is ranked and measured here. Peers come with their published defaults. Those
that train by epochs (RecBole's) stop early on validation by its rule (NDCG@10, ten passes without a better one) and are
then trained for as many epochs on training and validation rows together, as the baselines are fitted again on both;
for the first part they have half of ``--minutes`` of the processor, for the second what as many epochs take, and the
note says so where the time was up first. CKE gets the facts that ShelfGraph read from the items' texts, the same that
its network gets. ShelfGraph's baselines are tuned on validation; the peers that do not train by epochs are not.

Each runs in a process of its own with one thread. Seconds are the processor's: the fit that is tested, early stopping
included, and in another column what tuning took before. The memory is the most that the process held, libraries
included. Differences are paired over shoppers, with 95% bootstrap intervals. With ``--keep`` what has been measured is
not measured again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench.common import machine, peak_memory_mb, table
from bench.peer_recommenders import PEERS
from core.recommend.baselines import NEEDS_TEXT
from core.recommend.config import PRESETS, GraphKind, TextKind, TrainConfig
from core.recommend.data import Ints
from core.recommend.encoder import sentence_encoder
from core.recommend.experiment import tested
from core.recommend.files import Benchmark, read_benchmark
from core.recommend.measure import Measured, Scores, evaluate
from core.recommend.prepare import prepare
from core.recommend.significance import bootstrap, compare
from core.recommend.train import Trainer
from core.settings import settings
from core.stages.read_items import read_facts

SETS = ("amazon_office", "amazon_industrial")
LEADERS = ("itemknn_text", "ease_text")
"""What the network may stand on: the two that lead on these sets."""
NETWORK = "shelfgraph"
OWN = ("itemknn", "ease", *LEADERS, NETWORK)
REFERENCE = "ease_text"
NEED_FACTS = {NETWORK, "recbole-cke"}


@dataclass(frozen=True)
class Outcome:
    """What one recommender did: NDCG@10 and hits of each test shopper, coverage, seconds of the processor in tuning
    and in the fit, MB, how the fit ended, and what it failed with."""

    ndcg: list[float]
    hit: list[float]
    coverage: float
    tuning: float
    seconds: float
    memory: float
    note: str = ""
    error: str = ""


def benchmark(name: str) -> Benchmark:
    """One of the SETS."""
    folder = settings().data / name
    parts = (folder / "dev" / f"{part}.parquet" for part in ("train", "valid", "test"))
    return read_benchmark(folder / "items.parquet", *parts, None)


def own(name: str, bench: Benchmark, preset: str) -> Outcome:
    """A model of ShelfGraph's: tuned on validation, fitted on all that precedes the test, tested."""
    split, begun = bench.split, time.process_time()
    config = _config(name, preset)
    encoder = sentence_encoder() if config.text in (TextKind.BOTH, TextKind.SENTENCE) else None
    chosen = LEADERS if name == NETWORK else (name,)
    prepared = prepare(split, bench.products, bench.facts or {}, config, encoder, baselines=chosen)
    tuning, begun, note = time.process_time() - begun, time.process_time(), ""
    baseline = prepared.refitted()
    if name != NETWORK:
        seconds = time.process_time() - begun
        measured = evaluate(baseline.score, split.test, split.known.counts)
    else:
        trained = Trainer(prepared, config).run()
        seconds = time.process_time() - begun
        measured = tested(prepared, trained.network, trained.mix, trained.average, baseline)
        note = (
            f"{len(trained.curves)} epochs, on {baseline.name}, weight of the network {trained.mix.network:g}"
        )
    return _outcome(measured, tuning=tuning, seconds=seconds, memory=peak_memory_mb(), note=note)


def _config(name: str, preset: str) -> TrainConfig:
    config = PRESETS[preset].model_copy(update={"threads": 1})
    if name == NETWORK:
        return config
    text = config.text if name in NEEDS_TEXT else TextKind.NONE
    return config.model_copy(update={"graph": GraphKind.NONE, "text": text})


def own_process(name: str, bench: Benchmark, preset: str) -> Outcome:
    """The same in a process of its own, so that its memory is its own."""
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawning) as pool:
        return pool.submit(own, name, bench, preset).result()


def peer(name: str, bench: Benchmark, python: Path, minutes: float) -> Outcome:
    """A peer in its own Python."""
    with TemporaryDirectory() as folder:
        _write(bench, Path(folder) / "data.npz")
        # -P keeps the folder of the script from its path, where names are that its libraries import.
        command = [str(python), "-P", str(Path(__file__).with_name("peer_recommenders.py")), name]
        command += ["--data", folder, "--minutes", str(minutes)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        told = json.loads(ran.stdout.splitlines()[-1])
        if told["error"]:
            return Outcome([], [], 0.0, 0.0, **told)
        scores = np.load(Path(folder) / f"{name}.npy")
    rows = iter(np.array_split(scores, len(scores)))

    def score(histories: Sequence[Ints]) -> Scores:
        # The cases are asked for in their order, which is that of the file.
        return np.concatenate([next(rows) for _ in histories])

    measured = evaluate(score, bench.split.test, bench.split.known.counts)
    return _outcome(measured, tuning=0.0, **{key: told[key] for key in ("seconds", "memory", "note")})


def _write(bench: Benchmark, file: Path) -> None:
    """What a peer reads."""
    known, train = bench.split.known, bench.split.train
    place = {product: row for row, product in enumerate(known.products)}
    facts = [(place[p], f.relation, f.object) for p, own in (bench.facts or {}).items() for f in own]
    # The last rows of a shopper are those of validation.
    at = np.arange(len(known)) - known.bounds[known.shopper]
    np.savez(
        file,
        shopper=known.shopper,
        product=known.product,
        valid=at >= np.diff(train.bounds)[known.shopper],
        asked=bench.split.test.shopper,
        products=len(known.products),
        head=np.array([head for head, _, _ in facts]),
        relation=np.array([relation for _, relation, _ in facts]),
        tail=np.array([tail for _, _, tail in facts]),
    )


def _outcome(measured: Measured, **cost: Any) -> Outcome:
    ndcg, hit = (measured.per_case[name].tolist() for name in ("ndcg@10", "hr@10"))
    return Outcome(ndcg, hit, measured.coverage, **cost)


_HEAD = [
    "recommender",
    "HR@10",
    "NDCG@10 [95%]",
    f"NDCG@10 less that of {REFERENCE}",
    "coverage",
    "tuning, s",
    "fit, s",
    "peak, MB",
    "note",
]


def row(name: str, done: Mapping[str, Outcome]) -> list[object]:
    """A line of the table."""
    one = done[name]
    if one.error:
        return [name, *["–"] * 7, one.error]
    mean = bootstrap(np.array(one.ndcg))
    apart = "–"
    if name != REFERENCE and REFERENCE in done:
        against = compare(np.array(one.ndcg), {REFERENCE: np.array(done[REFERENCE].ndcg)})[
            REFERENCE
        ].difference
        apart = f"{against.mean:+.4f} [{against.low:+.4f}, {against.high:+.4f}]"
    return [
        name,
        f"{np.mean(one.hit):.4f}",
        f"{mean.mean:.4f} [{mean.low:.4f}, {mean.high:.4f}]",
        apart,
        f"{one.coverage:.2f}",
        f"{one.tuning:.0f}" if one.tuning else "–",
        f"{one.seconds:.1f}",
        f"{one.memory:.0f}",
        one.note,
    ]


def kept(file: Path | None) -> dict[str, Outcome]:
    """Outcomes by recommender from an earlier run."""
    if file is None or not file.is_file():
        return {}
    return {name: Outcome(**one) for name, one in json.loads(file.read_text("utf-8")).items()}


def keep(file: Path | None, done: Mapping[str, Outcome]) -> None:
    """Write them, so that a later run goes on from here."""
    if file is not None:
        file.write_text(json.dumps({name: asdict(one) for name, one in done.items()}), "utf-8")


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", type=Path, help="of the environment with the peers; without it no peer")
    parser.add_argument("--set", choices=SETS, default=SETS[0])
    parser.add_argument("--minutes", type=float, default=15.0, help="most of the processor for a peer")
    parser.add_argument("--preset", choices=PRESETS, default="balanced", help="of ShelfGraph's network")
    parser.add_argument("--only", nargs="*", choices=(*PEERS, *OWN), default=[*PEERS, *OWN])
    parser.add_argument("--keep", type=Path, help="the file with what was measured so far")
    arguments = parser.parse_args()
    done = kept(arguments.keep)
    wanted = [name for name in arguments.only if name not in done and (name in OWN or arguments.python)]
    bench = benchmark(arguments.set)
    if NEED_FACTS & set(wanted):
        bench = replace(bench, facts=read_facts(bench.products))
    for name in wanted:
        if name in OWN:
            done[name] = own_process(name, bench, arguments.preset)
        else:
            done[name] = peer(name, bench, arguments.python, arguments.minutes)
        keep(arguments.keep, done)
    print(table(_HEAD, [row(name, done) for name in done]))
    print(
        f"\n{machine()}; {arguments.set}, {len(bench.split.test)} test shoppers, {len(bench.products)} products"
    )


if __name__ == "__main__":
    main()
