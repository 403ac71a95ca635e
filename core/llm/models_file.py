"""``models.yaml``: the language models of this installation beside the embedded one, checked before they are written.

Keys are never in the file: an endpoint names the environment variable that holds its key.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigError
from core.llm.registry import FILE, available
from core.settings import settings
from core.storage.whole import write_text

REPLY_FORMATS = ("json_schema", "json_object", "text")
SECTIONS = {"endpoint": "endpoints", "transformers": "transformers"}
_ID = re.compile(r"[A-Za-z0-9][\w.\-]{0,59}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{1,59}")
_HUB = re.compile(r"[\w\-.]+(/[\w\-.]+)?")
_LANGUAGE = re.compile(r"\*|[a-z]{2,3}")


class _Access(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHELFGRAPH_", extra="ignore")

    edit_models: bool | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One model to configure. ``kind`` is endpoint or transformers; ``model`` what the server calls it, a hub id or a
    folder; ``languages`` are codes, () for any. ``options`` are the further settings of its kind."""

    kind: str
    id: str
    model: str
    name: str = ""
    url: str = ""
    key_env: str = ""
    languages: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """What stands in the file: only what is set."""
        made = {
            "id": self.id,
            "name": self.name,
            "url": self.url,
            "model": self.model,
            "key_env": self.key_env,
        }
        told = {key: value for key, value in made.items() if value}
        return told | ({"languages": list(self.languages)} if self.languages else {}) | dict(self.options)


def path() -> Path:
    """The file; it need not be there."""
    return settings().home / FILE


def allowed() -> bool | None:
    """Whether pages may write the file, where SHELFGRAPH_EDIT_MODELS says so; None where it says nothing."""
    return _Access().edit_models


def problems(entry: Entry, taken: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """(field, code) of everything that is wrong with an entry; ``taken`` are ids in use. [] for a sound one."""
    wrong: list[tuple[str, str]] = []
    if not _ID.fullmatch(entry.id):
        wrong.append(("id", "id"))
    elif entry.id in taken:
        wrong.append(("id", "id_taken"))
    if not entry.model.strip():
        wrong.append(("model", "model_empty"))
    elif entry.kind == "transformers" and not _is_source(entry.model):
        wrong.append(("model", "model_source"))
    if any(not _LANGUAGE.fullmatch(code) for code in entry.languages):
        wrong.append(("languages", "language"))
    if entry.kind == "endpoint":
        wrong += _url(entry)
        if entry.key_env and not _VARIABLE.fullmatch(entry.key_env):
            wrong.append(("key_env", "key_env"))
        if entry.options.get("reply_format", REPLY_FORMATS[0]) not in REPLY_FORMATS:
            wrong.append(("reply_format", "reply_format"))
    return wrong


def text_of(entry: Entry) -> str:
    """The lines of the file that configure this model."""
    return _dump({SECTIONS[entry.kind]: [entry.plain()]})


def add(entry: Entry) -> None:
    """Write an entry into the file. Raises ConfigError for an unsound one, and for a file that is not understood."""
    wrong = problems(entry, tuple(card.id for card in available()))
    if wrong:
        raise ConfigError(
            "This model cannot be configured so.", where=wrong[0][0], remedy="Correct this field."
        )
    raw = _read()
    section = SECTIONS[entry.kind]
    _write({**raw, section: [*(raw.get(section) or []), entry.plain()]})


def remove(model_id: str) -> None:
    """Take a model out of the file; raises ConfigError where the file does not have it."""
    raw = _read()
    kept = {
        name: [entry for entry in raw.get(name) or [] if entry.get("id") != model_id]
        for name in SECTIONS.values()
        if raw.get(name)
    }
    if kept == {name: raw[name] for name in kept}:
        raise ConfigError(
            "This model is not in the file.", where=str(path()), remedy="Unset it where it is configured."
        )
    _write({**raw, **kept})


def configured(model_id: str) -> Mapping[str, Any]:
    """What the file says of a model; {} where it says nothing."""
    listed = [entry for name in SECTIONS.values() for entry in _read().get(name) or []]
    return next((entry for entry in listed if entry.get("id") == model_id), {})


def _is_source(model: str) -> bool:
    return bool(_HUB.fullmatch(model)) or Path(model).expanduser().is_dir()


def _url(entry: Entry) -> list[tuple[str, str]]:
    try:
        parts = urlsplit(entry.url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return [("url", "url")]
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        return [("url", "url")]
    if parts.username or parts.password:
        return [("url", "url_key")]
    if entry.key_env and parts.scheme == "http" and not _is_near(host):
        return [("url", "url_plain")]
    return []


def _is_near(host: str) -> bool:
    """Whether the host is this machine or its own network, where a key may go unencrypted."""
    if host == "localhost" or host.endswith((".local", ".internal")) or "." not in host:
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def _read() -> dict[str, Any]:
    available()  # raises where the file is not understood
    if not path().is_file():
        return {}
    return dict(yaml.safe_load(path().read_text("utf-8")) or {})


def _write(raw: Mapping[str, Any]) -> None:
    """Write in one step, with the comments that the file begins with; the former file stays as ``.bak``."""
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    head = ""
    if file.is_file():
        former = file.read_text("utf-8")
        head = "".join(line for line in _head(former))
        file.with_suffix(".yaml.bak").write_text(former, "utf-8")
    write_text(file, head + _dump(raw))


def _head(text: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    end = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return lines[:end]


def _dump(raw: Mapping[str, Any]) -> str:
    told: str = yaml.safe_dump(dict(raw), allow_unicode=True, sort_keys=False, width=110)
    return told
