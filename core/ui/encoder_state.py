"""What the Encoder page knows: the encoders of a workspace, what there is to learn from, and which bases there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.llm.files import SENTENCES, status
from core.llm.presence import token_weights, weights
from core.llm.registry import trainable
from core.recommend.tuning.config import TuneConfig
from core.recommend.tuning.forecast import Size
from core.recommend.tuning.kept import EncoderCard, listed
from core.storage.workspaces import Workspace
from core.ui.session import catalogue_stamp
from core.ui.text import t

_BYTES = 4


@dataclass(frozen=True, slots=True)
class Base:
    """A model that can be tuned here; ``weights`` is how many it multiplies tokens with, 0 where that is not known."""

    id: str
    name: str
    weights: int


def bases() -> list[Base]:
    """The embedded encoder, then the language models that run on this machine. Others are for the command line: no
    visitor can make the server open a folder or an address of their choice."""
    found = []
    files = next(state for state in status() if state.name == SENTENCES)
    if files.present:
        size = weights(files.folder) // _BYTES - token_weights(files.folder)
        found.append(Base(SENTENCES, "MiniLM L6 v2", size))
    for card in trainable():
        if not card.missing:
            found.append(Base(card.id, card.name, card.size // 2))
    return found


def size_of(workspace: Workspace, config: TuneConfig) -> Size:
    """How much there is to learn from; raises DataError where it is too little."""
    fields = ("split", "valid_share", "test_share", "purchases_only", "window")
    asked = tuple((name, getattr(config, name)) for name in fields)
    return _size(str(workspace.folder), asked, catalogue_stamp(workspace), workspace)


def kind_name(kind: str) -> str:
    """What a kind of tuning is called on screen."""
    return t(f"encoder.option_{kind}")


def name_of(card: EncoderCard) -> str:
    """What an encoder is called on screen."""
    return f"{kind_name(card.kind)} · {card.name} · {card.weights_hash[:4]}"


def encoder_choice(workspace: Workspace, value: str, page: str, key: str, *, disabled: bool = False) -> str:
    """A list of the workspace's encoders to choose from, worded by its page; "" is the embedded one as it comes."""
    names = {"": t("encoder.as_it_comes")} | {card.id: name_of(card) for card in listed(workspace)}
    ids = list(names)
    chosen: str = st.selectbox(
        t(f"{page}.field_encoder"),
        ids,
        index=ids.index(value) if value in names else 0,
        format_func=names.__getitem__,
        help=t(f"{page}.help_encoder"),
        key="_".join(part for part in (key, "encoder", value) if part),
        disabled=disabled,
    )
    return chosen


@st.cache_data(max_entries=16, show_spinner=False)
def _size(folder: str, asked: tuple[Any, ...], stamp: tuple[object, ...], _workspace: Workspace) -> Size:
    from core.recommend.tuning.material import ground

    found = ground(_workspace, TuneConfig(**dict(asked)))
    texts, parts = found.material.texts, found.split
    chars = sum(map(len, texts)) / max(1, len(texts))
    return Size(len(texts), len(found.material.pairs), len(parts.train), len(parts.valid), chars)
