"""How much of anything is taken in. One place, so that tests, pages and readers agree."""

from __future__ import annotations

from core.settings import settings

CELL_CHARS = 200_000
"""A longer cell sends its row to the quarantine."""

RECORD_CHARS = 16_000_000
"""A line, or a quoted record over several lines, that is longer is cut off and kept apart."""

KEPT_CHARS = 1_000
"""What is kept of a cell that was too long, so that its row can be recognised and mended."""

LOOKAHEAD_CHARS = 64_000_000
"""Work spent on looking for closing quotes that never come, in one file."""

COLUMNS = 2_000
ID_CHARS = 200
TITLE_CHARS = 2_000

ARCHIVE_MEMBERS = 200
ARCHIVE_DEPTH = 2
ARCHIVE_RATIO = 200
"""Unpacked over packed size; only looked at beyond ``ARCHIVE_RATIO_FROM`` bytes, where it costs something."""
ARCHIVE_RATIO_FROM = 10_000_000

JSON_WHOLE_BYTES = 200_000_000
"""A JSON document that is not a list of rows is read whole, up to this size."""


def unpacked_bytes() -> int:
    """Largest size of a file after unpacking, in bytes."""
    return settings().max_upload_mb * 1_000_000
