"""How a graph is to be made smaller: the typed settings, and the strengths that a curve is drawn over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.form import checked, setting


class Plan(BaseModel):
    """What is done, in this order. The first four lose nothing that a reader of the graph could not infer; the last two
    leave facts out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    inverse: bool = setting(
        "structure", True, description="Of two facts that say one thing both ways, keep one."
    )
    transitive: bool = setting(
        "structure", True, description="Leave out facts that follow from a chain of others."
    )
    equivalent: bool = setting(
        "structure", True, description="Join values that exactly the same products have."
    )
    bundles: bool = setting(
        "structure", True, description="Put sets of values that go together behind one node."
    )
    bundle_products: int = setting(
        "structure", 4, ge=2, le=10_000, description="Products a set must occur on."
    )
    least_products: int = setting(
        "loss", 1, ge=1, le=10_000, description="Values of fewer products are left out."
    )
    least_confidence: float = setting(
        "loss", 0.0, ge=0.0, le=1.0, description="Less certain facts are left out."
    )


_NOTHING = {"inverse": False, "transitive": False, "equivalent": False, "bundles": False}
STRENGTHS: tuple[Plan, ...] = (
    Plan(**_NOTHING),
    Plan(bundles=False, equivalent=False),
    Plan(bundles=False),
    Plan(),
    Plan(least_products=2),
    Plan(least_products=2, least_confidence=0.8),
    Plan(least_products=3, least_confidence=0.8),
    Plan(least_products=5, least_confidence=0.9),
    Plan(least_products=10, least_confidence=0.9),
)
"""From nothing to too much; the position is the strength."""


def plan_of(values: Mapping[str, Any]) -> Plan:
    """Check settings from a form or a command line; raises ConfigError naming the field and its range."""
    return checked(Plan, values)
