"""The one small interface behind which every language model stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from core.llm.grammar import CopyForm

OnToken = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class Completion:
    """One reply. ``steps`` are the tokens the model chose itself, as (end offset in ``text``, log-probability among
    the tokens the grammar allowed); forced tokens are in ``text`` but not in ``steps``. ``steps`` is None where a
    server does not tell. ``seconds`` is this reply's share of the call."""

    text: str
    prompt_tokens: int
    new_tokens: int
    steps: tuple[tuple[int, float], ...] | None
    seconds: float
    cached: bool = False


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model is: ``kind`` is embedded, transformers, adapter or endpoint; ``languages`` are codes, ``("*",)``
    for many; ``size`` in bytes (0 unknown); ``where`` a folder, hub id or URL; ``missing`` the reason it cannot be
    used; ``price_in`` and ``price_out`` money for a million tokens given and written, None where it costs none;
    ``base`` the id of the model that an adapter is for."""

    id: str
    name: str
    kind: str
    languages: tuple[str, ...]
    size: int
    where: str
    missing: str = ""
    price_in: float | None = None
    price_out: float | None = None
    base: str = ""

    def speaks(self, language: str) -> bool:
        """Whether the model may be used on text of that language ("" where it is unknown)."""
        return not language or "*" in self.languages or language.split("-")[0] in self.languages


@runtime_checkable
class Loads(Protocol):
    """A model with weights to load."""

    def load(self) -> None:
        """Load them now, rather than at the first reply."""
        ...


@runtime_checkable
class HasPlain(Protocol):
    """A model with an adapter that taught it to read texts of which no examples are known. ``plain`` is the model
    without it, which does better where examples can be shown; None where there is no adapter."""

    @property
    def plain(self) -> LanguageModel | None:
        """The model without its adapter."""
        ...


class LanguageModel(Protocol):
    """A language model. ``languages`` are codes, or ``("*",)``."""

    id: str
    languages: tuple[str, ...]

    def complete(
        self,
        prompts: Sequence[str],
        forms: Sequence[CopyForm | None],
        *,
        max_tokens: int = 256,
        on_token: OnToken | None = None,
    ) -> list[Completion]:
        """One reply a prompt. Where a form is given the reply is a filled-in form, and each value in it a piece of
        the form's text. ``on_token(index, text)`` is called as text comes. Raises ModelUnavailable, ExtractionError.
        """
        ...
