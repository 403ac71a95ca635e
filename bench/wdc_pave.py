"""WDC-PAVE after normalisation: the normaliser by itself, and what is left of a reading when its values are normalised.

    python -m bench.wdc_pave                            gold surface → gold normal value, by attribute
    python -m bench.wdc_pave --readings untaught        F1 of the shipped reader's values after normalisation
    python -m bench.wdc_pave --readings taught --fold 0 F1 of a reader taught by the other four folds
    python -m bench.wdc_pave --labelled FILE --schema FILE   writes both for `core score extraction`

The rules are in wdc_pave.yaml, put down from the instructions that come with the data. The lists of words that stand
for a category are also learned: the surfaces of the other folds' gold, under the category they have there. Readings
are taken from what bench.extraction keeps, and read where that has none.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas
import yaml

from bench import extraction
from bench.common import table
from core.extract.ensemble import best, default_weights, weighed
from core.extract.ground import Span
from core.extract.labelled import Labelled
from core.extract.normal_rules import Rule
from core.extract.normal_score import Rules, normal_label, normalised_cells
from core.extract.score import Cells, cells, count
from core.extract.tokens import fold
from core.settings import settings

NAME = "wdc_pave"
FOLDS = 5
RULES = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class Part:
    """Offers to judge on, and those to learn the words of categories from."""

    held: list[Labelled]
    lessons: list[Labelled]


def load() -> list[Labelled]:
    """The offers in the order of ``bench.extraction``, with their normalised gold."""
    gold = pandas.read_parquet(settings().data / NAME / "dev" / "gold.parquet")
    normal: dict[str, dict[str, list[str]]] = {}
    for row in gold[gold.kind == "normalized"].itertuples():
        found = normal.setdefault(str(row.id), {}).setdefault(row.attribute, [])
        if isinstance(row.value, str) and row.value:
            found.append(row.value)
    items, _asked = extraction.load(NAME)
    return [replace(i, normalised={k: tuple(v) for k, v in normal.get(i.id, {}).items()}) for i in items]


def parts(items: Sequence[Labelled]) -> list[Part]:
    """The folds of ``bench.extraction``."""
    dealt = extraction.split(items, FOLDS)
    return [Part(held, [item for other in dealt if other is not held for item in other]) for held in dealt]


def written() -> dict[str, dict[str, Rule]]:
    """The rules as they are put down."""
    raw = yaml.safe_load(RULES.read_text("utf-8"))["rules"]
    return {
        category: {
            name: Rule.of(told.get("type", "text"), told.get("unit", ""), told.get("normalise"))
            for name, told in attributes.items()
        }
        for category, attributes in raw.items()
    }


def learned(rules: Rules, lessons: Iterable[Labelled]) -> dict[str, dict[str, Rule]]:
    """The rules with the lessons' surfaces among the words of the category that most often is theirs."""
    seen: dict[tuple[str, str, str], Counter[str]] = {}
    for item in lessons:
        for name, surfaces in item.values.items():
            normal = item.normalised.get(name, ())
            rule = rules.get(item.category, {}).get(name)
            if rule and rule.categories and len(normal) == 1:
                for surface in surfaces:
                    seen.setdefault((item.category, name, fold(surface)), Counter())[normal[0]] += 1
    made = {category: dict(own) for category, own in rules.items()}
    for (category, name, surface), counts in sorted(seen.items()):
        rule = made[category][name]
        chosen = counts.most_common(1)[0][0]
        words = {key: tuple(w for w in ws if fold(w) != surface) for key, ws in rule.categories.items()}
        made[category][name] = replace(rule, categories={**words, chosen: (*words.get(chosen, ()), surface)})
    return made


def normaliser(items: Sequence[Labelled]) -> str:
    """Gold surfaces whose normal value is one of the gold ones, by attribute; with the words put down, and with learned
    ones, fold by fold."""
    shown = written()
    right: dict[tuple[str, str], Counter[str]] = {}
    missed: dict[tuple[str, str], Counter[str]] = {}
    for part in parts(items):
        taught = learned(shown, part.lessons)
        for item in part.held:
            for name, gold in item.normalised.items():
                key = (item.category, name)
                counts = right.setdefault(key, Counter())
                for surface in item.values.get(name, ()) if gold else ():
                    value = normal_label(taught, item.category, name, surface)
                    counts["all"] += 1
                    counts["surface"] += surface in gold
                    counts["written"] += normal_label(shown, item.category, name, surface) in gold
                    counts["learned"] += value in gold
                    if value not in gold:
                        missed.setdefault(key, Counter())[f"{surface} → {value} ≠ {' | '.join(gold)}"] += 1
    rows = [
        _row(f"{category}: {name}", counts) for (category, name), counts in sorted(right.items()) if counts
    ]
    rows.append(_row("all", sum(right.values(), Counter())))
    for key, counts in sorted(missed.items()):
        print(f"{key[0]}: {key[1]}")
        for said, times in counts.most_common(4):
            print(f"  {times} × {said}")
    return table(["attribute", "values", "as they stand", "rules", "rules, words learned"], rows)


def _row(name: str, counts: Counter[str]) -> list[object]:
    shares = [f"{100 * counts[key] / max(1, counts['all']):.1f}" for key in ("surface", "written", "learned")]
    return [name, counts["all"], *shares]


def readings(kind: str, number: int) -> str:
    """F1 of a reader's values, as they are read against the surfaces, and normalised against the normal values."""
    items = load()
    normal = {item.id: item.normalised for item in items}
    taught = kind == "taught"
    chosen = extraction.fold(NAME, number, FOLDS) if taught else extraction.untaught(NAME)
    held = [replace(item, normalised=normal[item.id]) for item in chosen.items]
    weights = default_weights("both" if taught else "untaught")
    values = [best(weighed(found, weights), weights.threshold) for found in chosen.candidates]
    rules: Rules = written()
    rows = [_scores("normalised, rules", normalised_cells(held, values, rules))]
    if taught:
        rules = learned(rules, parts(items)[number].lessons)
        rows.append(_scores("normalised, rules with words learned", normalised_cells(held, values, rules)))
    rows.insert(0, _scores("as read, same attributes", _as_read(held, values)))
    head = ["values", "annotated-only F1", "strict F1", "strict P", "strict R"]
    return f"{table(head, rows)}\n\n{kind}, {len(held)} offers"


def _as_read(held: Sequence[Labelled], values: Sequence[Mapping[str, Span]]) -> tuple[Cells, Cells]:
    """The same attributes before normalisation, against the surfaces."""
    asked: dict[str, set[str]] = {}
    for item in held:
        asked.setdefault(item.category, set()).update(item.normalised)
    annotated, every = Cells(), Cells()
    for item, spans in zip(held, values, strict=True):
        said = {name: item.text[s.start : s.end] for name, s in spans.items() if name in asked[item.category]}
        annotated += count(cells(item.values, said, item.normalised))
        every += count(cells(item.values, said, sorted(asked[item.category])))
    return annotated, every


def _scores(name: str, both: tuple[Cells, Cells]) -> list[object]:
    annotated, strict = both
    return [name, *(f"{100 * v:.1f}" for v in (annotated.f1, strict.f1, strict.precision, strict.recall))]


def write(labelled: Path, schema: Path) -> None:
    """The dev offers and their schema in the form that the command line scores."""
    lines = [
        {"id": i.id, "category": i.category, "text": i.text, "values": i.values, "normalised": i.normalised}
        for i in load()
    ]
    labelled.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    raw: Mapping[str, Mapping[str, object]] = yaml.safe_load(RULES.read_text("utf-8"))["rules"]
    _items, asked = extraction.load(NAME)
    told = {
        category: {
            name: {"description": text, **dict(raw.get(category, {}).get(name, {}))}
            for name, text in own.items()
        }
        for category, own in asked.items()
    }
    schema.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")


def main() -> None:
    """Parse the arguments and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--readings", choices=("taught", "untaught"))
    parser.add_argument("--fold", type=int, default=0, choices=range(FOLDS))
    parser.add_argument("--labelled", type=Path)
    parser.add_argument("--schema", type=Path)
    options = parser.parse_args()
    if options.labelled and options.schema:
        write(options.labelled, options.schema)
    elif options.readings:
        print(readings(options.readings, options.fold))
    else:
        print(normaliser(load()))


if __name__ == "__main__":
    main()
