"""How fast builds are on this machine: of the workspace where it has built, else of others here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.settings import settings
from core.storage.whole import write_json

FILE = "build_pace.json"
ALWAYS = ("columns", "tagger", "reader")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds for a character of the texts by step, and for a token of a language model; what was not measured is
    missing. ``llm_out`` is the tokens it writes for one it is given."""

    letters: Mapping[str, float]
    llm: Mapping[str, float]
    llm_out: Mapping[str, float]

    def known(self, model: str) -> bool:
        """Whether a build with this model can be foretold."""
        return "tagger" in self.letters and (not model or model in self.llm)


def measured(results: Sequence[Mapping[str, Any]]) -> Pace:
    """How fast the latest builds were: of these results, and of the machine where they say nothing."""
    letters: dict[str, float] = {}
    llm: dict[str, float] = {}
    llm_out: dict[str, float] = {}
    for result in results:
        for step in ALWAYS:
            spent = result.get("steps", {}).get(step, {})
            if spent.get("letters") and spent.get("products"):
                letters.setdefault(step, spent["seconds"] / spent["letters"])
        spent, model = result.get("steps", {}).get("llm", {}), result.get("model", "")
        if spent.get("tokens"):
            llm.setdefault(model, spent["seconds"] / spent["tokens"])
            tokens_in = result.get("tokens_in", 0)
            if tokens_in:
                llm_out.setdefault(model, (result["tokens"] - tokens_in) / tokens_in)
    here = kept()
    return Pace({**here.letters, **letters}, {**here.llm, **llm}, {**here.llm_out, **llm_out})


def remember(result: Mapping[str, Any]) -> None:
    """Keep how fast a build was, for other workspaces of this machine."""
    keep(measured([result]))


def kept() -> Pace:
    """What was measured on this machine."""
    try:
        raw = json.loads((settings().home / FILE).read_text("utf-8"))
        return Pace(*({str(k): float(v) for k, v in raw[name].items()} for name in Pace.__slots__))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Pace({}, {}, {})


def keep(found: Pace) -> None:
    """Keep what was measured, beside what was before."""
    before = kept()
    merged = Pace(
        {**before.letters, **found.letters},
        {**before.llm, **found.llm},
        {**before.llm_out, **found.llm_out},
    )
    write_json(settings().home / FILE, asdict(merged))
