"""What holds for every file: no good row is lost, order does not matter, what was added can be taken away."""

from __future__ import annotations

import csv
import io
import math
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.catalogue.clean import clean
from core.catalogue.delimited import ends_inside_quotes
from core.catalogue.ingest import ingest
from core.catalogue.interpret import Interpreter
from core.catalogue.mapping import ColumnMapping
from core.catalogue.read import ReadOptions, read_table
from core.catalogue.rows import RawRow
from core.catalogue.store import Catalogue
from core.catalogue.times import parse_time
from core.catalogue.values import parse_number, parse_price
from core.domain import Product
from core.storage.workspaces import Workspace

QUICK = settings(max_examples=60, deadline=None)
STORED = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=40)
cell = st.one_of(text, st.sampled_from(['"', "a,b", "two\nlines", 'say "hi"', "\t", ";", "<b>", "😀 杯"]))
titles = st.dictionaries(
    st.integers(1, 30).map(str), st.sampled_from(["Cup", "Pot", "Pan, steel", "茶杯", 'Big "L"']), max_size=12
)


def as_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


@QUICK
@given(st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=20), st.sampled_from([",", ";", "\t", "|"]))
def test_whatever_a_csv_writer_writes_is_read_back(rows: list[tuple[str, str, str]], delimiter: str) -> None:
    kept = [list(row) for row in rows if any(value.strip(" \t\r\n\ufeff") for value in row)]
    data = as_csv([["id", "title", "text"], *kept], delimiter).encode()
    if not kept:
        return
    table = read_table(data, "a.csv", ReadOptions("utf-8", delimiter, True))
    found = [list(row.cells.values()) for row in table.rows() if row.issue is None]
    assert found == kept


@QUICK
@given(st.lists(cell, min_size=1, max_size=6))
def test_a_written_record_is_complete_and_none_of_its_beginnings_inside_a_quoted_cell_is(
    cells: list[str],
) -> None:
    record = as_csv([cells]).rstrip("\n")
    assert not ends_inside_quotes(record, ",")
    assert ends_inside_quotes(record + ',"open', ",")


@QUICK
@given(st.text(max_size=300))
def test_cleaning_is_idempotent_and_its_text_can_be_stored(raw: str) -> None:
    once = clean(raw).text
    once.encode("utf-8")
    assert clean(once).text in (once, clean(clean(once).text).text)
    assert "\x00" not in once


@QUICK
@given(
    st.floats(0, 1e9, allow_nan=False).map(lambda value: round(value, 2)),
    st.sampled_from(["€", "USD", "¥", ""]),
)
def test_prices_survive_both_ways_of_writing_them(value: float, sign: str) -> None:
    for shown in (f"{value:,.2f}", f"{value:,.2f}".translate(str.maketrans(",.", ".,")), f"{value:.2f}"):
        price = parse_price(f"{shown} {sign}".strip())
        assert price is not None
        assert math.isclose(price.amount, value, abs_tol=0.005)


@QUICK
@given(st.text(max_size=40))
def test_numbers_and_times_are_finite_or_none(raw: str) -> None:
    for value in (parse_number(raw), parse_time(raw)):
        assert value is None or math.isfinite(value)


@QUICK
@given(
    st.datetimes(datetime(1981, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
)
def test_moments_are_the_same_however_they_are_written(moment: datetime) -> None:
    seconds = moment.replace(tzinfo=UTC).timestamp()
    for shown in (
        moment.isoformat(),
        moment.strftime("%Y/%m/%d %H:%M:%S"),
        moment.strftime("%d %b %Y %H:%M:%S"),
        f"{moment:%Y}年{moment.month}月{moment.day}日 {moment:%H:%M:%S}",
    ):
        assert parse_time(shown) == seconds
    assert parse_time(moment.strftime("%d.%m.%Y %H:%M:%S"), day_first=True) == seconds


@QUICK
@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.text(max_size=30), max_size=3))
def test_any_row_gives_an_item_or_a_reason_never_an_exception(cells: dict[str, str]) -> None:
    mapping = ColumnMapping("products", {"id": "a", "title": "b", "price": "c"})
    reading = Interpreter(mapping).read(RawRow(2, cells))
    if reading.item is None:
        assert reading.issues[0].code
    else:
        assert isinstance(reading.item, Product)
        assert reading.item.title


@STORED
@given(st.lists(titles, min_size=1, max_size=4), st.randoms())
def test_after_any_history_of_versions_only_the_last_one_counts(
    workspace: Workspace, versions: list[dict[str, str]], random: object
) -> None:
    catalogue = Catalogue(workspace)
    for source in catalogue.sources():
        catalogue.delete_source(source.id)
    empty = catalogue.catalogue_hash()
    for version in versions:
        rows = [["id", "title"], ["x", "Anchor"], *([name, title] for name, title in version.items())]
        ingest(workspace, as_csv(rows).encode(), "a.csv")
    stored = {product.id: product.title for product in catalogue.products()}
    assert stored == {"x": "Anchor", **versions[-1]}
    last = catalogue.catalogue_hash()
    current = {document.id for document in catalogue.documents()}
    assert current == {f"{name}/title" for name in stored}
    backwards = [
        ["id", "title"],
        *([name, title] for name, title in reversed(versions[-1].items())),
        ["x", "Anchor"],
    ]
    ingest(workspace, as_csv(backwards).encode(), "a.csv")
    assert catalogue.catalogue_hash() == last
    for source in catalogue.sources():
        catalogue.delete_source(source.id)
    assert catalogue.catalogue_hash() == empty
