"""A benchmark's files: items, interactions in three parts, and perhaps triples; and the score of models on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.domain import Fact, Product, content_hash
from core.errors import DataError, UnreadableFile
from core.recommend.data import Split, published_split

ITEM = ("item", "item_id", "product", "product_id", "id", "asin", "parent_asin")
USER = ("user", "user_id", "shopper", "shopper_id", "household_id", "customer_id")
TIME = ("pos", "time", "timestamp", "position", "order", "week", "day")
TITLE = ("title", "name", "product_name", "lexical_id")
TEXT = ("description", "text", "features", "categories", "category")

Event = tuple[str, str, float]


@dataclass(frozen=True, eq=False)
class Benchmark:
    """What the files hold. ``repeats`` of the split are answers the shopper had before, left out as the rule says."""

    products: tuple[Product, ...]
    split: Split
    facts: Mapping[str, Sequence[Fact]] | None


def read_benchmark(items: Path, train: Path, valid: Path, test: Path, triples: Path | None) -> Benchmark:
    """Read Parquet or CSV files: items (an id, perhaps a title, brand, price and other texts), interactions (shopper,
    item, and an order) and triples (head, relation, tail).

    Raises UnreadableFile, and DataError that names the column that is missing and those that are there.
    """
    products = read_items(items)
    ids = [product.id for product in products]
    parts = (read_events(train), read_events(valid), read_events(test))
    known = set(ids)
    for path, rows in zip((train, valid, test), parts, strict=True):
        if rows and not any(row[1] in known for row in rows):
            raise DataError(
                f"None of its items is in {items.name}.",
                where=str(path),
                remedy="Give the items file of the same data set.",
            )
    facts = facts_of(read_table(triples), known, triples) if triples else None
    return Benchmark(tuple(products), published_split(parts[0], parts[1], parts[2], ids), facts)


def read_items(path: Path) -> list[Product]:
    """Products in the order of the file; of rows with the same id the first counts."""
    frame = read_table(path)
    key = column(frame, ITEM, path)
    title = next((name for name in TITLE if name in frame), None)
    texts = [name for name in TEXT if name in frame]
    made: dict[str, Product] = {}
    for row in frame.to_dict("records"):
        name = text_of(row[key])
        if not name or name in made:
            continue
        price = row.get("price")
        made[name] = Product(
            name,
            text_of(row[title]) if title else "",
            ". ".join(filter(None, (text_of(row[column]) for column in texts))),
            text_of(row.get("brand")) or None,
            text_of(row.get("category")) or None,
            float(price) if isinstance(price, int | float) and price == price else None,
        )
    if not made:
        raise DataError("There is no item in it.", where=str(path), remedy="Give a file with items.")
    return list(made.values())


def read_events(path: Path) -> list[Event]:
    """(shopper, item, order) of each row; without a column of order, that of the file."""
    frame = read_table(path)
    user, item = column(frame, USER, path), column(frame, ITEM, path)
    order = next((name for name in TIME if name in frame), None)
    times: Sequence[Any] = frame[order].tolist() if order else range(len(frame))
    try:
        return [
            (text_of(u), text_of(i), float(t))
            for u, i, t in zip(frame[user].tolist(), frame[item].tolist(), times, strict=True)
        ]
    except (TypeError, ValueError) as error:
        raise DataError(
            f"Its column {order!r} is no order ({error}).",
            where=str(path),
            remedy="Give numbers: positions, or seconds since the epoch.",
        ) from error


def facts_of(frame: Any, items: set[str], path: Path | None = None) -> dict[str, list[Fact]]:
    """Facts by item; a tail that is an item is that product, any other a value of its relation."""
    where = path or Path("triples")
    head, relation, tail = (
        column(frame, names, where) for names in (("head", "subject"), ("relation",), ("tail", "object"))
    )
    made: dict[str, dict[str, Fact]] = {}
    for one, name, other in zip(frame[head], frame[relation], frame[tail], strict=True):
        subject, value = text_of(one), text_of(other)
        if subject not in items or not value or value == subject:
            continue
        node = f"product:{value}" if value in items else f"{text_of(name).lower()}:{value.casefold()}"
        key = content_hash(f"product:{subject}", text_of(name), node)
        made.setdefault(subject, {})[key] = Fact(key, f"product:{subject}", text_of(name), node, (), 1.0)
    if not made:
        raise DataError(
            "None of its heads is an item.", where=str(where), remedy="Give triples about the items."
        )
    return {subject: list(facts.values()) for subject, facts in made.items()}


def read_table(path: Path) -> Any:
    """A data frame of a Parquet or CSV file; raises UnreadableFile."""
    import pandas as pd
    from pyarrow import ArrowException

    try:
        return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    except FileNotFoundError:
        raise UnreadableFile("The file does not exist.", where=str(path), remedy="Check its name.") from None
    except (ArrowException, OSError, ValueError) as error:
        raise UnreadableFile(
            f"This is no table ({str(error).splitlines()[0]}).",
            where=str(path),
            remedy="Give Parquet or CSV.",
        ) from error


def column(frame: Any, names: Sequence[str], path: Path) -> str:
    """The first of these columns that is there; raises DataError where none is."""
    found = next((name for name in names if name in frame), None)
    if found is None:
        raise DataError(
            f"There is no column {' or '.join(names[:3])}; there are {', '.join(map(str, list(frame)[:12]))}.",
            where=str(path),
            remedy=f"Name one of them {names[0]}.",
        )
    return found


def text_of(value: Any) -> str:
    """A cell as text: nothing for what is missing, a list as its parts."""
    if isinstance(value, str):
        return value.strip()
    if hasattr(value, "__len__"):
        return ", ".join(text_of(part) for part in value)
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
