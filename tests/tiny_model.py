"""A language model of a few thousand weights, made on the fly, and labelled texts that it can learn from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from core.extract.ground import Span
from core.extract.lessons import Labels
from core.extract.schema import Attribute
from core.llm.transformers_model import TransformersModel

BRANDS = ("Acme", "Larkmoor", "Sonvaro", "Nordhall")
COLORS = ("red", "blue", "green")
ATTRIBUTES = (
    Attribute("brand", {"en": "Brand"}, {"en": "The maker's name"}),
    Attribute("color", {"en": "Color"}),
    Attribute("size", {"en": "Size"}),
)
_WORDS = "Read the product text and fill in the form. Copy each value word for word from the text; write none"


def make(folder: Path, seed: int = 0) -> Path:
    """A Llama of two layers with a byte-level tokenizer, in ``folder``."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator([_WORDS, *(text for text, _ in texts(12))], 400, special_tokens=["<end>"])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, eos_token="<end>")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def model(folder: Path) -> TransformersModel:
    """The model that ``make`` wrote."""
    return TransformersModel("tiny", folder, chat=False, local_only=True)


def configure(home: Path, folder: Path) -> None:
    """Put the model on the list of this installation, as ``tiny``."""
    entry = f"transformers:\n- {{id: tiny, model: {json.dumps(str(folder))}, chat: false, languages: [en]}}\n"
    (home / "models.yaml").write_text(entry, "utf-8")


def texts(count: int) -> list[tuple[str, dict[str, str]]]:
    """Titles with their values by attribute; every other one has no size."""
    made = []
    for at in range(count):
        brand, color = BRANDS[at % len(BRANDS)], COLORS[at % len(COLORS)]
        values = {"brand": brand, "color": color}
        title = f"{brand} mug number {at}, {color}"
        if at % 2:
            values["size"] = f"{at} ml"
            title += f", {at} ml"
        made.append((title, values))
    return made


def labels(count: int) -> list[Labels]:
    """The same as labelled texts."""
    return [Labels(text, "mugs", _spans(text, values), ATTRIBUTES) for text, values in texts(count)]


def jsonl(count: int) -> bytes:
    """The same as a labelled file."""
    rows = [
        {"id": str(at), "category": "mugs", "text": text, "values": {name: [v] for name, v in values.items()}}
        for at, (text, values) in enumerate(texts(count))
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _spans(text: str, values: dict[str, str]) -> tuple[Span, ...]:
    found: Sequence[tuple[str, int]] = [(name, text.rindex(value)) for name, value in values.items()]
    return tuple(Span(at, at + len(values[name]), name) for name, at in found)
