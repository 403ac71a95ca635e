"""The settings of a stage, checked before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import ConfigError

Params = TypeVar("Params", bound=BaseModel)


def parsed(model: type[Params], values: Mapping[str, Any], what: str, place: str) -> Params:
    """The settings as they are meant; raises ConfigError that names the setting, or ``place`` where none is to blame
    alone. ``what`` begins the sentence ("The build")."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        found = error.errors()[0]
        raise ConfigError(
            f"{what} cannot be set up so: {found['msg']}.",
            where=".".join(str(part) for part in found["loc"]) or place,
            remedy="Correct this setting and start again.",
        ) from error
