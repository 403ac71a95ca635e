"""A serving policy: what may be shown, what is pushed, and how varied and how well known it is to be."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.domain import canonical_json, content_hash
from core.form import checked

BRAND, CATEGORY = "brand", "category"
SLIDERS = ("diversity", "discount", "long_tail")
"""The settings in [0, 1] that trade accuracy for something else."""
MOST_RULES = 20


class Trait(BaseModel):
    """Something a product has: ``relation`` with ``value``, the id of a node of the graph.

    For the columns ``brand`` and ``category`` the value is what the catalogue writes there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    relation: str = Field(min_length=1, max_length=120)
    value: str = Field(min_length=1, max_length=400)


class Boost(BaseModel):
    """Raise (above zero) or lower the products with a trait.

    ``weight`` 1 is the distance between the first and the last candidate of the shopper at hand, so that a strength
    means the same for every shopper and every run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    trait: Trait
    weight: float = Field(ge=-1.0, le=1.0)


class Policy(BaseModel):
    """What decides a list beside the scores; the default changes nothing.

    Of ``wanted`` traits a product needs one of each relation that is named, and none of ``unwanted``. ``diversity`` is
    1 − λ of maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998); ``discount`` is what the best known
    product loses, as a ``Boost`` does; ``long_tail`` the least share of the long tail in each beginning of a list.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    wanted: Annotated[tuple[Trait, ...], Field(max_length=100)] = ()
    unwanted: Annotated[tuple[Trait, ...], Field(max_length=100)] = ()
    price_from: float | None = Field(default=None, ge=0.0)
    price_to: float | None = Field(default=None, ge=0.0)
    in_stock: bool = False
    exclude_bought: bool = True
    boosts: Annotated[tuple[Boost, ...], Field(max_length=MOST_RULES)] = ()
    diversity: float = Field(default=0.0, ge=0.0, le=1.0)
    discount: float = Field(default=0.0, ge=0.0, le=1.0)
    long_tail: float = Field(default=0.0, ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _band(self) -> Policy:
        if self.price_from is not None and self.price_to is not None and self.price_from > self.price_to:
            raise ValueError(
                f"the lowest price ({self.price_from:g}) is above the highest ({self.price_to:g})"
            )
        return self

    @property
    def filters(self) -> bool:
        """Whether products are kept out of the list, other than those the shopper has."""
        return bool(
            self.wanted
            or self.unwanted
            or self.in_stock
            or self.price_from is not None
            or self.price_to is not None
        )

    @property
    def neutral(self) -> bool:
        """Whether the list is the model's own."""
        return self == AS_RANKED

    @property
    def plain(self) -> Policy:
        """What the policy is compared with: the model's own list, with or without what a shopper has."""
        return AS_RANKED.with_(exclude_bought=self.exclude_bought)

    @property
    def hash(self) -> str:
        """Equal for policies that do the same by the same words."""
        return content_hash(canonical_json(self.model_dump(mode="json")))[:12]

    def with_(self, **values: Any) -> Policy:
        """The policy with some settings changed, checked again."""
        return policy_of({**self.model_dump(), **values})


def policy_of(values: dict[str, Any]) -> Policy:
    """Check values from a form, a file or a command line; raises ConfigError naming the setting and its range."""
    return checked(Policy, values)


AS_RANKED = Policy()
