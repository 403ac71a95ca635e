"""Remake the shipped adapter of the embedded model (assets/models/adapter), or one that has not seen a category.

    python -m bench.shipped_adapter                       writes the weights and prints what the card says of them
    python -m bench.shipped_adapter --without Shoes --out /tmp/without_shoes
                                                          the same without one category of oa_mine

Trained by the fine-tuning of the app on the titles of oa_mine (Apache-2.0), whose attributes are partly reworded and
partly asked in vain, on text of the project's own (composed), and on the English gold texts of the sample.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path

import torch

from bench.common import machine
from bench.extraction import load
from core.extract import schema, shipped
from core.extract.labelled import Labelled
from core.extract.lessons import Labels, LessonConfig, lessons
from core.extract.methods import query
from core.extract.synthetic import generate
from core.extract.tokens import has_cjk
from core.llm.adapters import SHIPPED, AdapterCard
from core.llm.embedded import EmbeddedModel
from core.llm.files import EMBEDDED
from core.llm.finetune import Finetuner
from core.llm.finetune_config import FinetuneConfig
from core.llm.finetune_curves import Check, Step
from core.llm.finetune_keep import keep
from core.llm.lessons import Lesson

SEED = 7
COMPOSED = 200
SHORT = 160
"""Composed texts of at most so many characters are taken: prompts are the price, and titles are what is read."""


def curriculum(texts: int, composed: int, without: str = "") -> list[Lesson]:
    """At most ``texts`` titles of oa_mine, ``composed`` short texts of our own, and the sample's English gold."""
    drawn = random.Random(SEED)
    items, asked = load("oa_mine")
    titles = [item for item in items if item.category != without]
    chosen = drawn.sample(titles, min(texts, len(titles)))
    taught = [Labels.of_query(query(item, asked, gold=True)) for item in _by_category(chosen)]
    own = [Labels.of_query(made) for made in generate(20 * composed, SEED) if len(made.text) <= SHORT]
    return [
        *lessons(taught, LessonConfig(reword=True), SEED),
        *lessons(own[:composed], LessonConfig(group=1), SEED),
        *lessons(_sample(), LessonConfig(absent=0.5), SEED),
    ]


def _by_category(items: list[Labelled]) -> list[Labelled]:
    return sorted(items, key=lambda item: item.category)


def _sample() -> Iterator[Labels]:
    known = schema.default()
    for example in shipped.read_gold():
        if example.kind == "text" and not has_cjk(example.text) and len(example.text) <= SHORT:
            yield Labels.of_example(example, known)


def trained(given: list[Lesson], config: FinetuneConfig, out: Path, without: str) -> AdapterCard:
    """Train with the progress on standard output and write the adapter."""
    base = EmbeddedModel(plain=True)
    kept = out.with_suffix(".checkpoint")
    before = torch.load(kept, weights_only=True) if kept.is_file() else None
    tuner = Finetuner(base, given, config, resume=before)
    print(
        json.dumps({"counts": tuner.counts, "steps": tuner.total, "precision": tuner.precision}), flush=True
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    made = tuner.run(on_step=_say, on_check=_say, save=lambda state: torch.save(state, kept))
    kept.unlink()
    data = "oa_mine, composed texts, the sample" + (f"; without {without}" if without else "")
    return keep(out, base, EMBEDDED, made, config, given, data)


def _say(line: Step | Check) -> None:
    if isinstance(line, Step):
        if line.step % 10 == 0:
            rest = f"lr {line.lr:.1e}  {line.tokens_per_s:.0f} tokens/s  {line.left:.0f} s left"
            print(f"  step {line.step} loss {line.loss:.3f}  {rest}", flush=True)
    else:
        print(f"valid at {line.step}: loss {line.loss:.4f}, right {line.right:.3f}", flush=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--without", default="", metavar="CATEGORY")
    parser.add_argument("--texts", type=int, default=1_452, help="titles of oa_mine")
    parser.add_argument("--composed", type=int, default=COMPOSED, help="texts of our own")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    arguments = parser.parse_args()
    config = FinetuneConfig(
        epochs=arguments.epochs, learning_rate=arguments.rate, seed=SEED, checks=2, valid_share=0.02
    )
    given = curriculum(arguments.texts, arguments.composed, arguments.without)
    card = trained(given, config, arguments.out, arguments.without)
    print(card.model_dump_json(indent=1))
    print(machine())


if __name__ == "__main__":
    main()
