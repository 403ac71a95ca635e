"""The embedded model: SmolLM2-135M-Instruct, on any machine, with no network once its files are there."""

from __future__ import annotations

from core.llm.files import EMBEDDED, folder_of
from core.llm.transformers_model import TransformersModel

# Measured with few-shot prompts on English product text; on Chinese it babbles, so it is not offered for it.
LANGUAGES = ("en",)


class EmbeddedModel(TransformersModel):
    """Serves the model fetched at set-up; raises ModelUnavailable where its files are not there."""

    def __init__(self, batch: int = 8) -> None:
        super().__init__(EMBEDDED, folder_of(EMBEDDED), languages=LANGUAGES, batch=batch, local_only=True)
