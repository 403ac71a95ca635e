"""Reading under attack against people's labels, and detection of fake profiles by kind and share.

python -m bench.robustness --workspace .shelfgraph/workspaces/sample --rounds 5

Reading: the sample's gold, by taggers that have not seen the product (two folds). A value is right where relation and
normalised value are those of the gold. Detection: the run that serves, each round with another seed and target.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.common import machine, table
from core.extract import tagger_training
from core.extract.example import Example
from core.extract.normalise import normalise
from core.extract.shipped import read_gold
from core.extract.tagger import Tagger
from core.recommend.runs import finished_run
from core.robust.detection import profiles_found
from core.robust.guard import guarded
from core.robust.matrix import RobustParams
from core.robust.profiles import KINDS, SHARES
from core.robust.texts import USUAL, commanded, invisible, stuffed, synonyms, typos
from core.stages.robustness import model_of
from core.storage.workspaces import Workspace

Values = set[tuple[str, str]]
Change = Callable[[str, np.random.Generator], str]


def reading(seed: int) -> str:
    """A table: F1 against gold, of each attack, before and after the guard."""
    examples = [one for one in read_gold() if one.kind == "text"]
    titles = [one.text for one in examples if "\n" not in one.text and len(one.text) < 120][:20]
    attacks: dict[str, Change] = {
        "clean": lambda text, random: text,
        "typos": lambda text, random: typos(text, USUAL["typos"], random),
        "synonyms": lambda text, random: synonyms(text, USUAL["synonyms"], random),
        "invisible": lambda text, random: invisible(text, USUAL["invisible"], random),
        "keyword_stuffing": lambda text, random: stuffed(text, titles, USUAL["keyword_stuffing"], random),
        "prompt_injection": lambda text, random: commanded(text, titles, 1),
    }
    half = np.random.default_rng(seed).permutation(len(examples)) % 2
    readers = [
        tagger_training.train([one for one, fold in zip(examples, half, strict=True) if fold != number])
        for number in range(2)
    ]
    rows = []
    for name, change in attacks.items():
        random = np.random.default_rng(seed)
        changed = [change(one.text, random) for one in examples]
        scores = []
        for texts in (changed, [guarded(text) for text in changed]):
            found = [
                _read(readers[int(fold)], text, one)
                for text, one, fold in zip(texts, examples, half, strict=True)
            ]
            scores.append(_f1([_gold(one) for one in examples], found))
        rows.append([name, *scores])
    return table(["attack", "F1", "F1 after the guard"], rows)


def detected(workspace: Workspace, rounds: int, seed: int) -> str:
    """A table: AUC of fake profiles by kind and share of the shoppers."""
    model = model_of(workspace, finished_run(workspace), RobustParams(seed=seed))
    rows = []
    for kind in KINDS:
        for share in SHARES:
            told = profiles_found(model, kind, share, rounds, seed)
            rows.append([kind, f"{share:.0%}", told["mean"], told["least"], told["found"], told["wrong"]])
    return table(["profiles", "share", "AUC", "least", "found", "false alarms"], rows)


def _read(reader: Tagger, text: str, one: Example) -> Values:
    lines = text.split("\n")
    return {
        (span.relation, normalise(span.relation, line[span.start : span.end]).key)
        for line in lines
        for span in reader.read(line, one.category).spans
    }


def _gold(one: Example) -> Values:
    return {
        (span.relation, normalise(span.relation, one.text[span.start : span.end]).key) for span in one.spans
    }


def _f1(gold: list[Values], found: list[Values]) -> float:
    right = sum(len(g & f) for g, f in zip(gold, found, strict=True))
    return 2 * right / max(1, sum(map(len, gold)) + sum(map(len, found)))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(detected(Workspace(given.workspace), given.rounds, given.seed), flush=True)
    print(reading(given.seed))
    print(machine())


if __name__ == "__main__":
    main()
