"""The data sets that can be loaded by name."""

from __future__ import annotations

from core.catalogue.opendata.amazon_reviews import AMAZON_REVIEWS
from core.catalogue.opendata.base import Dataset
from core.catalogue.opendata.complete_journey import COMPLETE_JOURNEY
from core.catalogue.opendata.online_retail import ONLINE_RETAIL
from core.catalogue.opendata.wands import WANDS
from core.errors import DataError

DATASETS: dict[str, Dataset] = {
    dataset.key: dataset for dataset in (COMPLETE_JOURNEY, WANDS, AMAZON_REVIEWS, ONLINE_RETAIL)
}


def dataset(key: str) -> Dataset:
    """A data set by its key; raises DataError for an unknown one."""
    if key not in DATASETS:
        raise DataError(
            f"There is no data set called {key!r}.", remedy=f"Choose one of {', '.join(DATASETS)}."
        )
    return DATASETS[key]
