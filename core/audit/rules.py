"""Rules about texts, read from YAML: what is looked for, whether it holds a product back, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.audit.folding import folded
from core.domain import content_hash
from core.errors import ConfigError
from core.extract.tokens import has_cjk
from core.settings import ASSETS
from core.storage.workspaces import Workspace

SHIPPED = ASSETS / "audit" / "text_rules.yaml"
FOLDER, FILE = "audit", "text_rules.yaml"
LONGEST_PATTERN = 300


class TextRule(BaseModel):
    """One rule; see the head of the shipped file for its parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=40, pattern=r"^[a-z0-9_]+$")
    hold: bool = True
    disabled: bool = False
    reason: dict[str, str] = Field(default_factory=dict)
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    unless: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    patterns: tuple[str, ...] = ()

    @field_validator("patterns")
    @classmethod
    def _compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if len(pattern) > LONGEST_PATTERN:
                raise ValueError(f"a pattern may have {LONGEST_PATTERN} characters")
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression ({error})") from None
        return patterns

    def __hash__(self) -> int:
        return hash((self.id, self.patterns))

    def said(self, language: str) -> str:
        """The reason in that language, or in any there is; the id where there is none."""
        return self.reason.get(language) or next(iter(self.reason.values()), self.id)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[TextRule, ...]


def rules_of(workspace: Workspace) -> tuple[TextRule, ...]:
    """The shipped rules with those of the workspace over them, without those that are disabled.

    Raises ConfigError for a file that cannot be read.
    """
    own = workspace.folder / FOLDER / FILE
    return merged(read_rules(SHIPPED), read_rules(own) if own.is_file() else ())


def merged(shipped: Iterable[TextRule], own: Iterable[TextRule]) -> tuple[TextRule, ...]:
    """Both, where a rule of ``own`` takes the place of one with its id."""
    together = {rule.id: rule for rule in (*shipped, *own)}
    return tuple(rule for rule in together.values() if not rule.disabled)


def read_rules(path: Path) -> tuple[TextRule, ...]:
    """The rules of a file; raises ConfigError that names the place."""
    try:
        return _File.model_validate(yaml.safe_load(path.read_text("utf-8"))).rules
    except ValidationError as error:
        found = error.errors()[0]
        place = ".".join(str(part) for part in found["loc"])
        raise _bad(path, f"{place}: {found['msg']}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _bad(path, str(error).splitlines()[0]) from error


def rules_hash(rules: Sequence[TextRule]) -> str:
    """Equal for rules that say the same."""
    return content_hash(*(rule.model_dump_json() for rule in rules))


@lru_cache(maxsize=256)
def finder(rule: TextRule, *, apart: bool = False) -> re.Pattern[str]:
    """What the rule looks for in a folded text; ``apart`` for letters that were set apart, where a word has no
    boundaries and has to have four letters."""
    words = [_plain(word) for one in rule.words.values() for word in one]
    if apart:
        letters = [re.sub(r"[\W_]", "", word) for word in words]
        parts = [re.escape(word) for word in letters if len(word) >= 4]
    else:
        parts = [_whole(word) for word in words] + [f"(?:{pattern})" for pattern in rule.patterns]
    return re.compile("|".join(sorted(parts, key=lambda part: (-len(part), part))) or r"(?!)", re.IGNORECASE)


@lru_cache(maxsize=256)
def harmless(rule: TextRule) -> re.Pattern[str]:
    """The phrases in which the rule's words mean no harm, in a folded text."""
    phrases = sorted(
        {_plain(phrase) for one in rule.unless.values() for phrase in one}, key=len, reverse=True
    )
    return re.compile("|".join(map(re.escape, phrases)) or r"(?!)", re.IGNORECASE)


def _plain(word: str) -> str:
    return " ".join(folded(word).text.split())


def _whole(word: str) -> str:
    spelled = re.escape(word).replace(r"\ ", r"[\s\-]+")
    if has_cjk(word):
        return spelled
    plural = "(?:es)?" if re.search(r"(?:[sxz]|[cs]h)$", word) else "s?"
    return rf"(?<![^\W_]){spelled}{plural}(?![^\W_])"


def _bad(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"The rules about texts cannot be read: {why[:200]}.",
        where=path.name,
        remedy="Correct the file; the shipped assets/audit/text_rules.yaml shows the form.",
    )
