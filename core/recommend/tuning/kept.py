"""Tuned encoders as artefacts of a workspace: learned weights, a card that says what they are, and their curves.

encoders/<id>/card.json   curves.json   weights.safetensors
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from core.errors import ConfigError, ModelUnavailable
from core.llm.learned import CARD, Curves, Learned, new_folder
from core.recommend import runs
from core.recommend.encoder import ENCODERS
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "weights.safetensors"


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


TUNED = Learned("encoder", EncoderCard, "Tune it again, or choose another one.")


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
    found = [card for _folder, card in TUNED.inside(workspace.folder / ENCODERS)]
    return sorted(found, key=lambda card: (-card.created_at, card.id))


def keep(root: Path, state: Mapping[str, Tensor], card: Mapping[str, Any], curves: Curves) -> EncoderCard:
    """Write an encoder below ``root``; its folder appears when all is there. ``card`` has all but the id."""
    from safetensors.torch import save_file

    made = EncoderCard.model_validate({**card, "id": f"{card['config']['kind']}-{card['weights_hash'][:8]}"})
    with new_folder(root / made.id, curves) as scratch:
        save_file({name: value.contiguous() for name, value in state.items()}, scratch / WEIGHTS)
        (scratch / CARD).write_text(made.model_dump_json(indent=1), "utf-8")
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
