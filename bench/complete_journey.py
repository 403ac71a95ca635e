"""Complete Journey as a benchmark's files, for ``score recommendation``: which products will a household buy for the
first time?

    python -m bench.complete_journey --to /tmp/journey
    python -m core score recommendation --items /tmp/journey/items.parquet --train /tmp/journey/train.parquet \\
        --valid /tmp/journey/valid.parquet --test /tmp/journey/test.parquet --triples /tmp/journey/triples.parquet

A global temporal split: training is all before week 46, validation weeks 46 to 49, test weeks 50 to 53 (those of the
households that are given). A row is the first purchase of a product by a household in its part, its order the moment of
that purchase. Whatever a household bought before is left out of its answers and of the ranking by the score itself, so
that only newly bought products count. Products that fewer than ``--households`` bought in training are left out of all
parts, and so is what is no product (coupons, fuel). The triples are the columns of the products file; the only text is
the product's type and category.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bench.common import table
from core.settings import settings

VALID_FROM = 46
FEWEST = 30
"""Leaves 6,062 products, so that EASE holds all of them."""
NO_PRODUCT = "COUPON|^FUEL$|GASOLINE"
FACTS = ("department", "product_category", "product_type", "manufacturer_id", "brand", "package_size")


def parts(fewest: int) -> dict[str, Any]:
    """Data frames by name: items, train, valid, test, triples."""
    import pandas as pd

    folder = settings().data / "complete_journey"
    columns = ["household_id", "product_id", "week", "transaction_timestamp"]
    rows = pd.read_parquet(folder / "dev" / "transactions_train.parquet", columns=columns)
    test = pd.read_parquet(folder / "dev" / "transactions_test.parquet", columns=columns)
    products = pd.read_parquet(folder / "products.parquet")
    sold = products[~products.product_category.fillna("").str.contains(NO_PRODUCT)].product_id
    train, valid = _first(rows[rows.week < VALID_FROM]), _first(rows[rows.week >= VALID_FROM])
    buyers = train[train.item.isin(sold)].item.value_counts()
    kept = buyers.index[buyers >= fewest]
    told = {"train": train, "valid": valid, "test": _first(test)}
    items = products[products.product_id.isin(kept)]
    return {name: part[part.item.isin(kept)] for name, part in told.items()} | {
        "items": _items(items),
        "triples": _triples(items),
    }


def _first(rows: Any) -> Any:
    """The first purchase of each product by each household; ``time`` in seconds since the epoch."""
    import pandas as pd

    moment = pd.to_datetime(rows.transaction_timestamp).astype("datetime64[s]").astype("int64")
    made = pd.DataFrame({"user": rows.household_id, "item": rows.product_id, "time": moment})
    return made.sort_values("time", kind="stable").drop_duplicates(["user", "item"])


def _items(products: Any) -> Any:
    import pandas as pd

    words = products[["product_type", "product_category"]].fillna("")
    title = words.product_type + ", " + words.product_category
    return pd.DataFrame({"item": products.product_id, "title": title})


def _triples(products: Any) -> Any:
    long = products.melt("product_id", FACTS, "relation", "tail").dropna()
    return long.astype({"tail": str}).rename(columns={"product_id": "head"})


def main() -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", type=Path, required=True, help="folder for the files")
    parser.add_argument(
        "--households", type=int, default=FEWEST, help="buyers a product must have in training"
    )
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    made = parts(arguments.households)
    for name, frame in made.items():
        frame.to_parquet(arguments.to / f"{name}.parquet", index=False)
    print(table(["file", "rows"], [[name, f"{len(frame):,}"] for name, frame in made.items()]))


if __name__ == "__main__":
    main()
