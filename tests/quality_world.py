"""A shop of four shelves whose products share what their shelf has, with one contradiction and one gap."""

from __future__ import annotations

from core.domain import Assertion
from core.graph.log import Log
from core.storage.workspaces import Workspace
from tests.graph_world import document, put_documents, put_products, read

SHELVES = (
    ("oak", "living room", "gifts", "families"),
    ("steel", "kitchen", "baking", "cooks"),
    ("linen", "bedroom", "sleeping", "guests"),
    ("glass", "garden", "parties", "friends"),
)
RELATIONS = ("material", "usedIn", "usedFor", "audience")
PRODUCTS = 32


def fill_shelves(workspace: Workspace) -> list[Assertion]:
    """Put the shop into a workspace, with everything read but what the first product is used for, and two brands of the
    second."""
    shop, claims = {}, []
    for number in range(PRODUCTS):
        values = SHELVES[number % len(SHELVES)]
        name, brand = f"p{number:02d}", f"Maker{number % 5}"
        text = f"Thing {number} by {brand}: {', '.join(values)}. Once sold as Elder."
        shop[name] = (f"{brand} {values[0]} thing {number}", brand, text)
        pairs = [*zip(RELATIONS, values, strict=True), *([("brand", brand)] if number else [])]
        claims += [
            (name, relation, value) for relation, value in pairs if (number, relation) != (0, "usedFor")
        ]
    claims.append(("p01", "brand", "Elder"))
    put_products(workspace, shop)
    made = [read(document(name, shop[name][2]), relation, value) for name, relation, value in claims]
    put_documents(workspace, [])
    Log(workspace).append(made)
    return made
