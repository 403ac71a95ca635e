"""Which form of a model is asked, and what it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain import Document, DocumentKind
from core.extract import schema
from core.extract.example import Example
from core.extract.ground import Span
from core.extract.llm_reader import LlmConfig, LlmReader
from core.extract.similar import Similar
from core.llm.base import Completion, LanguageModel, OnToken
from core.llm.cache import CachedModel
from core.llm.grammar import CopyForm
from core.storage.workspaces import Workspace

KNOWN = [
    Example(f"Kettle {k} of stainless steel", (Span(12, 27, "material"),), "kettles")
    for k in range(1000, 1004)
]

ROOM = LlmConfig(prompt_chars=6_000)


class _Scripted:
    """Finds the first word of the text; remembers what it was asked."""

    languages = ("*",)

    def __init__(self, name: str, plain: LanguageModel | None = None) -> None:
        self.id, self.plain, self.asked = name, plain, list[str]()

    def complete(
        self,
        prompts: Sequence[str],
        forms: Sequence[CopyForm | None],
        *,
        max_tokens: int = 256,
        on_token: OnToken | None = None,
    ) -> list[Completion]:
        self.asked += prompts
        return [Completion("", 10, 1, None, 0.0) for _ in prompts]


def _text(name: str, text: str) -> Document:
    return Document.of(f"{name}/title", name, "title", DocumentKind.TEXT, text)


def test_a_taught_model_reads_what_nobody_has_labelled_and_its_plain_form_the_rest(
    workspace: Workspace,
) -> None:
    plain = _Scripted("plain")
    taught = _Scripted("taught", plain)
    model = CachedModel(taught, workspace.db)
    reader = LlmReader(model, schema.default(), Similar(KNOWN), ROOM)
    documents = [_text("a", "Copper kettle of 1 l"), _text("b", "Fishing lure of lead")]
    found = list(reader.read(documents, ["kettles", "lures"]))
    assert [reading.document.id for reading in found] == ["a/title", "b/title"]
    (shown,), (bare,) = plain.asked, taught.asked
    assert "Kettle 100" in shown
    assert "Copper kettle" in shown
    assert "Kettle 100" not in bare
    assert "Fishing lure" in bare
    assert [cost.tokens_in for cost in reader.costs(documents, ["kettles", "lures"])] == [0, 0], (
        "both are kept"
    )


def test_a_model_without_an_adapter_is_always_shown_what_is_known() -> None:
    model = _Scripted("plain")
    list(
        LlmReader(model, schema.default(), Similar(KNOWN), ROOM).read(
            [_text("b", "Lure of stainless steel")], ["lures"]
        )
    )
    assert "Kettle 100" in model.asked[0]
