"""The policies of a workspace: an append-only file of named versions. What was kept last is what is served."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass

from core.errors import ConfigError
from core.recommend.serve.policy import AS_RANKED, Policy, policy_of
from core.storage.workspaces import Workspace

FOLDER, FILE = "serving", "policies.jsonl"
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of a named policy; versions of a name count from 1."""

    name: str
    version: int
    created_at: float
    policy: Policy

    @property
    def label(self) -> str:
        """Name and version, as lists that are exported carry them."""
        return f"{self.name} v{self.version}" if self.version else self.name


PLAIN = Entry("as ranked", 0, 0.0, AS_RANKED)
"""What is served before anything was kept."""


def entries(workspace: Workspace) -> list[Entry]:
    """All versions, oldest first; raises ConfigError for a line that cannot be read."""
    path = workspace.folder / FOLDER / FILE
    if not path.is_file():
        return []
    found = []
    for line, text in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            told = json.loads(text)
            found.append(
                Entry(
                    str(told["name"]),
                    int(told["version"]),
                    float(told["created_at"]),
                    policy_of(told["policy"]),
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"A serving policy cannot be read ({type(error).__name__}).",
                where=f"{FOLDER}/{FILE}, line {line}",
                remedy="Delete the line; the others stay.",
            ) from error
    return found


def current(workspace: Workspace) -> Entry:
    """What is served now."""
    found = entries(workspace)
    return found[-1] if found else PLAIN


def find(workspace: Workspace, label: str) -> Entry:
    """A policy by name (its latest version) or by "name v2"; "as ranked" is the model's own list. Raises ConfigError
    where there is none."""
    known = entries(workspace)
    for entry in reversed([PLAIN, *known]):
        if label in (entry.name, entry.label):
            return entry
    raise ConfigError(
        "There is no serving policy of that name.",
        where=label[:80],
        remedy="Use one of: " + ", ".join(dict.fromkeys(e.name for e in [PLAIN, *known])) + ".",
    )


def keep(workspace: Workspace, name: str, policy: Policy) -> Entry:
    """Serve a policy from now on, as the next version of its name; the same again changes nothing.

    Raises ConfigError for a name that is empty, too long, or that of the model's own list with other settings.
    """
    name = name.strip()
    known = entries(workspace)
    if not name or len(name) > LONGEST_NAME or (name == PLAIN.name and not policy.neutral):
        raise ConfigError(
            "This cannot be the name of a policy.",
            where=name[:LONGEST_NAME],
            remedy=f"Give it one to {LONGEST_NAME} characters.",
        )
    if known and (known[-1].name, known[-1].policy) == (name, policy):
        return known[-1]
    made = Entry(name, 1 + sum(entry.name == name for entry in known), time.time(), policy)
    line = json.dumps({**asdict(made), "policy": policy.model_dump(mode="json")}, ensure_ascii=False)
    with (workspace.sub(FOLDER) / FILE).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    return made
