"""Any OpenAI-compatible server (vLLM, Ollama, llama.cpp, a cloud) through the ``openai`` client.

The reply is asked for as strict JSON; what comes back is checked value by value against the text, so that a server
that ignores the schema can still not put a word in that is not there.
"""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.errors import ConfigError, ExtractionError, ModelUnavailable
from core.llm.base import Completion, OnToken
from core.llm.grammar import CopyForm

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """One server. ``key_env`` names the environment variable that holds the key (keys are never in the file);
    ``token_budget`` is for one job (0 for none); ``price_in`` and ``price_out`` are money for a million tokens of
    prompts and of replies; ``reply_format`` is json_schema, json_object or text, by what the
    server understands."""

    id: str
    url: str
    model: str
    name: str = ""
    key_env: str = ""
    languages: tuple[str, ...] = ("*",)
    concurrency: int = 4
    retries: int = 3
    timeout: float = 60.0
    token_budget: int = 0
    reply_format: str = "json_schema"
    price_in: float | None = None
    price_out: float | None = None

    def __post_init__(self) -> None:
        for name in ("price_in", "price_out"):
            price = getattr(self, name)
            if price is not None and not (isinstance(price, int | float) and 0 <= price < math.inf):
                raise ConfigError(
                    f"{name} is not a price.",
                    where=f"endpoint {self.id}",
                    remedy="Give money for a million tokens, 0 or more.",
                )


class EndpointModel:
    """A model behind a server; raises ModelUnavailable where it cannot be reached, ExtractionError where its reply
    cannot be used or the token budget is spent."""

    def __init__(self, config: EndpointConfig) -> None:
        self.config = config
        self.id = config.id
        self.languages = config.languages
        self.spent = 0
        self._bounded = True
        self._lock = threading.Lock()

    def complete(
        self,
        prompts: Sequence[str],
        forms: Sequence[CopyForm | None],
        *,
        max_tokens: int = 256,
        on_token: OnToken | None = None,
    ) -> list[Completion]:
        """See ``LanguageModel.complete``; ``on_token`` is called from one thread at a time, with whole replies."""

        def one(at: int) -> Completion:
            reply = self._one(prompts[at], forms[at], max_tokens)
            if on_token:
                with self._lock:
                    on_token(at, reply.text)
            return reply

        with ThreadPoolExecutor(max_workers=max(1, self.config.concurrency)) as pool:
            return list(pool.map(one, range(len(prompts))))

    def check(self) -> str:
        """Ask the server for its models; returns what it serves, "" where it has no list. Raises ModelUnavailable,
        also where the list does not have the one that is configured: some servers answer to any name."""
        import openai

        try:
            served = [model.id for model in self._client.models.list().data]
        except openai.NotFoundError:
            return ""
        except openai.OpenAIError as error:
            raise self._unreachable(error) from error
        if served and not {self.config.model, f"{self.config.model}:latest"} & set(served):
            shown = ", ".join(served[:_SHOWN])
            raise ModelUnavailable(
                f"The server has no model called {self.config.model}. It serves {shown}.",
                where=f"{self.id} at {self.config.url}",
                remedy="Put the name of one that it serves into models.yaml.",
            )
        return ", ".join(served)

    def _one(self, prompt: str, form: CopyForm | None, max_tokens: int) -> Completion:
        import openai

        if self.config.token_budget and self.spent >= self.config.token_budget:
            raise ExtractionError(
                f"The budget of {self.config.token_budget:,} tokens is spent.",
                where=self.id,
                remedy="Raise token_budget, or read fewer products with this model.",
            )
        begun = time.perf_counter()
        try:
            reply = self._asked(prompt, form, max_tokens)
        except openai.OpenAIError as error:
            raise self._unreachable(error) from error
        if not reply.choices:
            raise ExtractionError("The server gave an empty reply.", where=self.id, remedy="Try again.")
        text = reply.choices[0].message.content or ""
        used_in = reply.usage.prompt_tokens if reply.usage else 0
        used_out = reply.usage.completion_tokens if reply.usage else 0
        with self._lock:
            self.spent += used_in + used_out
        filled = _filled(text, form) if form else text
        return Completion(filled, used_in, used_out, None, time.perf_counter() - begun)

    def _asked(self, prompt: str, form: CopyForm | None, max_tokens: int) -> Any:
        import openai

        request = {
            "model": self.config.model,
            "messages": [{"role": "user", "content": _with_format(prompt, form)}],
            "temperature": 0,
            "max_tokens": max_tokens * (2 if form else 1),
        }
        try:
            return self._client.chat.completions.create(**request, **self._format(form))
        except openai.BadRequestError:
            if form is None or not self._bounded or self.config.reply_format != "json_schema":
                raise
            # Some servers know no maxLength or maxItems and refuse a schema that has them.
            self._bounded = False
            return self._client.chat.completions.create(**request, **self._format(form))

    def _format(self, form: CopyForm | None) -> dict[str, Any]:
        if form is None or self.config.reply_format == "text":
            return {}
        if self.config.reply_format == "json_object":
            return {"response_format": {"type": "json_object"}}
        schema = {"name": "facts", "schema": form.json_schema(bounded=self._bounded), "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}

    @cached_property
    def _client(self) -> Any:
        try:
            import openai
        except ImportError as error:
            raise ModelUnavailable(
                "The package openai is missing.", where=self.id, remedy="Run: pip install openai"
            ) from error
        key = os.environ.get(self.config.key_env, "") if self.config.key_env else ""
        if self.config.key_env and not key:
            raise ModelUnavailable(
                "The key of the endpoint is not set.",
                where=self.id,
                remedy=f"Set {self.config.key_env} on the server.",
            )
        return openai.OpenAI(
            base_url=self.config.url,
            api_key=key or "none",
            timeout=self.config.timeout,
            max_retries=self.config.retries,
        )

    def _unreachable(self, error: Exception) -> ModelUnavailable:
        return ModelUnavailable(
            f"The server does not answer as it should: {str(error)[:200]}",
            where=f"{self.id} at {self.config.url}",
            remedy="Check that it runs, its URL, the model's name and the key.",
        )


def _with_format(prompt: str, form: CopyForm | None) -> str:
    if form is None:
        return prompt
    empty = json.dumps({name: [] for name in form.names}, ensure_ascii=False)
    return f"{prompt}\nReply with one JSON object of this form, values as lists of strings: {empty}"


def _filled(text: str, form: CopyForm) -> str:
    """The JSON reply as a filled-in form with the grounded values only."""
    start, stop = text.find("{"), text.rfind("}")
    try:
        raw = json.loads(text[start : stop + 1]) if start >= 0 else None
    except ValueError:
        raw = None
    if not isinstance(raw, dict):
        return ""
    values = {}
    for name in form.names:
        given = raw.get(name)
        listed = given if isinstance(given, list) else [given]
        kept = [value for value in listed if isinstance(value, str) and form.admits(value)]
        values[name] = kept[: form.max_values]
    return form.render(values)
