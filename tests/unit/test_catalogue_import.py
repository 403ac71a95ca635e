"""What an import does to the catalogue: same file, changed file, bad rows, resumption, deletion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from core.catalogue.ingest import ingest
from core.catalogue.mapping import ColumnMapping
from core.catalogue.mending import readmit
from core.catalogue.read import read_table
from core.catalogue.report import ImportReport
from core.catalogue.sample_data import load_sample
from core.catalogue.store import Catalogue
from core.domain import Assertion, EventKind
from core.errors import Cancelled, DataError, MappingError, UnreadableFile
from core.storage import tables
from core.storage.workspaces import Workspace

PRODUCTS = """id,title,description,brand,price,colour
1,Moka pot,"Aluminium, 300 ml",Bialetti,24.90,silver
2,Tea cup,Glass with handle,Bodum,9.50,clear
3,Kettle,"Steel, 1.7 l",,39.00,
"""


def take(workspace: Workspace, text: str, name: str = "products.csv", **options: Any) -> ImportReport:
    return ingest(workspace, text.encode(), name, **options)[0]


def figures(report: ImportReport) -> tuple[int, int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.removed, report.quarantined


def current(workspace: Workspace) -> dict[str, str]:
    return {document.id: document.text for document in Catalogue(workspace).documents()}


def test_products_come_in_with_fields_attributes_and_documents(workspace: Workspace) -> None:
    assert figures(take(workspace, PRODUCTS)) == (3, 0, 0, 0, 0)
    product = Catalogue(workspace).product("1")
    assert (product.title, product.brand, product.price) == ("Moka pot", "Bialetti", 24.9)
    assert product.attributes == {"colour": "silver"}
    assert {name: text for name, text in current(workspace).items() if name.startswith("1/")} == {
        "1/title": "Moka pot",
        "1/description": "Aluminium, 300 ml",
        "1/brand": "Bialetti",
        "1/price": "24.90",
        "1/attr:colour": "silver",
    }


def test_the_same_file_changes_nothing_even_under_another_name(workspace: Workspace) -> None:
    take(workspace, PRODUCTS)
    before = Catalogue(workspace).catalogue_hash()
    for name in ("products.csv", "copy.csv"):
        again = take(workspace, PRODUCTS, name)
        assert again.same_file
        assert (again.changed, again.unchanged) == (0, 3)
    assert Catalogue(workspace).catalogue_hash() == before
    assert len(Catalogue(workspace).sources()) == 1


def test_a_changed_file_updates_row_by_row_and_keeps_old_documents(workspace: Workspace) -> None:
    take(workspace, PRODUCTS)
    changed = PRODUCTS.replace("Glass with handle", "Glass without handle").replace("3,Kettle", "4,Pan")
    assert figures(take(workspace, changed)) == (1, 1, 1, 1, 0)
    catalogue = Catalogue(workspace)
    assert [product.id for product in catalogue.products()] == ["1", "2", "4"]
    assert current(workspace)["2/description"] == "Glass without handle"
    assert "3/title" not in current(workspace)
    former = {document.text for document in catalogue.documents(["2", "3"], current=False)}
    assert {"Glass with handle", "Glass without handle", "Kettle"} <= former


def test_documents_that_were_read_and_are_no_longer_current_are_stale(workspace: Workspace) -> None:
    take(workspace, PRODUCTS)
    catalogue = Catalogue(workspace)
    title = next(document for document in catalogue.documents(["2"]) if document.field == "title")
    claim = Assertion.of(title, "productType", 4, 7, extractor="t", extractor_version="1", schema_version="1")
    with workspace.db.write() as connection:
        row = {name: getattr(claim, name) for name in Assertion.__slots__}
        connection.execute(insert(tables.assertions), row)
    assert catalogue.stale_documents() == []
    take(workspace, PRODUCTS.replace("Tea cup", "Tea bowl"))
    assert catalogue.stale_documents() == [(title.id, title.hash)]
    take(workspace, PRODUCTS)
    assert catalogue.stale_documents() == []


def test_adding_a_source_and_deleting_it_gives_the_old_hash_back(workspace: Workspace) -> None:
    take(workspace, PRODUCTS)
    catalogue = Catalogue(workspace)
    before = catalogue.catalogue_hash()
    other = take(workspace, "id,title\n9,Pan\n", "more.csv")
    events = take(workspace, "user,item,time\nu,1,2024-05-03\n", "events.csv")
    assert catalogue.catalogue_hash() != before
    assert catalogue.delete_source(other.source_id) == 1
    assert catalogue.delete_source(events.source_id) == 1
    assert catalogue.catalogue_hash() == before
    assert "9/title" not in current(workspace)
    assert catalogue.counts()["events"] == 0
    with pytest.raises(DataError):
        catalogue.delete_source(other.source_id)


def test_the_hash_does_not_depend_on_the_order_of_rows_or_on_the_split_into_files(
    workspace: Workspace,
) -> None:
    head, *rows = PRODUCTS.splitlines(keepends=True)
    take(workspace, head + "".join(reversed(rows)))
    catalogue = Catalogue(workspace)
    whole = catalogue.catalogue_hash()
    for source in catalogue.sources():
        catalogue.delete_source(source.id)
    take(workspace, head + rows[0], "a.csv")
    take(workspace, head + rows[2] + rows[1], "b.csv")
    assert catalogue.catalogue_hash() == whole


def test_a_bad_optional_cell_is_left_out_and_listed_a_bad_required_one_keeps_the_row_apart(
    workspace: Workspace,
) -> None:
    text = "id,title,price\n1,Cup,NaN\n2,Pot,-3\n3,Pan,abc\n4,,5\n,Lid,5\n5,Jug,7.50\n"
    report = take(workspace, text)
    assert (report.ok, report.noted, report.quarantined) == (4, 3, 2)
    catalogue = Catalogue(workspace)
    assert {product.id: product.price for product in catalogue.products()} == {
        "1": None,
        "2": None,
        "3": None,
        "5": 7.5,
    }
    apart = [(kept.line, kept.column, kept.reason) for kept in catalogue.quarantine()]
    assert apart == [(5, "title", "missing_title"), (6, "id", "missing_id")]
    noted = [(kept.line, kept.reason, kept.detail) for kept in catalogue.quarantine(status="admitted")]
    assert noted == [(2, "bad_price", "NaN"), (3, "bad_price", "-3"), (4, "bad_price", "abc")]


def test_identical_rows_are_ignored_and_a_different_row_of_the_same_id_is_kept_apart(
    workspace: Workspace,
) -> None:
    report = take(workspace, "id,title\n1,Cup\n1,Cup\n1,Mug\n")
    assert (report.added, report.duplicates, report.quarantined) == (1, 1, 1)
    (kept,) = Catalogue(workspace).quarantine()
    assert (kept.line, kept.reason, kept.raw["title"]) == (4, "duplicate_id", "Mug")
    assert Catalogue(workspace).product("1").title == "Cup"


def test_an_id_of_another_source_is_not_overwritten_and_can_be_admitted_when_it_is_free(
    workspace: Workspace,
) -> None:
    first = take(workspace, "id,title\n1,Cup\n", "a.csv")
    second = take(workspace, "id,title,brand\n1,Mug,X\n2,Pot,Y\n", "b.csv")
    assert (second.added, second.quarantined) == (1, 1)
    catalogue = Catalogue(workspace)
    assert catalogue.product("1").title == "Cup"
    (kept,) = catalogue.quarantine()
    assert catalogue.mend(kept.id) is not None
    catalogue.delete_source(first.source_id)
    assert catalogue.mend(kept.id) is None
    assert catalogue.product("1").title == "Mug"


def test_a_mended_row_comes_in_and_stays_mended_in_the_next_version_of_the_file(workspace: Workspace) -> None:
    text = "id,title,price\n1,Cup,5\n2,,6\n"
    take(workspace, text)
    catalogue = Catalogue(workspace)
    (kept,) = catalogue.quarantine()
    still = catalogue.mend(kept.id, {"id": "2", "title": " ", "price": "6"})
    assert still is not None
    assert still.code == "missing_title"
    assert catalogue.mend(kept.id, {"id": "2", "title": "Pot", "price": "6"}) is None
    assert catalogue.product("2").title == "Pot"
    assert catalogue.counts()["quarantined"] == 0
    with pytest.raises(DataError):
        catalogue.mend(kept.id)
    report = take(workspace, text + "3,Pan,7\n")
    assert figures(report) == (1, 0, 2, 0, 0)
    assert catalogue.product("2").title == "Pot"


def test_a_dropped_row_is_not_listed_again(workspace: Workspace) -> None:
    text = "id,title\n1,Cup\n2,\n"
    source = take(workspace, text).source_id
    catalogue = Catalogue(workspace)
    catalogue.drop([kept.id for kept in catalogue.quarantine()])
    assert catalogue.source(source).rows_quarantined == 0
    report = take(workspace, text + "3,Pan\n")
    assert (report.quarantined, report.dropped) == (0, 1)


def test_a_price_mended_later_reaches_the_product_and_its_document(workspace: Workspace) -> None:
    take(workspace, "id,title,price\n1,Cup,abc\n")
    catalogue = Catalogue(workspace)
    (kept,) = catalogue.quarantine(status="admitted")
    outcome = readmit(catalogue, {kept.id: {**kept.raw, "price": "4,50 €"}})
    assert (outcome.admitted, outcome.left) == (1, ())
    assert current(workspace)["1/price"] == "4.50 EUR"


def test_a_mended_row_must_not_overwrite_a_good_one(workspace: Workspace) -> None:
    take(workspace, "id,title\n1,Cup\n1,Mug\n")
    catalogue = Catalogue(workspace)
    (kept,) = catalogue.quarantine()
    outcome = readmit(catalogue, {kept.id: None})
    assert [issue.code for issue in outcome.left] == ["duplicate_id"]
    assert readmit(catalogue, {kept.id: {"id": "7", "title": "Mug"}}).admitted == 1
    assert [product.title for product in catalogue.products()] == ["Cup", "Mug"]


def test_events_are_compared_as_a_multiset(workspace: Workspace) -> None:
    head = "user,item,action,time\n"
    rows = [f"u{n % 3},p{n},buy,2024-05-0{n % 9 + 1}\n" for n in range(30)]
    assert figures(take(workspace, head + "".join(rows) + rows[0], "e.csv")) == (31, 0, 0, 0, 0)
    moved = [*rows[20:], *rows[:20]]
    assert figures(take(workspace, head + "".join(moved), "e.csv")) == (0, 0, 30, 1, 0)
    changed = [*rows[:-1], "u9,p29,查看,2024-06-01\n"]
    assert figures(take(workspace, head + "".join(changed), "e.csv")) == (1, 0, 29, 1, 0)
    events = list(Catalogue(workspace).events())
    assert len(events) == 30
    assert (events[-1].shopper_id, events[-1].kind) == ("u9", EventKind.VIEW)


def test_bad_events_are_kept_apart_with_their_reason(workspace: Workspace) -> None:
    good = "".join(f"u{n},p{n},buy,2024-05-03,1\n" for n in range(12))
    text = "user,item,action,time,quantity\n" + good
    text += "u,p,teleport,2024-05-03,1\n,p,buy,2024-05-03,1\nu,p,buy,someday,1\n"
    text += "u,p,buy,2999-01-01,1\nu,p,buy,2024-05-03,-2\n"
    report = take(workspace, text, "e.csv")
    assert report.added == 12
    reasons = [kept.reason for kept in Catalogue(workspace).quarantine()]
    assert reasons == [
        "unknown_event_kind",
        "missing_shopper_id",
        "bad_time",
        "future_date",
        "negative_quantity",
    ]


def test_a_review_with_a_future_date_or_bad_rating_comes_in_without_them(workspace: Workspace) -> None:
    text = "product_id,review,rating,date\n1,Pours well,5,2024-05-03\n1,Lid drips,9,2999-01-01\n2,,5,2024-05-03\n"
    report = take(workspace, text, "reviews.csv")
    assert (report.ok, report.quarantined) == (2, 1)
    reviews = {review.text: review for review in Catalogue(workspace).reviews("1")}
    assert (reviews["Lid drips"].rating, reviews["Lid drips"].time) == (None, None)
    assert reviews["Pours well"].rating == 5
    assert f"{reviews['Pours well'].id}/text" in current(workspace)


def test_markup_is_cleaned_in_a_recorded_step_and_the_raw_text_is_kept(workspace: Workspace) -> None:
    raw = "<p>Steel &amp; glass</p><script>alert(1)</script>"
    take(
        workspace,
        json.dumps([{"id": "1", "title": "Cup", "description": raw}, {"id": "2", "title": "Pot"}]),
        "a.json",
    )
    catalogue = Catalogue(workspace)
    assert catalogue.product("1").description == "Steel & glass"
    assert catalogue.raw_texts("1") == {"description": raw}
    assert all("script" not in document.text for document in catalogue.documents(current=False))


def test_formulas_stay_text(workspace: Workspace) -> None:
    take(workspace, 'id,title\n1,"=HYPERLINK(""http://x"";""y"")"\n2,@cup\n')
    assert [product.title for product in Catalogue(workspace).products()] == [
        '=HYPERLINK("http://x";"y")',
        "@cup",
    ]


def test_products_without_ids_are_known_by_what_they_say(workspace: Workspace) -> None:
    take(workspace, "Moka pot, aluminium\nTea cup, glass\nTea cup, glass\n", "list.txt")
    report = take(workspace, "Tea cup, glass\nMoka pot, aluminium\nKettle\n", "list.txt")
    assert figures(report) == (1, 0, 2, 0, 0)


def test_the_mapping_is_remembered_for_the_columns_of_a_file(workspace: Workspace) -> None:
    raw = read_table(b"a,b,c\nx1,Moka pot for two,Bialetti\nx2,Tea cup of glass,Bodum\n", "a.csv")
    mapping = ColumnMapping("products", {"id": "a", "title": "b", "brand": "c"})
    catalogue = Catalogue(workspace)
    catalogue.import_table(raw, mapping)
    later = read_table(b"c,a,b\nBodum,x9,Press\n", "later.csv")
    proposal = catalogue.propose(later)
    assert proposal.mapping == mapping
    assert set(proposal.reasons.values()) == {"remembered"}


def test_a_mapping_that_gives_nothing_is_refused_before_anything_is_written(workspace: Workspace) -> None:
    raw = read_table(PRODUCTS.encode(), "a.csv")
    catalogue = Catalogue(workspace)
    with pytest.raises(MappingError, match="title"):
        catalogue.import_table(raw, ColumnMapping("products", {"id": "id"}))
    with pytest.raises(MappingError, match="nonsense"):
        catalogue.import_table(raw, ColumnMapping("products", {"title": "nonsense"}))
    many = read_table(("id,title\n" + "".join(f"{n},cup\n" for n in range(1_500))).encode(), "many.csv")
    wrong = ColumnMapping("events", {"shopper_id": "id", "product_id": "title", "time": "title"})
    with pytest.raises(MappingError, match="None of the first"):
        catalogue.import_table(many, wrong)
    assert catalogue.counts()["sources"] == 0


@pytest.mark.parametrize("kind", ["products", "events"])
@pytest.mark.parametrize("stop_after", [1, 2, 3])
def test_an_import_that_was_killed_ends_as_one_that_was_not(
    workspace: Workspace, kind: str, stop_after: int
) -> None:
    if kind == "products":
        old = "id,title\n" + "".join(f"{n},Cup {n}\n" for n in range(2_600))
        new = (
            "id,title\n"
            + "".join(f"{n},{'Mug' if n % 7 == 0 else 'Cup'} {n}\n" for n in range(300, 3_000))
            + "5,\n"
        )
    else:
        old = "user,item,time\n" + "".join(f"u{n % 40},p{n},2024-05-03\n" for n in range(2_600))
        new = (
            "user,item,time\n"
            + "".join(f"u{n % 40},p{n},2024-05-0{3 + n % 2}\n" for n in range(300, 3_000))
            + "u,,\n"
        )
    whole = Catalogue(workspace)
    take(workspace, old, "a.csv")
    source = whole.sources()[0]
    table = read_table(new.encode(), "a.csv")
    saved: list[Mapping[str, Any]] = []

    def save(data: Mapping[str, Any], _connection: Connection) -> None:
        saved.append(json.loads(json.dumps(data)))

    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls > stop_after:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        whole.import_table(table, source.mapping, "a.csv", check=check, save=save)
    assert not whole.sources()[0].complete
    report = whole.import_table(table, source.mapping, "a.csv", resume=saved[-1])
    resumed = whole.catalogue_hash()
    assert whole.sources()[0].complete
    assert figures(report) == (
        (400, 329, 1_971, 300, 1) if kind == "products" else (1_550, 0, 1_150, 1_450, 1)
    )
    assert report.read == 2_701
    assert whole.counts()["products" if kind == "products" else "events"] == 2_700
    whole.delete_source(source.id)
    take(workspace, new, "a.csv")
    assert whole.catalogue_hash() == resumed


def test_no_transaction_holds_more_than_a_piece_of_the_file(workspace: Workspace) -> None:
    from contextlib import contextmanager

    changed: list[int] = []
    real = workspace.db.write

    @contextmanager
    def counted():  # type: ignore[no-untyped-def]
        with real() as connection:
            rows = connection.connection.dbapi_connection
            before = rows.total_changes
            yield connection
            changed.append(rows.total_changes - before)

    workspace.db.write = counted  # type: ignore[method-assign]
    lines = "".join(f"u{n % 40},p{n},2024-05-03\n" for n in range(20_000))
    take(workspace, "user,item,time\n" + lines, "e.csv")
    assert sum(changed) >= 20_000
    # What comes in is written in pieces, so that no page waits for the whole file.
    assert max(changed) <= 6_000


def test_an_unknown_product_is_a_named_error_and_a_missing_file_too(workspace: Workspace) -> None:
    with pytest.raises(DataError, match="not in the catalogue"):
        Catalogue(workspace).product("nope")
    with pytest.raises(UnreadableFile, match="no such file"):
        ingest(workspace, Path("/nowhere/a.csv"))


def test_search_finds_all_words_in_any_field_and_takes_wildcards_literally(workspace: Workspace) -> None:
    take(workspace, PRODUCTS + "4,100% cotton apron,,,,\n")
    catalogue = Catalogue(workspace)
    assert [product.id for product in catalogue.search("pot bialetti").products] == ["1"]
    assert [product.id for product in catalogue.search("100%").products] == ["4"]
    assert catalogue.search("%").total == 1
    page = catalogue.search(offset=2, limit=1)
    assert ([product.id for product in page.products], page.total) == (["3"], 4)


def test_the_sample_comes_in_whole_and_twice_without_effect(workspace: Workspace) -> None:
    reports = load_sample(workspace)
    counts = Catalogue(workspace).counts()
    assert sum(report.quarantined + report.noted for report in reports) == 0
    assert counts["products"] >= 180
    assert counts["reviews"] >= 400
    assert counts["events"] >= 8_000
    assert all(report.same_file for report in load_sample(workspace))
