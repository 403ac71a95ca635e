"""The text encoder of a run: the embedded one as it comes, or one that was tuned in the workspace."""

from __future__ import annotations

from pathlib import Path

from core.errors import ModelUnavailable
from core.recommend.text import Encoder

ENCODERS = "encoders"
"""The folder of a workspace that holds a folder for each tuned encoder."""


def sentence_encoder(
    tuned: Path | None = None, *, required: bool = False, remember: bool = False
) -> Encoder | None:
    """The encoder kept in the folder ``tuned``, else the frozen embedded one.

    None where the files of the embedded one are missing, unless ``required``; a tuned one that cannot be had always
    raises ModelUnavailable, as no other stands in for it. ``remember`` keeps the vectors for the next time: for the
    texts of a catalogue, which are read again and again.
    """
    from core.llm.adapters import fingerprint
    from core.llm.sentences import SentenceEncoder
    from core.recommend.tuning.use import TunedEncoder
    from core.recommend.vectors import KeptVectors

    if tuned is not None:
        encoder = TunedEncoder(tuned)
        return KeptVectors(encoder, encoder.card.identity) if remember else encoder
    try:
        plain = SentenceEncoder()
    except ModelUnavailable:
        if required:
            raise
        return None
    return KeptVectors(plain, fingerprint(plain.folder)) if remember else plain
