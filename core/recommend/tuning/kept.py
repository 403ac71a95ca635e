"""Tuned encoders as artefacts of a workspace: learned weights, a card that says what they are, and their curves.

encoders/<id>/card.json   curves.json   weights.safetensors
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import ConfigError, ModelUnavailable
from core.recommend import runs
from core.recommend.config import SplitKind, TextKind, TrainConfig
from core.recommend.data import Split
from core.recommend.encoder import ENCODERS
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from torch import Tensor

    from core.llm.backbone import Backbone

CARD, CURVES, WEIGHTS = "card.json", "curves.json", "weights.safetensors"


class EncoderCard(BaseModel):
    """What a tuned encoder is. Hashes are hexadecimal; ``weights_hash`` is ``hash_of``.

    ``frozen`` and ``valid`` are ``Quality.plain`` of text kNN on the validation period, before and after; ``change`` is
    the mean change of NDCG@10 with its 95% interval, paired over shoppers. ``until`` is the time of the latest event it
    learned from; ``train_hash`` is that of all of them; ``job`` the job that made it, with others to compare it with.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    base: str
    base_hash: str
    weights_hash: str
    style: str
    config: Mapping[str, Any]
    created_at: float
    job: str
    data_hash: str
    train_hash: str
    until: float
    counts: Mapping[str, int]
    perplexity_before: float | None
    perplexity: float | None
    frozen: Mapping[str, float]
    valid: Mapping[str, float]
    change: Mapping[str, float]
    steps: int
    seconds: float
    texts_per_s: float
    memory_mb: float
    device: str
    precision: str
    machine: str

    @property
    def kind(self) -> str:
        """How it was tuned."""
        return str(self.config["kind"])

    @property
    def identity(self) -> str:
        """What its vectors are kept under."""
        return f"tuned/{self.weights_hash}"


def folder_of(workspace: Workspace, encoder: str) -> Path:
    """The folder of an encoder; raises ModelUnavailable where the workspace has none of that id."""
    folder = workspace.folder / ENCODERS / encoder
    if not encoder or "/" in encoder or not (folder / CARD).is_file():
        raise ModelUnavailable(
            f"There is no encoder {encoder[:60]} in this workspace.",
            where=workspace.info.name,
            remedy="Choose another one, or tune one on the Encoder page.",
        )
    return folder


def listed(workspace: Workspace) -> list[EncoderCard]:
    """The cards of all encoders, the latest first; folders without a card that can be read are left out."""
    found = []
    for path in (workspace.folder / ENCODERS).glob(f"*/{CARD}"):
        try:
            found.append(read_card(path.parent))
        except ModelUnavailable:
            continue
    return sorted(found, key=lambda card: (-card.created_at, card.id))


def read_card(folder: Path) -> EncoderCard:
    """The card of an encoder's folder; raises ModelUnavailable where there is none or it is damaged."""
    try:
        return EncoderCard.model_validate_json((folder / CARD).read_text("utf-8"))
    except (OSError, ValidationError) as error:
        raise damaged(folder, f"its card cannot be read ({str(error).splitlines()[0]})") from error


def read_curves(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The ``steps`` and ``checks`` it was tuned with; empty where they were not kept."""
    try:
        found: dict[str, list[dict[str, Any]]] = json.loads((folder / CURVES).read_text("utf-8"))
    except (OSError, ValueError):
        return {"steps": [], "checks": []}
    return found


def keep(
    root: Path,
    state: Mapping[str, Tensor],
    card: Mapping[str, Any],
    curves: Mapping[str, Sequence[Mapping[str, Any]]],
) -> EncoderCard:
    """Write an encoder below ``root``; its folder appears when all is there. ``card`` has all but the id."""
    from safetensors.torch import save_file

    root.mkdir(parents=True, exist_ok=True)
    made = EncoderCard.model_validate({**card, "id": f"{card['config']['kind']}-{card['weights_hash'][:8]}"})
    scratch = Path(tempfile.mkdtemp(prefix=".encoder-", dir=root))
    save_file({name: value.contiguous() for name, value in state.items()}, scratch / WEIGHTS)
    (scratch / CURVES).write_text(json.dumps(dict(curves)), "utf-8")
    (scratch / CARD).write_text(made.model_dump_json(indent=1), "utf-8")
    scratch.chmod(0o755)
    folder = root / made.id
    if folder.exists():
        shutil.rmtree(folder)
    scratch.rename(folder)
    return made


def hash_of(state: Mapping[str, Tensor], config: Mapping[str, Any], base_hash: str) -> str:
    """Content hash of all that decides the vectors: base model, settings and learned weights."""
    digest = hashlib.sha256(json.dumps([base_hash, dict(config)], sort_keys=True).encode())
    for name in sorted(state):
        digest.update(name.encode() + b"\0" + state[name].contiguous().numpy().tobytes())
    return digest.hexdigest()


def users(workspace: Workspace, encoder: str) -> list[runs.Run]:
    """The runs that read with an encoder."""
    return [run for run in runs.list_runs(workspace) if run.config.get("encoder") == encoder]


def delete(workspace: Workspace, encoder: str) -> None:
    """Delete an encoder. Raises ConfigError while a run reads with it, ModelUnavailable where there is none."""
    folder, needed = folder_of(workspace, encoder), users(workspace, encoder)
    if needed:
        raise ConfigError(
            f"{len(needed)} runs read with this encoder ({needed[0].name}).",
            where=encoder,
            remedy="Delete these runs first.",
        )
    shutil.rmtree(folder)


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
    fits(read_card(folder), split)
    return folder


class TunedEncoder:
    """An encoder as it was kept; loaded on first use. Raises ModelUnavailable where card, weights or base model are
    missing or do not belong together."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card = read_card(folder)
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
            raise damaged(self.folder, f"{self.card.base} is another model than the one it was made for")
        try:
            state = load_file(self.folder / WEIGHTS)
            if hash_of(state, self.card.config, self.card.base_hash) != self.card.weights_hash:
                raise damaged(self.folder, "its weights are not those of its card")
            restore(backbone, TuneConfig.model_validate(dict(self.card.config)), state)
        except (OSError, ValueError, SafetensorError) as error:
            raise damaged(self.folder, str(error).splitlines()[0]) from error
        return backbone


def damaged(folder: Path, why: str) -> ModelUnavailable:
    """The error for an encoder that cannot be used."""
    return ModelUnavailable(
        f"The encoder {folder.name} cannot be used: {why}.",
        where=str(folder),
        remedy="Tune it again, or choose another one.",
    )
