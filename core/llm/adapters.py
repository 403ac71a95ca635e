"""Adapters on disk: a folder each, with weights in float16 and a card that says what they are and came from."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.errors import ConfigError, ModelUnavailable
from core.llm.files import MANIFEST, sha256_of
from core.llm.learned import CARD, Curves, Learned, new_folder
from core.settings import ASSETS, settings

WEIGHTS = "adapter_model.safetensors"
SHIPPED = ASSETS / "models" / "adapter"
SHIPPED_NAME = "shipped"
_NAME = re.compile(r"[A-Za-z0-9][\w.\-]{0,39}")
_PIECE = 1 << 20


class AdapterCard(BaseModel):
    """What an adapter is. Hashes are hexadecimal; ``version`` is the start of that of the weights. Losses are nats a
    learned token, of the validation texts; ``right`` is the share of those tokens that come first; ``start`` is the
    version of the adapter it goes on from, "" for a fresh one."""

    model_config = ConfigDict(frozen=True)

    name: str
    base: str
    base_hash: str
    version: str
    weights_hash: str
    created_at: float
    config: Mapping[str, Any]
    data: str
    data_hash: str
    start: str = ""
    counts: Mapping[str, int]
    loss_before: float
    loss: float
    right: float
    steps: int
    seconds: float
    tokens_per_s: float
    memory_mb: float
    device: str
    precision: str
    machine: str

    @property
    def kind(self) -> str:
        """The parameter-efficient method."""
        return str(self.config.get("kind", ""))


ADAPTERS = Learned("adapter", AdapterCard, "Fine-tune it again, or choose another model.")


def home() -> Path:
    """The folder that holds one folder an adapter."""
    return settings().home / "adapters"


def listed(base: str = "") -> list[AdapterCard]:
    """The cards of all adapters, or of those for one base model, by name; folders without a card that can be read
    are left out."""
    return [
        card.model_copy(update={"name": folder.name})
        for folder, card in ADAPTERS.inside(home())
        if not base or card.base == base
    ]


def folder_of(name: str) -> Path:
    """The folder of the adapter of that name; raises ModelUnavailable where there is none."""
    folder = home() / _sound(name)
    if not (folder / CARD).is_file():
        raise ModelUnavailable(
            f"There is no adapter called {name}.", where=str(home()), remedy="Pick one that is listed."
        )
    return folder


def free_name(wanted: str) -> str:
    """That name made fit for a folder, with a number where it is taken."""
    plain = re.sub(r"[^\w.\-]+", "-", wanted, flags=re.ASCII).strip("-._")[:32] or "adapter"
    names = [plain, *(f"{plain}-{number}" for number in range(2, 1_000))]
    return next(name for name in names if not (home() / name).exists())


def rename(name: str, wanted: str) -> None:
    """Give an adapter another name. Raises ConfigError for one that is taken or no name, ModelUnavailable where there
    is no such adapter."""
    folder, target = folder_of(name), home() / _sound(wanted)
    if target.exists():
        raise ConfigError(f"{wanted} is taken.", where="name", remedy="Choose another name.")
    folder.rename(target)


def delete(name: str) -> None:
    """Delete an adapter; raises ModelUnavailable where there is none."""
    shutil.rmtree(folder_of(name))


def save(folder: Path, model: Any, card: Mapping[str, Any], curves: Curves) -> AdapterCard:
    """Write a trained PEFT model's adapter, its card and its curves; the folder appears when all is there.

    ``card`` has all but name, version and hash of the weights.
    """
    import peft
    import torch
    from safetensors.torch import save_file

    state = peft.get_peft_model_state_dict(model)
    half = {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in state.items()}
    config = model.peft_config["default"]
    config.base_model_name_or_path, config.inference_mode = str(card["base"]), True
    with new_folder(folder, curves) as scratch:
        save_file(half, str(scratch / WEIGHTS))
        config.save_pretrained(str(scratch))
        found = sha256_of(scratch / WEIGHTS)
        made = AdapterCard.model_validate(
            {**card, "name": folder.name, "version": found[:8], "weights_hash": found}
        )
        (scratch / CARD).write_text(made.model_dump_json(indent=1), "utf-8")
    return made


def fingerprint(source: Path) -> str:
    """What tells one base model from another: the hash of the file it was made from where that is known, else of its
    configuration and of the sizes and first and last MiB of its weights."""
    manifest = source / MANIFEST
    if manifest.is_file():
        return str(json.loads(manifest.read_text("utf-8"))["sha256"])
    digest = hashlib.sha256()
    for path in [source / "config.json", *sorted(source.glob("*.safetensors"))]:
        if path.is_file():
            size = path.stat().st_size
            digest.update(f"{path.name} {size} ".encode())
            with path.open("rb") as reader:
                digest.update(reader.read(_PIECE))
                reader.seek(max(0, size - _PIECE))
                digest.update(reader.read(_PIECE))
    return digest.hexdigest()


def _sound(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name[:60]!r} is no name for an adapter.",
            where="name",
            remedy="Use letters, digits, dots and dashes, at most 40.",
        )
    return name
