"""Tokenizers read from GGUF files, whatever release of transformers is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from gguf import GGUFWriter, TokenType
from hypothesis import given
from hypothesis import strategies as st
from tokenizers.pre_tokenizers import ByteLevel

from core.errors import ModelUnavailable
from core.llm.gguf_tokenizer import gguf_tokenizer

SPECIAL = ["<unk>", "<begin>", "<end>"]
MERGED = ["Ġt", "Ġth", "Ġthe"]
TEMPLATE = "{% for message in messages %}<begin>{{ message['content'] }}<end>{% endfor %}"


def written(path: Path, kind: str = "gpt2") -> Path:
    letters = sorted(ByteLevel.alphabet())
    tokens = [*SPECIAL, *letters, *MERGED]
    writer = GGUFWriter(path, "llama")
    writer.add_tokenizer_model(kind)
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.CONTROL] * 3 + [TokenType.NORMAL] * (len(tokens) - 3))
    writer.add_token_merges(["Ġ t", "Ġt h", "Ġth e"])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(TEMPLATE)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


def test_merges_and_control_tokens_are_those_of_the_file(file: Path) -> None:
    tokenizer = gguf_tokenizer(file)
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode("see the<end>")) == [
        "s", "e", "e", "Ġthe", "<end>",
    ]  # fmt: skip
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.unk_token) == ("<begin>", "<end>", "<unk>")
    assert tokenizer.pad_token is None


def test_it_is_the_same_after_it_was_kept(file: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    made = gguf_tokenizer(file)
    made.save_pretrained(tmp_path)
    kept = AutoTokenizer.from_pretrained(tmp_path)
    turn = [{"role": "user", "content": "the hat"}]
    text = kept.apply_chat_template(turn, tokenize=False)
    assert text == "<begin>the hat<end>"
    assert kept.encode(text) == made.encode(text)
    assert kept.eos_token_id == 2


def test_a_grammar_sees_its_spaces(file: Path) -> None:
    """A token's "Ġ" has to be a space to whoever compares tokens with letters."""
    from llguidance.hf import from_tokenizer

    seen = from_tokenizer(gguf_tokenizer(file))
    assert seen.decode_bytes([gguf_tokenizer(file).convert_tokens_to_ids("Ġthe")]) == b" the"


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_comes_back(file: Path, text: str) -> None:
    tokenizer = gguf_tokenizer(file)
    assert tokenizer.decode(tokenizer.encode(text), clean_up_tokenization_spaces=False) == text


def test_another_kind_of_vocabulary_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="'llama'"):
        gguf_tokenizer(written(tmp_path / "other.gguf", "llama"))
