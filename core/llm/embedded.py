"""The embedded model: SmolLM2-135M-Instruct, on any machine, with no network once its files are there."""

from __future__ import annotations

from core.llm.adapted import version_of
from core.llm.adapters import SHIPPED
from core.llm.files import EMBEDDED, folder_of
from core.llm.learned import CARD
from core.llm.transformers_model import TransformersModel

# Measured with few-shot prompts on English product text; on Chinese it babbles, so it is not offered for it.
LANGUAGES = ("en",)
PLAIN = f"{EMBEDDED}-plain"
"""The id of the embedded model without the shipped adapter, where there is one."""


class EmbeddedModel(TransformersModel):
    """Serves the model fetched at set-up, with the shipped adapter unless ``plain``; raises ModelUnavailable where
    its files are not there."""

    def __init__(self, batch: int = 0, *, plain: bool = False) -> None:
        adapter = SHIPPED if with_adapter() and not plain else None
        name = f"{EMBEDDED}@{version_of(adapter)}" if adapter else EMBEDDED
        super().__init__(
            name, folder_of(EMBEDDED), languages=LANGUAGES, batch=batch, local_only=True, adapter=adapter
        )
        self.plain = EmbeddedModel(batch, plain=True) if adapter else None


def with_adapter() -> bool:
    """Whether an adapter is shipped for the embedded model."""
    return (SHIPPED / CARD).is_file()
