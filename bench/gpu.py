"""What a GPU is worth: the same work on the device that is there, table by table.

    python -m bench.gpu                                   on the GPU, where there is one
    CUDA_VISIBLE_DEVICES= python -m bench.gpu             the same on the processor
    python -m bench.gpu --only encoders --most 200        fewer texts

training   examples a second of the recommender's steps (synthetic shops of bench.cost), by precision and batch
reading    titles a second of the span reader
encoders   texts a second of LoRA and of full tuning of text encoders: the embedded one, and decoders of the shapes of
           Qwen2.5 0.5B and 1.5B with random weights, which cost what real ones cost and are worth nothing
writing    products a second of the embedded language model that fills in forms, by how many are asked together
teaching   tokens a second of fine-tuning it by LoRA

Rates are the medians of steps after the first ones, in which memory is found and kernels are chosen. Memory is the most
that was held on the GPU, or by the process where there is none.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.common import line, machine, table
from bench.cost import SAMPLED, SETTINGS, Size, shop
from core.domain import Document, DocumentKind, content_hash
from core.extract import shipped
from core.extract.joint import Joint, Passage
from core.extract.lessons import Labels, LessonConfig, lessons
from core.extract.llm_reader import LlmReader
from core.extract.schema import default
from core.extract.synthetic import generate
from core.llm.backbone import Backbone
from core.llm.embedded import EmbeddedModel
from core.llm.files import EMBEDDED, SENTENCES, folder_of
from core.llm.finetune import Finetuner
from core.llm.finetune_config import FinetuneConfig
from core.llm.finetune_curves import mean_rate, memory_mb
from core.recommend.compute import ahead
from core.recommend.config import config_of
from core.recommend.data import Interactions
from core.recommend.train import Trainer
from core.recommend.tuning.config import config_of as tuning_of
from core.recommend.tuning.pairs import Pairs
from core.recommend.tuning.phases import Material
from core.recommend.tuning.quality import Quality
from core.recommend.tuning.trainer import Tuner
from core.settings import ASSETS

Rows = Iterator[Sequence[Any]]
SEED = 3
SECONDS = 3.0
WARM = 3
HERE = "cuda" if torch.cuda.is_available() else "cpu"
SHAPES: dict[str, dict[str, int]] = {
    "0.5B": {
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
    },
    "1.5B": {
        "hidden_size": 1536,
        "intermediate_size": 8960,
        "num_hidden_layers": 28,
        "num_attention_heads": 12,
    },
}
"""Of Qwen2.5 (Qwen Team, 2024): https://huggingface.co/Qwen/Qwen2.5-0.5B and -1.5B, config.json."""
WORDS, KEYS = 151_936, 2


def training(_most: int) -> Rows:
    """Steps of the recommender: two shops, formats and batches."""
    formats = ("float32", "bf16") if HERE == "cuda" else ("float32",)
    yield "products", "ranked", "format", "shoppers a step", "examples/s", "MB"
    for size, loss in ((Size(5_000, 60_000, 50_000), {}), (Size(100_000, 100_000, 200_000), SAMPLED)):
        prepared = shop(size, config_of(SETTINGS | loss))
        for precision in formats:
            for batch in (32, 256, 1024):
                values = {"threads": 0, "device": HERE, "precision": precision, "batch_size": batch}
                trainer = Trainer(prepared, config_of(SETTINGS | loss | values))
                yield (size.products, "all" if not loss else "a sample", precision, batch, *_steps(trainer))


def _steps(trainer: Trainer) -> tuple[float, float]:
    """(examples a second, MB at most) of steps for some seconds, batches drawn ahead as in training."""
    _forget()
    random, rates = np.random.default_rng(0), list[float]()
    trainer.network.train()
    batches = chain.from_iterable(trainer.examples.epoch(number) for number in range(1_000))
    began = last = time.perf_counter()
    for batch in ahead(batches) if HERE == "cuda" else batches:
        trainer.steps.take(batch, random)
        now = time.perf_counter()
        rates.append(len(batch.target) / (now - last))
        last = now
        if now - began > SECONDS and len(rates) > WARM:
            break
    return mean_rate(rates[WARM:]), memory_mb(HERE)


def reading(most: int) -> Rows:
    """Titles through the shipped span reader."""
    joint = Joint(default(), None, None)
    asks = [joint.query(Passage(text, kind)) for text, kind in _products(6 * most)]
    reader = shipped.default_reader()
    _forget()
    rate = _rate(len(asks), lambda: reader.read(asks))
    yield "titles", "titles/s", "MB"
    yield len(asks), rate, memory_mb(HERE)


def encoders(most: int) -> Rows:
    """Contrast steps of tunings, by size and kind."""
    yield "encoder", "kind", "format", "weights tuned", "texts/s", "MB"
    with tempfile.TemporaryDirectory() as folder:
        bases = {"embedded, 22M": SENTENCES}
        if HERE == "cuda":
            bases |= {name: str(_drawn(Path(folder) / name, shape)) for name, shape in SHAPES.items()}
        for name, base in bases.items():
            for kind in ("lora", "full"):
                for precision in ("float32", "bfloat16"):
                    yield (name, kind, precision, *_tuned(base, kind, precision, most))


def _tuned(base: str, kind: str, precision: str, most: int) -> tuple[str, float, float]:
    texts = _texts(most)
    random = np.random.default_rng(0)
    rows = [(f"s{k // 8}", f"p{at}", float(k)) for k, at in enumerate(random.integers(most, size=4 * most))]
    pairs = Pairs.of(Interactions.of(rows, [f"p{k}" for k in range(most)]), 5)
    config = tuning_of(
        {"kind": kind, "pretrain_epochs": 0, "epochs": 1, "most_pairs": 16 * 64, "batch_size": 64, "checks": 1,
             "max_tokens": 64, "precision": precision}
    )  # fmt: skip
    _forget()
    nothing = Quality(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, np.zeros(1))
    trained = Tuner(Backbone(base), Material(texts, pairs), config, lambda vectors: nothing).run()
    rates = [step.texts_per_s for step in trained.steps]
    return f"{trained.counts['parameters']:,}", mean_rate(rates[WARM:]), trained.steps[-1].memory_mb


def _drawn(folder: Path, shape: dict[str, int]) -> Path:
    """A decoder of that shape with random weights, which reads by the embedded model's tokens."""
    from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

    AutoTokenizer.from_pretrained(folder_of(EMBEDDED)).save_pretrained(folder)
    torch.manual_seed(0)
    with torch.device(HERE):
        made = Qwen2ForCausalLM(
            Qwen2Config(**shape, vocab_size=WORDS, num_key_value_heads=KEYS, tie_word_embeddings=True)
        )
    made.to(torch.bfloat16).save_pretrained(folder)
    return folder


def writing(most: int) -> Rows:
    """Forms filled in by the embedded model."""
    found = _products(most)
    documents = [
        Document(f"{at}/title", str(at), "title", DocumentKind.TEXT, text, content_hash(text))
        for at, (text, _) in enumerate(found)
    ]
    yield "asked together", "titles", "titles/s", "tokens/s", "MB"
    for batch in (8, 64) if HERE == "cuda" else (8,):
        model = EmbeddedModel(batch)
        reader = LlmReader(model, default())
        some = documents if HERE == "cuda" else documents[: max(8, most // 8)]
        kinds = [kind for _, kind in found][: len(some)]
        list(reader.read(some[:batch], kinds[:batch]))
        _forget()
        began = time.perf_counter()
        readings = list(reader.read(some, kinds))
        spent = time.perf_counter() - began
        tokens = sum(reading.new_tokens for reading in readings)
        yield batch, len(some), len(some) / spent, tokens / spent, memory_mb(HERE)


def teaching(most: int) -> Rows:
    """Steps of LoRA on the embedded model."""
    yield "lessons a step", "format", "tokens/s", "MB"
    given = [Labels.of_query(made) for made in generate(most, SEED)]
    made = lessons(given, LessonConfig(group=1), SEED)
    for batch in (8, 32) if HERE == "cuda" else (8,):
        config = FinetuneConfig(steps=24 if HERE == "cuda" else 6, batch_size=batch, checks=1)
        _forget()
        trained = Finetuner(EmbeddedModel(plain=True), made, config).run()
        rate = mean_rate([step.tokens_per_s for step in trained.steps][WARM:])
        yield batch, trained.precision, rate, trained.steps[-1].memory_mb


def _products(most: int) -> list[tuple[str, str]]:
    """(title, category) of the sample's products, repeated where there are too few."""
    with (ASSETS / "sample" / "products.csv").open(encoding="utf-8") as file:
        rows = [(row["title"], row["category"]) for row in csv.DictReader(file) if row["title"]]
    return [rows[at % len(rows)] for at in range(most)]


def _texts(most: int) -> list[str]:
    with (ASSETS / "sample" / "products.csv").open(encoding="utf-8") as file:
        rows = [f"{row['title']}. {row['description']}" for row in csv.DictReader(file)]
    return [rows[at % len(rows)] for at in range(most)]


def _rate(count: int, work: Callable[[], object]) -> float:
    work()
    rates = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        rates.append(count / (time.perf_counter() - began))
    return float(np.median(rates))


def _forget() -> None:
    if HERE == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


PARTS: dict[str, Callable[[int], Rows]] = {
    "training": training,
    "reading": reading,
    "encoders": encoders,
    "writing": writing,
    "teaching": teaching,
}
"""What each table is made by, from how many texts there are: its columns, then its rows."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--most", type=int, default=256, help="texts to read, write or tune on")
    asked = parser.parse_args()
    print(machine())
    for name in asked.only:
        rows = PARTS[name](asked.most)
        print(f"\n**{name}**\n\n{table(next(rows), [])}", flush=True)
        for row in rows:  # as they come, so that half a table is there if it is stopped
            print(line(row), flush=True)


if __name__ == "__main__":
    main()
