"""What a run has shown, as sentences that are true: a key of the page's texts and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.recommend.measure import Measured
from core.recommend.significance import Comparison, bootstrap, compare

ALPHA = 0.05
FEWEST_CASES = 30
"""With fewer test shoppers no claim is made either way."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """``key`` of train.yaml, ``fields`` for it."""

    key: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def verdict(
    model: Measured, baselines: Mapping[str, Measured], leader: str, opened: bool, seed: int = 0
) -> tuple[list[Sentence], dict[str, Comparison]]:
    """The verdict, main sentence first, and the paired comparisons on NDCG@10 behind it.

    ``leader`` is the baseline that was best on validation, named before the test was looked at; ``opened`` whether
    validation gave the network any weight.
    """
    references = {name: measured.per_case["ndcg@10"] for name, measured in baselines.items()}
    compared = compare(model.per_case["ndcg@10"], references, seed)
    main = compared[leader]
    base = baselines[leader].mean("ndcg@10")
    sentences = [_main(main, base, leader, opened)]
    strongest = max(baselines, key=lambda name: baselines[name].mean("ndcg@10"))
    if strongest != leader and baselines[strongest].mean("ndcg@10") > model.mean("ndcg@10"):
        sentences.append(Sentence("verdict_other_ahead", {"baseline": strongest}))
    for segment in ("cold_item", "cold_shopper"):
        sentences += _segment(segment, model, baselines[leader], leader, seed)
    return sentences, compared


def _main(main: Comparison, base: float, leader: str, opened: bool) -> Sentence:
    if main.n < FEWEST_CASES:
        return Sentence("verdict_too_few", {"n": main.n, "least": FEWEST_CASES})
    if not opened:
        return Sentence("verdict_closed", {"baseline": leader, "n": main.n})
    size = {
        "baseline": leader,
        "gain": abs(main.difference.mean) / base if base > 0 else None,
        "half": main.difference.half / base if base > 0 else None,
        "points": abs(main.difference.mean),
        "low": main.difference.low,
        "high": main.difference.high,
        "p": main.p_holm,
        "n": main.n,
    }
    sure = main.p_holm < ALPHA
    if sure and main.difference.low > 0:
        return Sentence("verdict_better", size)
    if sure and main.difference.high < 0:
        return Sentence("verdict_worse", size)
    if main.difference.low > 0:
        return Sentence("verdict_unproven", size)
    return Sentence("verdict_same", size)


def _segment(name: str, model: Measured, base: Measured, leader: str, seed: int) -> list[Sentence]:
    difference = bootstrap(model.segments[name] - base.segments[name], seed)
    cases = int((~(model.segments[name] != model.segments[name])).sum())
    if cases < FEWEST_CASES:
        return []
    fields = {"baseline": leader, "n": cases, "low": difference.low, "high": difference.high}
    if difference.low > 0:
        return [Sentence(f"verdict_{name}_better", fields)]
    if difference.high < 0:
        return [Sentence(f"verdict_{name}_worse", fields)]
    return [Sentence(f"verdict_{name}_same", fields)]
