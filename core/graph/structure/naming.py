"""A name for a community by a language model, which can only copy values of the facts it is given.

The facts it rests its name on are among those given, by construction.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain import content_hash
from core.errors import ExtractionError
from core.graph.structure.traits import Trait
from core.llm.base import LanguageModel
from core.llm.grammar import CopyForm
from core.storage.whole import write_json

NAME_CHARS = 60
NAMED = 2
REASONS = 3
_WORDING = {
    "en": (
        "Facts that set a group of products apart, the strongest first. Copy from them a short name for the group, "
        "and the facts that the name rests on.",
        "name",
        "because",
        (
            "used for: trail running\nfeature: reflective\naudience: runners",
            "trail running",
            ("trail running", "runners"),
        ),
    ),
    "zh": (
        "下面是使一组商品区别于其他商品的事实，最突出的在前。请从中抄写一个简短的名称，并抄写名称所依据的事实。",
        "名称",
        "依据",
        ("用于：越野跑\n特性：反光\n适合人群：跑者", "越野跑", ("越野跑", "跑者")),
    ),
}


@dataclass(frozen=True, slots=True)
class Naming:
    """A ``name`` with the positions of the traits it rests on, and the id of the model that gave it."""

    name: str
    because: tuple[int, ...]
    model: str


def ask(model: LanguageModel, told: Sequence[tuple[str, str]], language: str) -> Naming:
    """Have a model name a community by its traits, each as (relation, value) in words of that language.

    Raises ExtractionError where it copies nothing that could be a name, and ModelUnavailable.
    """
    task, name, because, (facts, named, reasons) = _WORDING["zh" if language == "zh" else "en"]
    colon = "：" if language == "zh" else ": "
    lines = "\n".join(f"{relation}{colon}{_flat(value)}" for relation, value in told)
    # Each value is one piece: it is copied whole, and a line break keeps a copy from reaching over two of them.
    text = tuple(piece for _, value in told for piece in (_flat(value), "\n"))
    form = CopyForm((name, because), text, max_values=REASONS, max_chars=NAME_CHARS)
    shown = form.render({name: [named], because: reasons})
    prompt = f"{task}\n\n{facts}\n{shown}\n{lines}\n"
    (reply,) = model.complete([prompt], [form], max_tokens=96)
    found = form.parse(reply.text)
    names = [value for value, _ in found.get(name, ())]
    if not names:
        raise ExtractionError(
            "The model copied no name from the facts.", where=model.id, remedy="Try another model."
        )
    copied = {value for value, _ in (*found.get(name, ()), *found.get(because, ()))}
    rests = [k for k, (_, value) in enumerate(told) if _flat(value) in copied]
    return Naming(" · ".join(dict.fromkeys(names[:NAMED])), tuple(rests), model.id)


def signature(traits: Sequence[Trait], language: str) -> str:
    """Stands for a community's traits in a language: a name stays for as long as they do."""
    return content_hash(language, *(part for trait in traits for part in (trait.relation, trait.node)))


def keep(file: Path, key: str, naming: Naming) -> None:
    """Write a name beside those that are kept."""
    known = {**kept(file), key: naming}
    write_json(file, {k: [n.name, list(n.because), n.model] for k, n in known.items()})


def kept(file: Path) -> dict[str, Naming]:
    """The names that are kept, by the signatures of what they name."""
    try:
        plain = json.loads(file.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {key: Naming(name, tuple(because), model) for key, (name, because, model) in plain.items()}


def _flat(text: str) -> str:
    return " ".join(text.split())
