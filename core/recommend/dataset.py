"""From a workspace's events to what a configuration trains on: kinds, weights, sessions, k-core, target domain."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import select

from core.catalogue.store import Catalogue
from core.domain import EventKind, Product
from core.errors import DataError
from core.recommend.config import SplitKind, TrainConfig, config_of
from core.recommend.dense import Core, k_core, sessions
from core.recommend.interactions import Interactions
from core.recommend.runs import Run
from core.storage.tables import events
from core.storage.workspaces import Workspace

HOUR = 3_600.0
_LEVEL = re.compile(r"\s*[>/|›]\s*")


@dataclass(frozen=True, eq=False)
class Dataset:
    """``data`` and how they came about: events read, shoppers before sessions (0 without sessions), what the k-core
    left out (None without), the name of the target domain ("" where none is asked about), and the shoppers who were
    left out on request."""

    data: Interactions
    read: int
    shoppers: int = 0
    core: Core | None = None
    domain: str = ""
    gone: tuple[str, ...] = ()

    @property
    def dropped(self) -> int:
        """Events that are no row: repeated, of unknown products, or outside the k-core."""
        return self.read - len(self.data)


def dataset(
    workspace: Workspace, products: Sequence[Product], config: TrainConfig, without: Collection[str] = ()
) -> Dataset:
    """What the configuration trains on, over these products in this order, without these shoppers.

    Raises DataError for a domain that is not in the catalogue.
    """
    every = list(zip(*_events(workspace, config), strict=True))
    unwanted = frozenset(without)
    rows = [row for row, _ in every if row[0] not in unwanted]
    weights = [weight for row, weight in every if row[0] not in unwanted]
    gone = tuple(sorted({row[0] for row, _ in every} & unwanted))
    before = len({row[0] for row in rows}) if config.session_gap else 0
    if config.session_gap:
        rows = sessions(rows, config.session_gap * HOUR)
    even = len(set(weights)) < 2
    data = Interactions.of(
        rows, [product.id for product in products], once=True, weights=None if even else weights
    )
    core = None
    if config.k_core > 1:
        data, core = k_core(data, config.k_core)
    domain = ""
    if config.split is SplitKind.CROSS_DOMAIN:
        data, domain = with_target(data, [domain_of(product) for product in products], config.domain)
    return Dataset(data, len(rows), before, core, domain, gone)


def dataset_of(run: Run, workspace: Workspace, names: Sequence[str]) -> Interactions:
    """What a run was trained on, as far as the workspace still has it, over products of these ids in this order: equal
    to what it was where the hash is the run's ``data_hash``."""
    known = {product.id: product for product in Catalogue(workspace).products(names)}
    products = [known.get(name) or Product(name, "") for name in names]
    return dataset(workspace, products, config_of(dict(run.config)), run.metrics.get("left_out", ())).data


def domain_of(product: Product) -> str:
    """The first level of the category: "Kitchen" of "Kitchen > Kettles"; "" where there is none."""
    return _LEVEL.split((product.category or "").strip())[0]


def with_target(data: Interactions, names: Sequence[str], wanted: str = "") -> tuple[Interactions, str]:
    """The data with a target domain, and its name: the one wanted, or the one that most shoppers reach from others.

    ``names`` are the domains of the products. Raises DataError for one that no product is of.
    """
    known = sorted({name for name in names if name})
    if wanted and wanted not in known:
        raise DataError(
            f"No product is of the domain “{wanted}”.",
            where="domain",
            remedy=f"Choose one of: {', '.join(known[:12])}; or leave it empty."
            if known
            else "Add the column “category” to the products.",
        )
    if not known:
        return data, ""
    if not wanted:
        place = {name: index for index, name in enumerate(known)}
        of = np.array([place.get(name, len(known)) for name in names])[data.product]
        reached = np.zeros((len(data.shoppers), len(known) + 1), dtype=bool)
        reached[data.shopper, of] = True
        several = reached[reached.sum(axis=1) > 1]
        wanted = known[int(np.argmax(several[:, :-1].sum(axis=0)))]
    return replace(data, target=np.array([name == wanted for name in names])), wanted


def _events(workspace: Workspace, config: TrainConfig) -> tuple[list[tuple[str, str, float]], list[float]]:
    """Rows (shopper, product, time) that speak for a product, in the order they came in, and what each weighs."""
    weight = {
        EventKind.VIEW.value: config.view_weight,
        EventKind.CART.value: config.cart_weight,
        EventKind.PURCHASE.value: config.purchase_weight,
        EventKind.RATING.value: config.rating_weight,
    }
    if config.purchases_only:
        weight |= {EventKind.VIEW.value: 0.0, EventKind.CART.value: 0.0}
    query = (
        select(events.c.shopper_id, events.c.product_id, events.c.time, events.c.kind)
        .where((events.c.kind != EventKind.RATING.value) | (events.c.value >= config.lowest_rating))
        .where(events.c.kind.in_([kind for kind, value in weight.items() if value > 0]))
        .order_by(events.c.id)
    )
    with workspace.db.read() as connection:
        found = connection.execute(query).all()
    return [(row[0], row[1], row[2]) for row in found], [weight[row[3]] for row in found]
