"""Replies are kept in the workspace, so that nothing is paid for twice and a resumed job goes on where it was."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from core.domain import canonical_json, content_hash
from core.llm.base import Completion, HasPlain, LanguageModel, Loads, OnToken
from core.llm.counting import tokens_of
from core.llm.grammar import CopyForm
from core.storage.database import Database, insert_new
from core.storage.tables import llm_cache


class CachedModel:
    """A language model whose replies are looked up, and kept, by hash(model, prompt, grammar, limit)."""

    def __init__(self, model: LanguageModel, database: Database) -> None:
        self.model = model
        self.id = model.id
        self.languages = model.languages
        self._db = database

    def complete(
        self,
        prompts: Sequence[str],
        forms: Sequence[CopyForm | None],
        *,
        max_tokens: int = 256,
        on_token: OnToken | None = None,
    ) -> list[Completion]:
        """See ``LanguageModel.complete``; a kept reply has ``cached`` set, no seconds, and comes in one piece."""
        keys = [self._key(p, f, max_tokens) for p, f in zip(prompts, forms, strict=True)]
        found = self._find(keys)
        for at, key in enumerate(keys):
            if key in found and on_token:
                on_token(at, found[key].text)
        missing = [at for at, key in enumerate(keys) if key not in found]
        if missing:
            back = (lambda index, text: on_token(missing[index], text)) if on_token else None
            fresh = self.model.complete(
                [prompts[at] for at in missing],
                [forms[at] for at in missing],
                max_tokens=max_tokens,
                on_token=back,
            )
            made = {keys[at]: reply for at, reply in zip(missing, fresh, strict=True)}
            self._keep(made)
            found |= made
        return [found[key] for key in keys]

    @property
    def plain(self) -> CachedModel | None:
        """The model without its adapter, cached too."""
        plain = self.model.plain if isinstance(self.model, HasPlain) else None
        return CachedModel(plain, self._db) if plain else None

    def load(self) -> None:
        """Load the model now, where it has something to load."""
        if isinstance(self.model, Loads):
            self.model.load()

    def count(self, prompt: str) -> int:
        """Tokens of a prompt, as the model counts them."""
        return tokens_of(self.model, prompt)

    def kept(
        self, prompts: Sequence[str], forms: Sequence[CopyForm | None], *, max_tokens: int
    ) -> list[bool]:
        """Whether the reply to each prompt is there already."""
        keys = [self._key(p, f, max_tokens) for p, f in zip(prompts, forms, strict=True)]
        found = self._find(keys)
        return [key in found for key in keys]

    def _key(self, prompt: str, form: CopyForm | None, max_tokens: int) -> str:
        asked = [form.names, form.pieces, form.max_values, form.max_chars] if form else None
        return content_hash(self.id, prompt, canonical_json(asked), str(max_tokens))

    def _find(self, keys: Sequence[str]) -> dict[str, Completion]:
        with self._db.read() as connection:
            rows = connection.execute(
                select(llm_cache.c.key, llm_cache.c.reply).where(llm_cache.c.key.in_(set(keys)))
            )
            return {row.key: _from_json(row.reply) for row in rows}

    def _keep(self, replies: dict[str, Completion]) -> None:
        now = time.time()
        rows = [
            {"key": key, "model": self.id, "reply": _to_json(reply), "created_at": now}
            for key, reply in replies.items()
        ]
        with self._db.write() as connection:
            insert_new(connection, llm_cache, rows)


def _to_json(reply: Completion) -> dict[str, Any]:
    return {
        "text": reply.text,
        "prompt_tokens": reply.prompt_tokens,
        "new_tokens": reply.new_tokens,
        "steps": None if reply.steps is None else [list(step) for step in reply.steps],
    }


def _from_json(raw: dict[str, Any]) -> Completion:
    steps = raw["steps"]
    kept = None if steps is None else tuple((int(end), float(value)) for end, value in steps)
    return Completion(raw["text"], raw["prompt_tokens"], raw["new_tokens"], kept, 0.0, cached=True)
