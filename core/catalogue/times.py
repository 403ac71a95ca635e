"""Points in time as shops write them, to seconds since the epoch, UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import MappingError

EARLIEST = datetime(1980, 1, 1, tzinfo=UTC).timestamp()
_EXCEL_ZERO = datetime(1899, 12, 30)
_CLOCK = (
    r"(?:[T\s,]*(?P<half1>上午|下午|AM|PM)?\s*(?P<h>\d{1,2})[:时点](?P<mi>\d{1,2})"
    r"(?:[:分](?P<s>\d{1,2})(?:[.]\d+)?秒?|分)?"
    r"\s*(?P<half2>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST = re.compile(r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*日?" + _CLOCK)
_YEAR_LAST = re.compile(
    r"(?P<a>\d{1,2})\s*(?P<sep>[-/.])\s*(?P<b>\d{1,2})\s*[-/.]\s*(?P<y>\d{4}|\d{2})" + _CLOCK
)
_DAY_NAMED = re.compile(
    r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s.-]*(?P<name>[A-Za-z]{3,9})[\s.,-]*(?P<y>\d{4}|\d{2})" + _CLOCK
)
_MONTH_NAMED = re.compile(
    r"(?P<name>[A-Za-z]{3,9})[\s.-]+(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s,.-]+(?P<y>\d{4})" + _CLOCK
)
_NUMBER = re.compile(r"\d+(?:\.\d*)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (0, 1.0))


@cache
def zone(name: str) -> tzinfo:
    """A time zone by its IANA name; raises MappingError for an unknown one."""
    try:
        return ZoneInfo(name) if name and name != "UTC" else UTC
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise MappingError(
            f"There is no time zone called {name!r}.",
            remedy="Use a name such as Europe/Berlin or Asia/Shanghai.",
        ) from error


def parse_time(text: str, *, day_first: bool = False, zone_name: str = "UTC") -> float | None:
    """Seconds since the epoch, or None for what is no point in time after 1980.

    Understands ISO 8601, epochs in seconds to nanoseconds, Excel serial dates, 20240503, 2024年5月3日 下午2:05,
    3/5/2024 (as ``day_first`` says where both readings are possible), "3 May 2024" and RFC 2822. Times without a
    zone are taken to be in ``zone_name``.
    """
    text = text.strip()
    try:
        moment = _from_iso(text) or _from_number(text) or _from_parts(text, day_first) or _from_mail(text)
        if moment is None:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone(zone_name))
        seconds = aware.timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    return seconds if seconds >= EARLIEST else None


def prefers_day_first(samples: Iterable[str]) -> bool | None:
    """Whether "3/5/2024" is the third of May in this column: True, False, or None where nothing tells."""
    found = None
    for text in samples:
        match = _YEAR_LAST.fullmatch(text.strip())
        if match is None:
            continue
        first, second = int(match["a"]), int(match["b"])
        if first > 12 >= second:
            return True
        if second > 12 >= first:
            return False
        if match["sep"] == ".":
            found = True
    return found


def _from_iso(text: str) -> datetime | None:
    if len(text) < 10 or text[4:5] != "-":
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _from_number(text: str) -> datetime | None:
    if not _NUMBER.fullmatch(text):
        return None
    whole = text.split(".")[0]
    if len(whole) == 8 and whole[:2] in ("19", "20"):
        return datetime.strptime(whole, "%Y%m%d")
    if len(whole) == 14 and whole[:2] in ("19", "20"):
        return datetime.strptime(whole, "%Y%m%d%H%M%S")
    value = float(text)
    if 29_000 <= value < 100_000:
        return _EXCEL_ZERO + timedelta(days=value)
    for least, unit in _EPOCH_UNITS:
        if value >= least:
            return datetime.fromtimestamp(value / unit, UTC)
    return None


def _from_parts(text: str, day_first: bool) -> datetime | None:
    if found := _YEAR_FIRST.fullmatch(text):
        return _build(found, int(found["m"]), int(found["d"]))
    if found := _YEAR_LAST.fullmatch(text):
        first, second = int(found["a"]), int(found["b"])
        day, month = (first, second) if (day_first or first > 12) and second <= 12 else (second, first)
        return _build(found, month, day)
    for pattern in (_DAY_NAMED, _MONTH_NAMED):
        if (found := pattern.fullmatch(text)) and found["name"][:3].lower() in _MONTHS:
            return _build(found, _MONTHS.index(found["name"][:3].lower()) + 1, int(found["d"]))
    return None


def _build(found: re.Match[str], month: int, day: int) -> datetime:
    year = int(found["y"])
    year += 0 if year > 99 else 2000 if year < 70 else 1900
    hour = int(found["h"] or 0)
    half = (found["half1"] or found["half2"] or "").upper().replace(".", "")
    if half in ("PM", "下午") and hour < 12:
        hour += 12
    if half in ("AM", "上午") and hour == 12:
        hour = 0
    moment = datetime(year, month, day, hour, int(found["mi"] or 0), int(found["s"] or 0))
    offset = found["zone"]
    if not offset:
        return moment
    if offset in ("Z", "UTC", "GMT"):
        return moment.replace(tzinfo=UTC)
    return datetime.strptime(f"{moment:%Y-%m-%d %H:%M:%S} {offset}", "%Y-%m-%d %H:%M:%S %z")


def _from_mail(text: str) -> datetime | None:
    if "," not in text or ":" not in text:
        return None
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
