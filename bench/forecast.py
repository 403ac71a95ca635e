"""What builds were forecast to take, beside what they took.

    python -m bench.forecast                       the sample: a first build, then two with the language model
    python -m bench.forecast --model MODEL --read 4 8 12

Each build reads what the one before has left, so each is forecast from those before it; the first one from a few
products that are read for it. Tokens are counted, seconds are of reading, without loading what reads. The last column
is how often the model said what the readers were sure of.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from bench.common import machine, peak_memory_mb, table, timed
from core.catalogue.sample_data import load_sample
from core.jobs import Jobs, run_inline
from core.llm.files import EMBEDDED
from core.settings import settings
from core.stages import REGISTRY
from core.stages.build_plan import BuildParams
from core.stages.forecast import outlook
from core.storage.workspaces import Workspaces


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=EMBEDDED)
    parser.add_argument(
        "--read", type=int, nargs="*", default=[4, 8], help="products for the model, by build"
    )
    parser.add_argument("--products", type=int, help="how many products; all of the sample unless given")
    arguments = parser.parse_args()
    models = settings().models
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SHELFGRAPH_HOME"] = folder  # what this machine has measured before shall not help
        settings.cache_clear()
        (Path(folder) / "models").symlink_to(models)
        workspace = Workspaces(settings().workspaces).create("Forecast")
        load_sample(workspace)
        for read in (0, *arguments.read):
            params = BuildParams(
                model=arguments.model if read else "", llm_products=read, n_products=arguments.products
            )
            past = Jobs(workspace).list("build")
            with timed() as looking:
                ahead = outlook(workspace, params, past, probe=not past).at(read)
            result = run_inline(workspace, "build", REGISTRY, params.model_dump(exclude_none=True))
            rows.append(
                (
                    f"{result['read']} by the readers, {result['llm_products']} by the model",
                    _pair(ahead.seconds, result["seconds"]),
                    _pair(ahead.cost.tokens, result["tokens"]),
                    f"{looking.seconds:.1f}",
                    "{:.0f} of {:.0f}".format(*result["trust"]),
                )
            )
            print(rows[-1], result["steps"], flush=True)
        workspace.close()
    print(
        table(
            (
                "build",
                "seconds: forecast, taken",
                "tokens: forecast, taken",
                "seconds to look ahead",
                "said so",
            ),
            rows,
        )
    )
    print(f"{machine()}, {peak_memory_mb():,.0f} MB at most")


def _pair(ahead: float | None, taken: float) -> str:
    if ahead is None:
        return f"–, {taken:,.1f}"
    off = f" ({100 * (ahead - taken) / taken:+.0f}%)" if taken else ""
    return f"{ahead:,.1f}, {taken:,.1f}{off}"


if __name__ == "__main__":
    main()
