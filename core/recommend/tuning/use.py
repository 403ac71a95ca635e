"""Reading with a tuned encoder: whether a run may, and the encoder as it was kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigError
from core.recommend.config import SplitKind, TextKind, TrainConfig
from core.recommend.data import Split
from core.recommend.tuning.kept import TUNED, WEIGHTS, EncoderCard, folder_of, hash_of
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from core.llm.backbone import Backbone


def fits(card: EncoderCard, split: Split) -> None:
    """Raises ConfigError where an encoder has learned from events that a run with this split validates or tests on."""
    same = split.train.hash == card.train_hash
    earlier = (
        split.cuts is not None
        and card.config["split"] == SplitKind.TEMPORAL.value
        and card.until < split.cuts[0]
    )
    if not (same or earlier):
        raise ConfigError(
            f"The encoder {card.name} has learned from events that this run keeps for validation or test.",
            where="encoder",
            remedy="Tune it anew with the split of the run, or choose another encoder.",
        )


def tuned_encoder(workspace: Workspace, config: TrainConfig, split: Split) -> Path | None:
    """The folder of the encoder a configuration asks for, None for the embedded one as it comes. Raises ConfigError
    where it would not be read with, or has seen what the run is judged on."""
    if not config.encoder:
        return None
    if config.text not in (TextKind.SENTENCE, TextKind.BOTH):
        raise ConfigError(
            "A tuned encoder is read with only where the text vectors are of sentences.",
            where="encoder",
            remedy="Choose sentences or both as text vectors, or no encoder.",
        )
    folder = folder_of(workspace, config.encoder)
    fits(TUNED.read(folder), split)
    return folder


class TunedEncoder:
    """An encoder as it was kept; loaded on first use. Raises ModelUnavailable where card, weights or base model are
    missing or do not belong together."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card = TUNED.read(folder)
        self.id = self.card.id
        self._loaded: Backbone | None = None

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[texts, size], rows of length one."""
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded.encode(texts)

    def _load(self) -> Backbone:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        from core.llm.adapters import fingerprint
        from core.llm.backbone import Backbone
        from core.llm.encoder_kinds import restore
        from core.recommend.tuning.config import TuneConfig

        backbone = Backbone(self.card.base)
        if fingerprint(backbone.folder) != self.card.base_hash:
            raise TUNED.damaged(
                self.folder, f"{self.card.base} is another model than the one it was made for"
            )
        try:
            state = load_file(self.folder / WEIGHTS)
            if hash_of(state, self.card.config, self.card.base_hash) != self.card.weights_hash:
                raise TUNED.damaged(self.folder, "its weights are not those of its card")
            restore(backbone, TuneConfig.model_validate(dict(self.card.config)), state)
        except (OSError, ValueError, SafetensorError) as error:
            raise TUNED.damaged(self.folder, str(error).splitlines()[0]) from error
        return backbone
