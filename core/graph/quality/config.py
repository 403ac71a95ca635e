"""The typed configuration of a check: what counts as a finding, and when the gate is open."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from core.form import setting


class QualityConfig(BaseModel):
    """Thresholds of a check; shares are in [0, 1]. Ranges are enforced, unknown names refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    most_errors: float = setting(
        "gate", 0.01, ge=0.0, le=1.0, description="Most facts that break the schema, as a share."
    )
    most_contradictions: float = setting(
        "gate", 0.05, ge=0.0, le=1.0, description="Most single values that are contradicted, as a share."
    )
    most_orphans: float = setting(
        "gate", 0.02, ge=0.0, le=1.0, description="Most products without a fact, as a share."
    )
    least_completeness: float = setting(
        "gate", 0.2, ge=0.0, le=1.0, description="Least share of the attributes asked for that products have."
    )

    shapes_facts: int = setting(
        "findings",
        20_000,
        ge=100,
        le=1_000_000,
        description="Facts held against the shapes at most; of larger graphs a sample of products is.",
    )
    range_decades: float = setting(
        "findings",
        2.0,
        ge=0.5,
        le=6.0,
        description="An amount further than this many powers of ten from the median is out of range.",
    )
    longest_value: int = setting(
        "findings", 80, ge=10, le=1_000, description="Characters of a value at most."
    )
    hub_share: float = setting(
        "findings", 0.4, gt=0.0, le=1.0, description="A value on a larger share of the products is a hub."
    )
    incomplete_share: float = setting(
        "findings",
        0.1,
        ge=0.0,
        le=1.0,
        description="An attribute that fewer products of its category have is incomplete.",
    )
    overlap: float = setting(
        "findings",
        0.6,
        gt=0.0,
        le=1.0,
        description="Relations that share this much of their facts or values are near-duplicates.",
    )
    suspicious_place: float = setting(
        "findings",
        0.9,
        gt=0.0,
        le=1.0,
        description="A fact whose value ranks behind this share of the possible ones is suspicious.",
    )
    embedding: bool = setting(
        "findings", True, description="Look for suspicious facts; trains three small embeddings."
    )
