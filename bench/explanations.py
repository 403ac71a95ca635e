"""How faithful explanations are: exact Shapley values beside LIME and KernelSHAP, and beside the sample's truth.

python -m bench.explanations --workspace DIR [--n 200] [--reference average|empty|PRODUCT]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.common import machine, table, timed
from core.stages.score_explanations import score
from core.storage.workspaces import Workspaces

NAMES = {
    "exact": "exact Shapley",
    "lime": "LIME, 1,000 samples",
    "kernelshap": "KernelSHAP, 64 samples",
}


def main() -> None:
    """Print the card's table for one workspace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--run", default=None)
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reference", default="average")
    given = parser.parse_args()
    workspace = Workspaces(given.workspace.parent).open(given.workspace.name)
    with timed() as clock:
        told = score(workspace, given.n, given.run, given.seed, given.reference)
    columns = [
        "method",
        "deletion",
        "insertion",
        "beats random orders",
        "beats one order for all",
        "infidelity",
        "stability over ten seeds",
        "additivity error, of the range",
        "seconds, median",
    ]
    rows = [
        [
            NAMES[name],
            found["deletion"],
            found["insertion"],
            f"{found['beats_random']:.1%}",
            f"{found['beats_common_order']:.1%}",
            found["infidelity"],
            found["stability"],
            f"{found['additivity_error']:.0e}",
            f"{found['seconds']:.3f}",
        ]
        for name, found in told["methods"].items()
    ]
    print(f"{told['n']} recommendations of run {told['run']}, {len(told['groups'])} groups\n")
    print(table(columns, rows))
    if truth := told.get("truth"):
        print(
            f"\nTruth, {truth['n']} recommendations: what the shopper really went by most is among the first two of "
            f"{truth['groups']} groups in {truth['among_first_two']:.1%} (by chance {truth['by_chance']:.1%}); "
            f"mean rank correlation {truth['rank_correlation']:.3f}\n"
        )
        lines = [[name, one["n"], f"{one['found']:.1%}"] for name, one in truth["by_group"].items()]
        print(table(["really went by", "recommendations", "among the first two"], lines))
    print(f"\n{clock.seconds:.0f} s, {clock.cpu:.0f} s of the processor; {machine()}")


if __name__ == "__main__":
    main()
