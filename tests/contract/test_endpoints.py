"""Endpoints against llama.cpp's own server on loopback, and against the ways in which servers fail."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator

import pytest

from core.errors import ExtractionError, ModelUnavailable
from core.llm.endpoint import EndpointConfig, EndpointModel
from tests.contract.llama_server import KEY, MODEL, SLOTS, Proxy, proxy
from tests.contract.test_language_models import FORMS, PROMPTS, TEXTS

SHORT = 8


@pytest.fixture
def front(llama: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy in front of the real server, and the key in the environment."""
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    with proxy(llama) as plan:
        yield plan


def endpoint(url: str, **other: object) -> EndpointModel:
    options = {"key_env": "LOOPBACK_KEY", "retries": 0, **other}
    return EndpointModel(EndpointConfig("loopback", url, MODEL, **options))  # type: ignore[arg-type]


def test_the_server_is_held_to_the_form_and_its_values_are_checked_against_the_text(front: Proxy) -> None:
    replies = endpoint(front.url).complete(PROMPTS[:2], FORMS[:2], max_tokens=40)
    asked = front.asked[0]["response_format"]["json_schema"]
    assert asked["strict"]
    assert set(asked["schema"]["properties"]) == {"Brand", "Size"}
    assert asked["schema"]["properties"]["Brand"]["maxItems"] == FORMS[0].max_values
    for text, form, reply in zip(TEXTS[:2], FORMS[:2], replies, strict=True):
        values = [value for line in form.parse(reply.text).values() for value, _end in line]
        assert all(value in text for value in values)
        assert "Starbucks" not in reply.text or "Starbucks" in text


def test_a_busy_or_failing_server_is_asked_again_as_often_as_configured(front: Proxy) -> None:
    front.faults = deque([429, 500])
    assert endpoint(front.url, retries=2).complete(PROMPTS[:1], [None], max_tokens=4)[0].text
    assert len(front.asked) == 3
    front.faults = deque([503, 503])
    with pytest.raises(ModelUnavailable, match="spoiled with 503") as caught:
        endpoint(front.url, retries=1).complete(PROMPTS[:1], [None], max_tokens=4)
    assert front.url in caught.value.where


def test_a_reply_that_takes_too_long_is_given_up_and_asked_for_again(front: Proxy) -> None:
    front.faults = deque([9.0])
    assert endpoint(front.url, retries=1, timeout=4.0).complete(["Hi"], [None], max_tokens=2)[0].text
    front.faults = deque([2.0])
    with pytest.raises(ModelUnavailable, match="timed out"):
        endpoint(front.url, timeout=0.2).complete(["Hi"], [None], max_tokens=2)


@pytest.mark.parametrize("concurrency", [1, SLOTS])
def test_no_more_requests_run_at_once_than_configured(front: Proxy, concurrency: int) -> None:
    front.faults = deque([0.3] * 6)
    replies = endpoint(front.url, concurrency=concurrency).complete(
        ["Say yes."] * 6, [None] * 6, max_tokens=1
    )
    assert len(replies) == 6
    assert front.most_running == concurrency


def test_a_spent_budget_ends_the_job_and_counts_what_the_server_counted(front: Proxy) -> None:
    model = endpoint(front.url, token_budget=60, concurrency=1)
    with pytest.raises(ExtractionError, match="budget of 60 tokens"):
        model.complete([PROMPTS[0]] * 4, [None] * 4, max_tokens=4)
    assert 60 <= model.spent < 4 * 60
    assert len(front.asked) == 1


def test_nobody_at_the_address_is_said_with_the_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(ModelUnavailable, match="does not answer") as caught:
        endpoint(url, key_env="").complete(["Hi"], [None])
    assert url in caught.value.where


def test_a_wrong_key_and_a_missing_one_are_told_apart(llama: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPBACK_KEY", "sk-wrong")
    with pytest.raises(ModelUnavailable, match="Invalid API Key"):
        endpoint(llama).complete(["Hi"], [None])
    monkeypatch.delenv("LOOPBACK_KEY")
    with pytest.raises(ModelUnavailable, match="not set") as caught:
        endpoint(llama).complete(["Hi"], [None])
    assert "LOOPBACK_KEY" in caught.value.remedy


def test_a_live_check_finds_a_wrong_model_name(llama: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    assert endpoint(llama).check() == MODEL
    wrong = EndpointModel(EndpointConfig("loopback", llama, "gpt-none", key_env="LOOPBACK_KEY", retries=0))
    with pytest.raises(ModelUnavailable, match=f"no model called gpt-none. It serves {MODEL}"):
        wrong.check()


def test_a_server_that_ignores_the_schema_puts_in_no_word(front: Proxy) -> None:
    front.drop_schema = True
    replies = endpoint(front.url).complete(PROMPTS[:2], FORMS[:2], max_tokens=SHORT)
    for text, form, reply in zip(TEXTS[:2], FORMS[:2], replies, strict=True):
        assert all(value in text for line in form.parse(reply.text).values() for value, _end in line)


def test_a_server_that_refuses_bounds_is_asked_without_them(front: Proxy) -> None:
    front.refuse_bounds = True
    model = endpoint(front.url, concurrency=1)
    assert len(model.complete(PROMPTS[:2], FORMS[:2], max_tokens=SHORT)) == 2
    assert ["maxItems" in str(asked) for asked in front.asked] == [True, False, False]
