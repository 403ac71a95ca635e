"""Nothing that is not in the text can become a fact, whatever the script."""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.extract.ground import Span, find, is_grounded, place, without_overlaps
from core.extract.tokens import chunks, pieces, tokenize
from core.llm.endpoint import _filled
from core.llm.files import EMBEDDED, status
from core.llm.grammar import SEPARATOR, CopyForm
from tests.conftest import need

ALPHABET = 'abAB 12½.,|\n\t\r\x00\x85\u2028-ée\u0301不锈钢杯子，。👨‍👩‍👧🏽🇩🇪عربى\u200fעब्रि"\\{}:none'
texts = st.text(st.sampled_from(ALPHABET), max_size=60) | st.text(max_size=40)


@given(texts)
def test_pieces_join_to_the_text_and_carry_code_point_offsets(text: str) -> None:
    cut = pieces(text)
    assert "".join(piece.text for piece in cut) == text
    assert all(text[piece.start : piece.end] == piece.text for piece in cut)


@given(texts, st.integers(5, 40))
def test_chunks_are_stretches_of_the_text_that_lose_only_white_space(text: str, limit: int) -> None:
    parts = chunks(text, limit)
    assert all(text[part.start : part.end] == part.text for part in parts)
    kept = {at for part in parts for at in range(part.start, part.end)}
    assert all(text[at].isspace() for at in range(len(text)) if at not in kept)


@given(texts, st.data())
def test_any_run_of_tokens_is_found_where_it_stands(text: str, data: st.DataObject) -> None:
    tokens = tokenize(text)
    if not tokens:
        return
    first = data.draw(st.integers(0, len(tokens) - 1))
    last = data.draw(st.integers(first, len(tokens) - 1))
    start, end = tokens[first].start, tokens[last].end
    value = text[start:end]
    if value == value.strip():
        assert (start, end) in find(text, value)
    assert all(is_grounded(text, value, *where) for where in find(text, value))


def test_part_of_a_word_is_not_found_and_a_taken_place_is_passed_over() -> None:
    text = "coating of tin, a tin cup"
    assert find(text, "tin") == [(11, 14), (18, 21)]
    assert place(text, "tin", [Span(11, 14, "material")]) == (18, 21)
    assert find(text, "coat") == []
    assert find("防水不锈钢", "不锈钢") == [(2, 5)]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8), st.floats(0, 1))))
def test_of_overlapping_spans_the_most_confident_stays(raw: list[tuple[int, int, float]]) -> None:
    spans = [Span(start, start + length, "x", confidence) for start, length, confidence in raw]
    kept = without_overlaps(spans)
    assert all(not a.overlaps(b) for a in kept for b in kept if a is not b)
    best = max(spans, key=lambda span: span.confidence, default=None)
    assert best is None or max(span.confidence for span in kept) == best.confidence


@given(texts, st.text(st.sampled_from(ALPHABET), max_size=80))
def test_a_parsed_reply_holds_only_pieces_of_the_text(text: str, reply: str) -> None:
    form = CopyForm(("Brand", "Color"), tuple(piece.text for piece in pieces(text)))
    parsed = form.parse(f"Brand: {reply}\nColor: {text[:9]}\n")
    assert all(value in text for values in parsed.values() for value, _end in values)


NAMES = ("Brand", "Größe", "材质", 'quo"te', "👩‍👩‍👧")
said = st.none() | st.booleans() | st.integers() | texts | st.lists(texts | st.none(), max_size=5)


@given(texts, st.dictionaries(st.sampled_from(NAMES), said), st.integers(1, 12), st.integers(1, 3), st.data())
def test_whatever_a_server_replies_its_values_are_bounded_pieces_of_one_line(
    text: str, reply: dict[str, Any], most_chars: int, most_values: int, data: st.DataObject
) -> None:
    if text:
        start = data.draw(st.integers(0, len(text) - 1))
        reply["材质"] = [text[start : data.draw(st.integers(start + 1, len(text)))], "不在文中的词"]
    form = CopyForm(NAMES, tuple(piece.text for piece in pieces(text)), most_values, most_chars)
    filled = form.parse(_filled(f"Here it is: {json.dumps(reply)} Anything else?", form))
    assert set(filled) == set(NAMES)
    for values in filled.values():
        assert len(values) <= most_values * len(text.split(SEPARATOR))
        for value, _end in values:
            assert value in text
            assert len(value) <= most_chars
            assert not any(unicodedata.category(sign) in ("Cc", "Zl", "Zp") for sign in value)


@given(texts)
def test_the_schema_for_servers_has_the_bounds_of_the_grammar(text: str) -> None:
    form = CopyForm(NAMES, tuple(piece.text for piece in pieces(text)), max_values=2, max_chars=20)
    schema = form.json_schema()
    assert schema["required"] == list(NAMES)
    assert all(field["maxItems"] == 2 for field in schema["properties"].values())
    assert all(field["items"]["maxLength"] == 20 for field in schema["properties"].values())
    assert "maxItems" not in json.dumps(form.json_schema(bounded=False))


@cache
def _tokenizer() -> Any:
    folder = next((state.folder for state in status() if state.name == EMBEDDED and state.present), None)
    need(folder is not None, "The embedded model is not here: python -m core models fetch")
    import llguidance.hf
    from transformers import AutoTokenizer

    return llguidance.hf.from_tokenizer(AutoTokenizer.from_pretrained(folder))


@settings(max_examples=40, deadline=None)
@given(texts, st.randoms(use_true_random=False))
@pytest.mark.filterwarnings("ignore")
def test_no_walk_through_the_grammar_gives_words_that_are_not_in_the_text(text: str, random: Any) -> None:
    from llguidance import LLMatcher

    tokenizer = _tokenizer()
    form = CopyForm(("A",), tuple(piece.text for piece in pieces(text)), max_values=2, max_chars=20)
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(form.lark()), log_level=0)
    assert not matcher.is_error(), matcher.get_error()
    taken: list[int] = []
    while not matcher.is_stopped() and len(taken) < 80:
        bits = matcher.compute_bitmask()
        allowed = [n * 8 + b for n, byte in enumerate(bits) if byte for b in range(8) if byte >> b & 1]
        token = random.choice(allowed)
        assert matcher.consume_token(token)
        taken.append(token)
    if matcher.is_accepting():
        reply = tokenizer.decode_bytes(taken).decode("utf-8")
        body = reply.removeprefix("A: ").removesuffix("\n")
        assert body == "none" or body in text or _in_two(body, text)
        assert len(body) <= 2 * 20 + len(SEPARATOR)
        assert body == body.strip()
        assert not any(unicodedata.category(sign) in ("Cc", "Zl", "Zp") for sign in body)


def _in_two(body: str, text: str) -> bool:
    """A separator may itself stand in the text; then some one of the places to cut is the right one."""
    cuts = [at for at in range(len(body)) if body.startswith(SEPARATOR, at)]
    return any(body[:at] in text and body[at + len(SEPARATOR) :] in text for at in cuts)
