"""The sentence encoder of the embedded models, where its files are on this machine."""

from __future__ import annotations

from core.errors import ModelUnavailable
from core.recommend.text import Encoder


def sentence_encoder(*, required: bool = False) -> Encoder | None:
    """The frozen encoder; None where its files are missing, unless ``required``: then ModelUnavailable is raised."""
    from core.llm.sentences import SentenceEncoder

    try:
        return SentenceEncoder()
    except ModelUnavailable:
        if required:
            raise
        return None
