"""The prompt of the language model: what to look for, the most similar labelled texts, then the text to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.extract.example import Example
from core.extract.schema import Attribute
from core.extract.tokens import has_cjk, pieces
from core.llm.grammar import CopyForm

_WORDING = {
    "en": {
        "task": "Read the product text and fill in the form. Copy each value word for word from the text; "
        "write none where the text has no value. Separate several values with |.",
        "about": "What to look for:",
        "such": "such as",
        "text": "Text:",
    },
    "zh": {
        "task": "阅读商品文字并填写表格。每个值都必须原样照抄文中的词语；文中没有的写 none。多个值用 | 隔开。",
        "about": "要找的内容：",
        "such": "例如",
        "text": "文字：",
    },
}


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a language model: a prompt, the form that bounds the reply, and which relation each line is.
    The first ``start`` characters of the prompt do not depend on text or examples."""

    prompt: str
    form: CopyForm
    relations: dict[str, str]
    start: int = 0


def ask(
    text: str,
    attributes: Sequence[Attribute],
    examples: Sequence[Example],
    *,
    max_chars: int = 2_200,
    max_values: int = 3,
) -> Question:
    """Put the question. Examples are dropped from the front (the least similar) until the prompt has at most
    ``max_chars`` characters; the part before the examples is the same for all texts of a category (of about one
    length), so a model reads it once."""
    language = "zh" if has_cjk(text) else "en"
    wording = _WORDING[language]
    names = _names(attributes, language)
    form = CopyForm(tuple(names), tuple(piece.text for piece in pieces(text)), max_values)
    question = f"\n\n{wording['text']} {_flat(text)}\n"
    start = _start(names, language, wording, max_chars - len(question))
    shown = [_shown(example, names, form, wording["text"]) for example in examples]
    while shown and len(start) + len(question) + sum(map(len, shown)) > max_chars:
        shown.pop(0)
    relations = {name: attribute.relation for name, attribute in names.items()}
    return Question(start + "".join(shown) + question, form, relations, len(start))


def _names(attributes: Sequence[Attribute], language: str) -> dict[str, Attribute]:
    named: dict[str, Attribute] = {}
    for attribute in attributes:
        label = " ".join(attribute.named(language).replace(":", " ").split())
        named[label if label not in named else f"{label} ({attribute.relation})"] = attribute
    return named


def _start(names: dict[str, Attribute], language: str, wording: dict[str, str], room: int) -> str:
    """The part before the examples; of a long list of attributes the examples go first, then the descriptions."""
    start = ""
    for detail in (2, 1, 0):
        lines = [
            _line(name, attribute, language, wording["such"], detail) for name, attribute in names.items()
        ]
        start = "\n".join([wording["task"], "", wording["about"], *lines])
        if len(start) <= room:
            break
    return start


def _line(name: str, attribute: Attribute, language: str, such: str, detail: int) -> str:
    about = attribute.described(language) if detail else ""
    examples = attribute.examples.get(language) or () if detail > 1 else ()
    parts = [about, f"{such} {', '.join(examples[:2])}" if examples else ""]
    told = "; ".join(part for part in parts if part)
    return f"{name}: {told}" if told else name


def _shown(example: Example, names: dict[str, Attribute], form: CopyForm, heading: str) -> str:
    values = {
        name: list(
            dict.fromkeys(
                _flat(example.text[s.start : s.end])
                for s in example.spans
                if s.relation == attribute.relation
            )
        )[: form.max_values]
        for name, attribute in names.items()
    }
    return f"\n\n{heading} {_flat(example.text)}\n{form.render(values).rstrip()}"


def _flat(text: str) -> str:
    return " ".join(text.split())
