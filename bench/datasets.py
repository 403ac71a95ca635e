"""The public sets with labelled product texts, in one form."""

from __future__ import annotations

from core.extract.labelled import Asked, Labelled, read_asked, read_labelled
from core.settings import settings

SETS = ("oa_mine", "ae_110k", "wdc_pave")


def load(name: str) -> tuple[list[Labelled], Asked]:
    """Labelled texts and what is asked of them."""
    data = settings().data / name
    if name != "wdc_pave":
        return read_labelled(data / "labelled.jsonl"), read_asked(data / "schema.json")
    import pandas

    schema = pandas.read_parquet(data / "attribute_schema.parquet")
    asked: dict[str, dict[str, str]] = {}
    for row in schema.itertuples():
        asked.setdefault(row.Category, {})[row.Attribute] = row.Human_Description or ""
    gold = pandas.read_parquet(data / "dev" / "gold.parquet")
    values: dict[int, dict[str, list[str]]] = {}
    for row in gold[gold.kind == "raw"].itertuples():
        found = values.setdefault(row.id, {}).setdefault(row.attribute, [])
        if isinstance(row.value, str) and row.value:
            found.append(row.value)
    items = []
    for row in pandas.read_parquet(data / "dev" / "offers.parquet").itertuples():
        text = "\n".join(part for part in (row.title, row.description) if isinstance(part, str))
        found = {name: tuple(v) for name, v in values.get(row.id, {}).items()}
        items.append(Labelled(str(row.id), row.category, text, found))
    return items, asked
