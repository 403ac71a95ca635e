"""The sample shop: products, reviews and shopping events that ship with the app."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from core.catalogue.importer import Progress
from core.catalogue.mapping import ColumnMapping
from core.catalogue.opendata.base import Feed
from core.catalogue.read import read_table
from core.catalogue.report import ImportReport
from core.catalogue.store import Catalogue
from core.catalogue.synonyms import EVENTS, PRODUCTS, REVIEWS
from core.errors import UnreadableFile
from core.settings import ASSETS
from core.storage.workspaces import Workspace

SAMPLE = ASSETS / "sample"
ORIGIN = "sample"
_TABLES = (
    (
        "products.csv",
        ColumnMapping(
            PRODUCTS,
            {"id": "product_id"}
            | {name: name for name in ("title", "description", "brand", "category", "price", "currency")},
        ),
    ),
    (
        "reviews.csv",
        ColumnMapping(
            REVIEWS,
            {"id": "review_id", "time": "date"}
            | {name: name for name in ("product_id", "text", "rating", "shopper_id")},
        ),
    ),
    (
        "events.csv",
        ColumnMapping(
            EVENTS,
            {"shopper_id": "shopper_id", "product_id": "product_id", "kind": "event", "time": "timestamp"},
        ),
    ),
)


def load_sample(
    workspace: Workspace,
    folder: Path = SAMPLE,
    *,
    on_progress: Progress | None = None,
    check: Callable[[], None] | None = None,
) -> list[ImportReport]:
    """Import the sample; a second time changes nothing. Raises UnreadableFile where its files are missing.

    Its dates are part of the story it tells, so none of them counts as being in the future.
    """
    catalogue = Catalogue(workspace)
    return [
        catalogue.import_table(
            feed.table, feed.mapping, feed.name, ORIGIN, on_progress, check, latest=math.inf
        )
        for feed in sample_feeds(folder)
    ]


def sample_feeds(folder: Path = SAMPLE) -> list[Feed]:
    """The tables of the sample with their mappings, products first."""
    feeds = []
    for file, mapping in _TABLES:
        path = folder / file
        if not path.is_file():
            raise UnreadableFile(
                "A file of the sample is missing.",
                where=str(path),
                remedy="Check out assets/sample again, or run python -m core.catalogue.sample.",
            )
        feeds.append(Feed(read_table(path, file), mapping, file))
    return feeds
