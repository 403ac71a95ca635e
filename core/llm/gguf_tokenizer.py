"""The tokenizer inside a GGUF file, built from what the file itself says.

transformers converts such tokenizers too, but its releases disagree about decoders and end tokens: 5.17 gives one whose
tokens keep their "Ġ" for a space and that ends a reply where a turn begins, which no grammar survives.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import ModelUnavailable

_CONTROL = 3
"""GGUF's number for tokens that stand for no text."""
_ROLES = {
    "bos_token": "bos_token_id",
    "eos_token": "eos_token_id",
    "pad_token": "padding_token_id",
    "unk_token": "unknown_token_id",
}


def gguf_tokenizer(file: Path) -> Any:
    """A fast tokenizer of transformers, with the chat template of the file; raises ModelUnavailable for a vocabulary
    that is not byte-level BPE ("gpt2" in GGUF's words)."""
    from gguf import GGUFReader
    from tokenizers import AddedToken, Tokenizer
    from tokenizers.decoders import ByteLevel as ToText
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel as ToBytes
    from transformers import PreTrainedTokenizerFast

    fields = GGUFReader(file).fields

    def told(name: str) -> Any:
        field = fields.get(f"tokenizer.{name}")
        return None if field is None else field.contents()

    if told("ggml.model") != "gpt2":
        raise ModelUnavailable(
            f"The tokenizer is of the kind {told('ggml.model')!r}, which is not read from GGUF here.",
            where=str(file),
            remedy="Take a model with a byte-level BPE vocabulary.",
        )
    tokens: list[str] = told("ggml.tokens")
    merges = [tuple(merge.split(" ", 1)) for merge in told("ggml.merges")]
    vocabulary = {token: at for at, token in enumerate(tokens)}
    made = Tokenizer(BPE(vocabulary, merges, continuing_subword_prefix="", end_of_word_suffix=""))
    made.pre_tokenizer = ToBytes(add_prefix_space=False)
    made.decoder = ToText()
    kinds: list[int] = told("ggml.token_type")
    made.add_special_tokens(
        [AddedToken(token, normalized=False, special=True)
         for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL]
    )  # fmt: skip
    places = {role: told(f"ggml.{name}") for role, name in _ROLES.items()}
    roles = {role: tokens[place] for role, place in places.items() if place is not None}
    return PreTrainedTokenizerFast(tokenizer_object=made, chat_template=told("chat_template"), **roles)
