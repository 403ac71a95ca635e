"""What a cascade is given and what it gives: products to read, and what each step found in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from core.domain import Assertion, Document, DocumentKind, LogEntry
from core.extract.ground import Span
from core.extract.joint import Passage
from core.extract.llm_reader import LlmConfig
from core.extract.opinion import Trust
from core.llm.base import LanguageModel


@dataclass(frozen=True, slots=True)
class Work:
    """A product to read: its current documents (those of its reviews too). ``category`` is "" where unknown."""

    product_id: str
    documents: tuple[Document, ...]
    category: str = ""
    brand: str = ""


@dataclass(frozen=True, slots=True)
class CascadeConfig:
    """``llm_products`` bounds what the language model reads beside the ``pointed`` product ids; ``trust`` is how often
    it is right where it gives a value, as far as that is known before it reads."""

    use_patterns: bool = True
    llm_products: int = 20
    pointed: frozenset[str] = frozenset()
    trust: float = 0.6
    llm: LlmConfig = field(default_factory=LlmConfig)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one step found in one product. ``stage`` is columns, tagger, reader or llm; ``entries`` say how sure claims
    are now; ``doubt`` is the expected number of wrong decisions; ``cached``: at no cost; ``trust`` is how the language
    model stood beside what was sure; ``alone`` counts product texts that only the tagger could read, for their
    language; ``sure`` is the confidence of each value in percent."""

    product_id: str
    stage: str
    assertions: tuple[Assertion, ...]
    entries: tuple[LogEntry, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    doubt: float = 0.0
    cached: bool = False
    trust: Trust = field(default_factory=Trust)
    alone: int = 0
    sure: tuple[int, ...] = ()


OnDocument = Callable[[Document, str], None]
OnToken = Callable[[str, str], None]
OnSpan = Callable[[str, Span], None]
Told = Mapping[str, Sequence[Assertion]]


def rounded(confidence: float) -> float:
    """A confidence as it is written: a probability with three decimals."""
    return round(min(1.0, max(0.0, confidence)), 3)


def passage_of(document: Document, work: Work) -> Passage:
    """A document as tagger and span reader are given it."""
    kind = "review" if document.kind is DocumentKind.REVIEW else "text"
    return Passage(document.text, work.category, kind, document.language, work.brand)


def texts_of(work: Work) -> list[Document]:
    """Everything that is text: of the product and of its reviews."""
    return [d for d in work.documents if d.kind is not DocumentKind.CELL and d.text.strip()]


def product_texts(work: Work) -> list[Document]:
    """The texts of the product itself."""
    return [d for d in texts_of(work) if d.kind is DocumentKind.TEXT]


def speaks(model: LanguageModel, language: str) -> bool:
    """Whether the model may be used on text of that language ("" where it is unknown)."""
    return "*" in model.languages or not language or language.split("-")[0] in model.languages
