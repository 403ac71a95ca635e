"""Whether a language model's files are on this machine, how large they are, their licence, and how to get them."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.llm.base import ModelCard
from core.llm.files import EMBEDDED, status

State = Literal["here", "absent", "server", "no_key"]
_WEIGHTS = ("*.safetensors", "*.bin", "*.gguf")


@dataclass(frozen=True, slots=True)
class Presence:
    """``state``: files are here or absent, or the model is on a server (``no_key``: the variable of its key is not
    set). ``size`` is in bytes, 0 where unknown; ``command`` gets what is missing, "" where nothing is."""

    state: State
    size: int = 0
    licence: str = ""
    command: str = ""
    folder: str = ""


def presence(card: ModelCard, configured: Mapping[str, Any]) -> Presence:
    """What is known of a model without loading it or asking the network."""
    if card.kind == "endpoint":
        variable = str(configured.get("key_env") or "")
        missing = bool(variable) and not os.environ.get(variable)
        return Presence("no_key" if missing else "server", command=f"export {variable}=…" if missing else "")
    if card.kind == "embedded":
        found = next(state for state in status() if state.name == EMBEDDED)
        state: State = "here" if found.present else "absent"
        return Presence(
            state, found.size, found.licence, "" if found.present else found.command, str(found.folder)
        )
    if card.kind == "adapter":
        return Presence("absent" if card.missing else "here", card.size, folder=card.where)
    licence = str(configured.get("licence") or "")
    folder = Path(card.where).expanduser()
    if not folder.is_dir():
        cached = hub_folder(card.where)
        if cached is None:
            return Presence("absent", 0, licence, download_command(card.where))
        folder = cached
    size = weights(folder)
    return Presence(
        "here" if size else "absent",
        size,
        licence or licence_of(folder),
        "" if size else download_command(card.where),
        str(folder),
    )


def hub_folder(repo: str) -> Path | None:
    """The folder of a hub model in the local cache, None where it has not been downloaded."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(repo, "config.json")
    except HFValidationError:
        return None
    return Path(found).parent if isinstance(found, str) else None


def download_command(repo: str) -> str:
    """The command that downloads a model of the hub, with this installation's own tool."""
    tool = Path(sys.executable).parent / "hf"
    try:
        told = tool.relative_to(Path.cwd())
    except ValueError:
        told = tool
    return f"{told if tool.exists() else 'hf'} download {repo}"


def weights(folder: Path) -> int:
    """Bytes of the weights in a folder; of several formats the first that is there."""
    for pattern in _WEIGHTS:
        size = sum(file.stat().st_size for file in folder.glob(pattern))
        if size:
            return size
    return 0


def token_weights(folder: Path) -> int:
    """How many of a model's weights are its table of tokens, which are looked up and cost no time; 0 where its
    configuration does not say."""
    try:
        told = json.loads((folder / "config.json").read_text("utf-8"))
        return int(told["vocab_size"]) * int(told["hidden_size"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def licence_of(folder: Path) -> str:
    """The licence that a model's card names at its head; "" where there is none."""
    try:
        head = (folder / "README.md").read_text("utf-8", "replace")[:4000]
    except OSError:
        return ""
    found = re.search(r"^license(?:_name)?:\s*([\w.\-]+)\s*$", head, re.MULTILINE)
    return found[1] if found else ""
