"""A language model asked about pairs in doubt: are these two titles one product? In batches, yes or no."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.llm.base import LanguageModel
from core.llm.grammar import CopyForm

BATCH = 16
_QUESTION = "Same product"
_FORM = CopyForm((_QUESTION,), ("yes", " ", "no"), max_values=1, max_chars=3)
_EXAMPLES = (
    ("Norrock KT-200 Kettle 1.7 l, black", "Norrock electric kettle KT200 (black, 1.7 litre)", "yes"),
    ("Sonvaro SX-10 wireless headphones", "Sonvaro SX-20 wireless headphones", "no"),
    ("Oakmere Photo Editor 5 for Windows", "oakmere photo editor v5.0 win full version", "yes"),
    ("Halden USB cable 1 m", "Halden USB cable 3 m", "no"),
)
_HEAD = "Say whether two shop titles name the same product, with the same model, size and pack."


def ask(
    model: LanguageModel, pairs: Sequence[tuple[str, str]], told: Callable[[int], None] | None = None
) -> list[bool | None]:
    """The answer for each pair of titles; None where the model gave none. ``told(done)`` is called after each batch."""
    answers: list[bool | None] = []
    for start in range(0, len(pairs), BATCH):
        part = pairs[start : start + BATCH]
        prompts = [prompt(one, other) for one, other in part]
        for reply in model.complete(prompts, [_FORM] * len(part), max_tokens=8):
            values = _FORM.parse(reply.text).get(_QUESTION, ())
            word = values[0][0] if values else ""
            answers.append({"yes": True, "no": False}.get(word))
        if told:
            told(len(answers))
    return answers


def prompt(one: str, other: str) -> str:
    """The question with examples, in the form of the reply."""
    shown = [
        *(f"A: {a}\nB: {b}\n{_QUESTION}: {word}\n" for a, b, word in _EXAMPLES),
        f"A: {one}\nB: {other}\n",
    ]
    return f"{_HEAD}\n\n" + "\n".join(shown)
