"""How fast a build's readers are: tagger alone, and tagger with span reader, on titles and on whole texts.

    python -m bench.reading sample
    python -m bench.reading amazon_office --products 300

Processor seconds are those of all threads together, so they mean something on a busy machine too.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Sequence

from bench.common import machine, peak_memory_mb, table, timed
from core.extract import shipped
from core.extract.joint import Joint, Passage
from core.extract.schema import default
from core.extract.teach import ReaderFiles
from core.settings import ASSETS, settings

HEAD = ("texts", "products", "letters each", "products a second", "processor ms each")


def products(name: str, count: int) -> list[tuple[str, str, str]]:
    """(title, description, category) of the first products."""
    if name == "sample":
        with (ASSETS / "sample" / "products.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [(row["title"], row["description"], row["category"]) for row in rows[:count]]
    import pandas

    frame = pandas.read_parquet(settings().data / name / "items.parquet").head(count)
    return [
        (str(row.get("title") or ""), _flat(row.get("description")), "") for row in frame.to_dict("records")
    ]


def _flat(value: object) -> str:
    if value is None or isinstance(value, float):
        return ""
    return value if isinstance(value, str) else "\n".join(str(part) for part in value)  # type: ignore[attr-defined]


def measured(
    name: str, passages: Sequence[Passage], of: int, read: Callable[[], object]
) -> tuple[object, ...]:
    """One row: what ``read`` takes."""
    began = time.process_time()
    with timed() as wall:
        read()
    spent = time.process_time() - began
    letters = sum(len(passage.text) for passage in passages) / of
    return (name, of, round(letters), of / wall.seconds, 1000 * spent / of)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", choices=("sample", "amazon_office"))
    parser.add_argument("--products", type=int, default=300)
    parser.add_argument("--whole", type=int, default=60, help="so many of them with their descriptions")
    arguments = parser.parse_args()
    found = products(arguments.set, arguments.products)
    joint = Joint(default(), shipped.default_tagger(), ReaderFiles(shipped.READER, "shipped", False))
    shipped.default_reader()
    titles = [Passage(title, category) for title, _, category in found]
    some = found[: arguments.whole]
    whole = [Passage(t, c) for title, told, c in some for t in (title, told) if t.strip()]
    rows = [
        measured("titles, tagger", titles, len(found), lambda: [joint.tag(one) for one in titles]),
        measured("titles, both", titles, len(found), lambda: joint.read(titles)),
        measured("whole, tagger", whole, len(some), lambda: [joint.tag(one) for one in whole]),
        measured("whole, both", whole, len(some), lambda: joint.read(whole)),
    ]
    print(table(HEAD, rows))
    print(f"{arguments.set}; {machine()}, {peak_memory_mb():,.0f} MB at most")


if __name__ == "__main__":
    main()
