"""Two shops that sell the same things under other titles, in a workspace and as files."""

from __future__ import annotations

import csv
from pathlib import Path

from core.catalogue.ingest import ingest
from core.storage.workspaces import Workspace

BRANDS = ("Oakmere", "Tilvane", "Norrock", "Pellori", "Sonvaro", "Halden", "Brimley", "Castor")
THINGS = ("headphones", "desk lamp", "paper shredder", "espresso machine", "label printer", "hand blender")
COLORS = ("black", "silver", "red")


def code(number: int) -> str:
    return f"{BRANDS[number % 8][:2].upper()}-{(number * 37) % 900 + 100}{chr(65 + number % 26)}"


def left(number: int) -> dict[str, str]:
    """One product as the first shop writes it."""
    brand = BRANDS[number % 8]
    title = f"{brand} {THINGS[number % 6]} {code(number)} {COLORS[number % 3]}"
    return {"id": f"a{number}", "title": title, "brand": brand, "price": str(20 + number % 50)}


def right(number: int) -> dict[str, str]:
    """The same product as the second shop writes it."""
    brand, joined = BRANDS[number % 8], code(number).replace("-", "")
    title = f"{joined} {THINGS[number % 6].title()}, {COLORS[number % 3]} by {brand}"
    return {"id": f"b{number}", "title": title, "brand": brand.upper(), "price": str(21 + number % 50)}


def write(path: Path, rows: list[dict[str, str]], id_column: str = "id") -> Path:
    """A CSV file of these rows."""
    named = [{(id_column if name == "id" else name): value for name, value in row.items()} for row in rows]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(named[0]))
        writer.writeheader()
        writer.writerows(named)
    return path


def two_shops(workspace: Workspace, folder: Path, count: int = 12) -> None:
    """Import ``count`` products of each shop, as two sources."""
    ingest(workspace, write(folder / "first.csv", [left(n) for n in range(count)]))
    ingest(workspace, write(folder / "second.csv", [right(n) for n in range(count)]))
