"""A typed configuration as a form: one entry a field, with its kind, range and section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError
from pydantic.fields import FieldInfo

from core.errors import ConfigError

Config = TypeVar("Config", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Entry:
    """One field. ``kind`` is "choice", "switch", "text", "whole" or "real"; ``options`` for a choice, limits for
    numbers (the smallest and largest values that are allowed, None where there is no limit)."""

    name: str
    section: str
    kind: str
    options: tuple[str, ...]
    least: float | None
    most: float | None


def setting(section: str, default: Any, **rules: Any) -> Any:
    """A field of a configuration that stands in that section of its form; ``rules`` are those of pydantic's Field."""
    return Field(default=default, json_schema_extra={"section": section}, **rules)


def entries(model: type[BaseModel]) -> tuple[Entry, ...]:
    """All fields of a configuration, in their order; ``section`` is in their ``json_schema_extra``."""
    return tuple(_entry(name, field) for name, field in model.model_fields.items())


def checked(model: type[Config], values: Mapping[str, Any]) -> Config:
    """A configuration from the values of a form, a file or a command line; raises ConfigError naming the field and its
    range."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "configuration"
        raise ConfigError(
            f"{first['msg']} (given: {first.get('input')!r:.80}).",
            where=place,
            remedy="Change the value, or start from a preset.",
        ) from None


def _entry(name: str, field: FieldInfo) -> Entry:
    extra = field.json_schema_extra
    section = str(extra["section"]) if isinstance(extra, Mapping) else "training"
    kind: Any = field.annotation
    if get_origin(kind) is Literal:
        return Entry(name, section, "choice", tuple(get_args(kind)), None, None)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Entry(name, section, "choice", tuple(member.value for member in kind), None, None)
    if kind is str:
        return Entry(name, section, "text", (), None, None)
    if kind is bool:
        return Entry(name, section, "switch", (), None, None)
    limits: dict[str, float] = {}
    for rule in field.metadata:
        for limit in ("ge", "gt", "le", "lt"):
            if hasattr(rule, limit):
                limits[limit[0]] = getattr(rule, limit)
    return Entry(name, section, "whole" if kind is int else "real", (), limits.get("g"), limits.get("l"))
