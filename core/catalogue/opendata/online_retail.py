"""Online Retail II (UCI, CC BY 4.0): two years of a gift shop, 1,067,371 invoice lines, as a workbook or CSV.

A product is a stock code; its title is the description it was most often sold under, its price the median.
Cancellations (invoices with C), lines without a customer, and codes that are no products (postage, fees, tests) are
left out, and counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from core.catalogue.mapping import ColumnMapping
from core.catalogue.opendata.base import Dataset, Feed, Files, Part, derived, require
from core.catalogue.read import read_tables
from core.catalogue.rows import RawRow, RawTable
from core.catalogue.synonyms import EVENTS, PRODUCTS
from core.catalogue.values import parse_number
from core.domain import content_hash

_STOCK_CODE = re.compile(r"\d{5}[A-Za-z]{0,3}")
_NAMES = {
    "Invoice": ("Invoice", "InvoiceNo"),
    "StockCode": ("StockCode",),
    "Description": ("Description",),
    "Quantity": ("Quantity",),
    "InvoiceDate": ("InvoiceDate",),
    "Price": ("Price", "UnitPrice"),
    "Customer": ("Customer ID", "CustomerID"),
}
_PRICES_KEPT = 201
_PRODUCT_COLUMNS = ("StockCode", "Description", "Price")
_EVENT_COLUMNS = ("Customer", "StockCode", "InvoiceDate", "Quantity")


def feeds(files: Files) -> list[Feed]:
    """The products, and the purchases of known customers."""
    tables = [_canonical(raw) for raw in read_tables(files["lines"], files["lines"].name)]
    lines = _joined(tables)
    products = RawTable(
        "products",
        _PRODUCT_COLUMNS,
        lambda: _products(lines),
        lines.format,
        content_hash("products", lines.content_hash),
    )
    product_fields = {"id": "StockCode", "title": "Description", "price": "Price"}
    event_fields = {
        "shopper_id": "Customer",
        "product_id": "StockCode",
        "time": "InvoiceDate",
        "value": "Quantity",
    }
    return [
        Feed(products, ColumnMapping(PRODUCTS, product_fields, currency="GBP"), "Online Retail II: products"),
        Feed(
            derived(lines, _EVENT_COLUMNS, _purchase),
            ColumnMapping(EVENTS, event_fields, time_zone="Europe/London"),
            "Online Retail II: purchases",
        ),
    ]


def reason_to_leave_out(cells: dict[str, str]) -> str:
    """Why a line is no purchase of a product; "" where it is one."""
    if cells["Invoice"].strip().upper().startswith("C"):
        return "cancellation"
    if not _STOCK_CODE.fullmatch(cells["StockCode"].strip()):
        return "not_a_product"
    quantity = parse_number(cells["Quantity"])
    if quantity is not None and quantity <= 0:
        return "correction"
    return ""


def _purchase(cells: dict[str, str]) -> dict[str, str] | str:
    if reason := reason_to_leave_out(cells):
        return reason
    if not cells["Customer"].strip():
        return "no_customer"
    return {name: cells[name] for name in _EVENT_COLUMNS} | {"StockCode": cells["StockCode"].strip().upper()}


def _products(lines: RawTable) -> Iterator[RawRow]:
    titles: dict[str, Counter[str]] = {}
    prices: dict[str, list[float]] = {}
    for row in lines.rows():
        if row.issue or reason_to_leave_out(row.cells):
            continue
        code = row.cells["StockCode"].strip().upper()
        titles.setdefault(code, Counter())[" ".join(row.cells["Description"].split())] += 1
        price = parse_number(row.cells["Price"])
        if price and len(prices.setdefault(code, [])) < _PRICES_KEPT:
            prices[code].append(price)
    for number, code in enumerate(sorted(titles), start=1):
        named = [(count, title) for title, count in titles[code].items() if title]
        title = max(named)[1] if named else ""
        shown = f"{median(prices[code]):.2f}" if prices.get(code) else ""
        yield RawRow(number, {"StockCode": code, "Description": title, "Price": shown})


def _canonical(raw: RawTable) -> RawTable:
    columns = {
        wanted: next((name for name in names if name in raw.columns), names[0])
        for wanted, names in _NAMES.items()
    }
    require(raw, *columns.values())

    def change(cells: dict[str, str]) -> dict[str, str]:
        return {wanted: cells.get(column, "") for wanted, column in columns.items()}

    return derived(raw, tuple(_NAMES), change)


def _joined(tables: Sequence[RawTable]) -> RawTable:
    """The sheets below each other; lines count on, so that each is unique."""

    def rows() -> Iterator[RawRow]:
        before = last = 0
        for table in tables:
            for row in table.rows():
                last = before + row.line
                yield row._replace(line=last)
            before = last

    digest = content_hash(*(table.content_hash for table in tables))
    total = sum(table.total for table in tables)
    return RawTable("invoice lines", tuple(_NAMES), rows, tables[0].format, digest, total=total)


ONLINE_RETAIL = Dataset(
    "online_retail",
    "Online Retail II",
    "CC BY 4.0",
    "https://archive.ics.uci.edu/dataset/502/online+retail+ii",
    (
        Part(
            "lines",
            "online_retail_II.xlsx",
            "https://archive.ics.uci.edu/static/public/502/online+retail+ii.zip",
        ),
    ),
    feeds,
)
