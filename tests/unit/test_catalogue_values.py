"""Prices, ratings, times, languages and markup as shops write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.catalogue.clean import clean
from core.catalogue.language import detect
from core.catalogue.times import parse_time, prefers_day_first
from core.catalogue.values import Price, parse_event_kind, parse_price, parse_rating
from core.domain import EventKind
from core.errors import MappingError

MAY_3 = datetime(2024, 5, 3, tzinfo=UTC).timestamp()
AFTERNOON = datetime(2024, 5, 3, 14, 5, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("12.5", Price(12.5)),
        ("1.299,00 €", Price(1299.0, "EUR")),
        ("$1,299.99", Price(1299.99, "USD")),
        ("USD 12", Price(12.0, "USD")),
        ("12,50 EUR", Price(12.5, "EUR")),
        ("¥168", Price(168.0, "CNY")),
        ("168元", Price(168.0, "CNY")),
        ("1 299,50 zł", Price(1299.5, "PLN")),
        ("1'299.50", Price(1299.5)),
        ("1,299", Price(1299.0)),
        ("0", Price(0.0)),
    ],
)
def test_prices_are_understood_with_sign_code_and_either_decimal_mark(text: str, price: Price) -> None:
    assert parse_price(text) == price


@pytest.mark.parametrize(
    "text", ["abc", "-5", "−5 €", "NaN", "inf", "free", "5 bananas", "1.2.3,4,5", "", "9" * 400]
)
def test_what_is_no_price_gives_none(text: str) -> None:
    assert parse_price(text) is None


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("4", 4.0),
        ("4,5", 4.5),
        ("4/5", 4.0),
        ("5 stars", 5.0),
        ("★★★★☆", 4.0),
        ("10/10", 5.0),
        ("1/10", 1.0),
        ("4星", 4.0),
    ],
)
def test_ratings_come_on_the_scale_one_to_five(text: str, rating: float) -> None:
    assert parse_rating(text) == rating


@pytest.mark.parametrize("text", ["0", "6", "great", "11/10", "nan", "3/0"])
def test_what_is_off_the_scale_is_no_rating(text: str) -> None:
    assert parse_rating(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-03T14:05:00Z",
        "2024-05-03 16:05:00+02:00",
        "2024-05-03 14:05",
        "1714745100",
        "1714745100000",
        "1714745100000000",
        "45415.586805556",
        "20240503140500",
        "2024/5/3 14:05",
        "2024年5月3日 14:05",
        "2024年5月3日 下午2:05",
        "3 May 2024 2:05 PM",
        "May 3, 2024 14:05:00",
        "03-May-2024 14:05",
        "5/3/2024 2:05 PM",
        "Fri, 03 May 2024 14:05:00 +0000",
    ],
)
def test_one_moment_written_in_many_ways(text: str) -> None:
    assert parse_time(text) == pytest.approx(AFTERNOON, abs=1)


def test_ambiguous_dates_follow_the_column_and_impossible_ones_themselves() -> None:
    assert parse_time("03.05.2024", day_first=True) == parse_time("5/3/2024") == MAY_3
    assert parse_time("30/4/2024") == parse_time("4/30/2024", day_first=True)
    assert prefers_day_first(["3/5/2024", "30/4/2024"]) is True
    assert prefers_day_first(["3/5/2024", "4/30/2024"]) is False
    assert prefers_day_first(["3/5/2024"]) is None


def test_times_without_a_zone_are_in_the_zone_that_is_named() -> None:
    assert parse_time("2024-05-03 08:00", zone_name="Asia/Shanghai") == MAY_3
    with pytest.raises(MappingError, match="time zone"):
        parse_time("2024-05-03", zone_name="Mars/Olympus")


@pytest.mark.parametrize(
    "text", ["", "soon", "2024-13-45", "0", "99/99/2024", "1970-01-01", "1e400", "9" * 30]
)
def test_what_is_no_date_gives_none(text: str) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Buy", EventKind.PURCHASE),
        ("购买", EventKind.PURCHASE),
        ("add_to_cart", EventKind.CART),
        ("加购", EventKind.CART),
        ("pv", EventKind.VIEW),
        ("浏览", EventKind.VIEW),
        ("Rated", EventKind.RATING),
        ("teleport", None),
    ],
)
def test_what_shoppers_do_is_understood_in_two_languages(word: str, kind: EventKind | None) -> None:
    assert parse_event_kind(word) is kind


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<p>Fits <b>16&nbsp;mm</b> poles &amp; less</p><p>New</p>", "Fits 16 mm poles & less\nNew"),
        ("Good<script>alert('x')</script> cup", "Good cup"),
        ("Good<STYLE>p{}</STYLE > cup", "Good cup"),
        ("&lt;p&gt;Escaped &amp;amp; nested&lt;/p&gt;", "Escaped & nested"),
        ("a < b and 3 <5, I <3 tea", "a < b and 3 <5, I <3 tea"),
        ("<Model X> cover", "<Model X> cover"),
        ("cup <!-- secret --> here", "cup here"),
        ('<x onclick="evil()">hello', "hello"),
        ("a<script>never closed", "a"),
        ("zero\u200bwidth\x00 and\r\nlines", "zerowidth and\nlines"),
        ("lone \ud83d surrogate", "lone \ufffd surrogate"),
        ("杯子<br/>保温 😀", "杯子\n保温 😀"),
    ],
)
def test_markup_goes_and_words_stay(raw: str, text: str) -> None:
    assert clean(raw).text == text


def test_the_steps_of_cleaning_are_recorded() -> None:
    assert clean("plain text").steps == ()
    assert set(clean("<p>a&amp;b</p><script>x</script>").steps) == {"scripts", "tags", "entities"}


@pytest.mark.parametrize(
    "hostile", ["<script>" * 20_000, "<!--" * 40_000, "<a " * 60_000, "&" * 190_000, "<x " * 60_000]
)
@pytest.mark.usefixtures("never_hangs")
def test_cleaning_hostile_text_comes_to_an_end(hostile: str) -> None:
    assert len(clean(hostile).text) <= len(hostile)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A kettle for the camp fire", "en"),
        ("Der Kessel ist für das Lagerfeuer und mit Deckel", "de"),
        ("飞利浦 Sonicare 电动牙刷 HX6730", "zh"),
        ("ステンレスの水筒です", "ja"),
        ("스테인리스 물병", "ko"),
        ("12.5 / 300", ""),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert detect(text) == language
