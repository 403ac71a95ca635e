"""What the Models page knows: the models, the texts they would have to read, the machine, and who may change what."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from sqlalchemy import func, select

from core.domain import DocumentKind
from core.llm.base import ModelCard
from core.llm.check import Checked, last_checks
from core.llm.models_file import allowed, configured
from core.llm.presence import Presence, presence
from core.llm.registry import available
from core.storage import tables
from core.storage.workspaces import Workspace
from core.ui.machine import machine
from core.ui.text import has, t

MIB = 1 << 20
_LOCAL = ("127.0.0.1", "localhost", "::1")
_GPU_MEMORY = re.compile(r"([\d.]+)\s*MiB")


@dataclass(frozen=True, slots=True)
class Listed:
    """A language model as it stands: ``configured`` is what models.yaml says of it, {} for the embedded one."""

    card: ModelCard
    presence: Presence
    configured: Mapping[str, Any]
    checked: Checked | None

    @property
    def usable(self) -> bool:
        """Whether it can be chosen now."""
        return not self.card.missing and self.presence.state in ("here", "server")


def models() -> list[Listed]:
    """Every language model, the embedded one first; raises ConfigError for a file that is not understood."""
    checks = last_checks()
    made = []
    for card in available():
        told = configured(card.id)
        made.append(Listed(card, presence(card, told), told, checks.get(card.id)))
    return made


def text_counts(workspace: Workspace) -> dict[str, int]:
    """Number of product texts by language, most first; "" for those without words of any language."""
    documents = tables.documents
    query = (
        select(documents.c.language, func.count())
        .where(documents.c.current, documents.c.kind == DocumentKind.TEXT)
        .group_by(documents.c.language)
        .order_by(func.count().desc(), documents.c.language)
    )
    with workspace.db.read() as connection:
        return {str(row[0] or ""): int(row[1]) for row in connection.execute(query)}


def skipped(card: ModelCard, counts: Mapping[str, int]) -> dict[str, int]:
    """The texts a model would skip, by language."""
    return {language: count for language, count in counts.items() if not card.speaks(language)}


def language_name(code: str) -> str:
    """The name of a language; its code where it has none here."""
    key = f"models.language_{'any' if code == '*' else code}"
    return t(key) if has(key) else code


def named(codes: Sequence[str]) -> list[str]:
    """The names of languages."""
    return [language_name(code) for code in codes]


@dataclass(frozen=True, slots=True)
class Hardware:
    """What models have to run on: memories in bytes. ``cuda_build`` is False where the installed torch cannot use
    the GPU that is there."""

    cores: int
    memory: int
    memory_free: int
    gpus: tuple[str, ...]
    gpu_memory: int
    cuda_build: bool


def hardware() -> Hardware:
    """The machine, and whether torch can use its GPU."""
    here = machine()
    apple = any("MPS" in name for name in here.accelerators)
    sizes = [float(found[1]) * MIB for name in here.accelerators if (found := _GPU_MEMORY.search(name))]
    cuda = _sees_cuda()
    # Apple's GPU shares the memory of the machine; two thirds of it are what one process may have.
    memory = here.memory * 2 // 3 if apple else int(max(sizes, default=0))
    usable = memory if apple or cuda else 0
    return Hardware(here.cores, here.memory, here.memory_free, here.accelerators, usable, apple or cuda)


def _sees_cuda() -> bool:
    """Whether torch can use CUDA: asked of torch where it is loaded, else read from its version, as loading it takes
    seconds."""
    torch = sys.modules.get("torch")
    if torch is not None:
        return bool(torch.cuda.is_available())
    try:
        return "+cpu" not in version("torch")
    except PackageNotFoundError:
        return False


def may_write() -> bool:
    """Whether this visit may change which models the server uses: it makes the server call addresses, so a visitor
    from elsewhere may not. SHELFGRAPH_EDIT_MODELS decides; without it only a visit from this machine may."""
    told = allowed()
    if told is not None:
        return told
    if st.get_option("server.address") not in _LOCAL:
        return False
    headers = st.context.headers
    if any(headers.get(name) for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip")):
        return False
    return (urlsplit(f"//{headers.get('Host') or ''}").hostname or "") in _LOCAL
