"""How long the Explain page takes: each of its views for several shoppers, and the page as a whole.

    python -m bench.explain_page --workspace .shelfgraph/workspaces/sample [--run ID] [--pairs 5]

The views are timed in the order in which the page draws them, for the first product of a list and for one far down in
it, after one pair that is not counted: what a server loads once is loaded then. What the page computes only when it is
asked to is left out. The page is timed in Streamlit's test harness: opened on another pair, and run again. Seconds of
the processor are told beside those of the wall, as the latter are longer where the machine has other work.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.common import Clock, machine, table, timed
from core.settings import REPOSITORY, settings

FAR = 40
"""The place in the list of the second product of each shopper."""

Pair = tuple[str, str]


def chosen(workspace_id: str, run: str | None, n: int) -> tuple[Any, list[Pair]]:
    """What serves, and ``n`` (shopper, product) pairs after one to warm up with: histories of all lengths, in turn the
    first product of the list and the one at place ``FAR``."""
    from core.storage.workspaces import Workspaces
    from core.ui.serving import serving

    served = serving(Workspaces(settings().workspaces).open(workspace_id), run)
    shoppers = served.shoppers()
    shoppers = [shoppers[at * (len(shoppers) - 1) // n] for at in range(n + 1)]
    places = [0 if at % 2 else FAR - 1 for at in range(n + 1)]
    lists = [served.top(served.history(shopper), FAR) for shopper in shoppers]
    return served, [
        (one, top[min(at, len(top) - 1)]) for one, top, at in zip(shoppers, lists, places, strict=True)
    ]


def views(served: Any, pair: Pair) -> Iterator[tuple[str, Callable[[], object]]]:
    """The views of one explanation in the page's order, each as what has to be computed for it."""
    from core.explain.paths import paths
    from core.explain.reference import Reference, some_shoppers
    from core.explain.whatif import Change, what_if
    from core.ui import explain_view
    from core.ui.explaining import Question

    shopper, product = pair
    history = served.history(shopper)
    reference = Reference("average", some_shoppers(served.histories))
    model = served.recommender
    slow, text = model.reads_sentences, served.text(product)
    asked = Question(model, served.version, history, product, text, reference, slow_text=slow)
    facts = {one: served.recommender.facts_of(one) for one in {*history, product}}
    rival = next(one for one in served.top(history, 3) if one != product)
    change = Change(tuple(history[:-1]), tuple(served.recommender.facts_of(product)))
    yield "exact shares", asked.shares
    yield "waterfall", lambda: explain_view.waterfall(asked.shares())
    yield "history", asked.history_shares
    yield "facts", asked.facts
    yield "LIME on groups", asked.lime
    yield "card", asked.card
    yield "smallest changes, but words", lambda: asked.changes(10)
    if not slow:
        yield "smallest change of words", lambda: asked.word_change(10)
    yield "what if", lambda: what_if(model, history, product, change)
    yield "paths", lambda: paths(model, facts, history, product, asked.facts())
    kind = "phrases" if slow else "words"
    yield f"{kind}, SHAP", lambda: asked.words("shap", closely=not slow)
    yield f"{kind}, LIME", lambda: asked.words("lime", closely=not slow)
    yield "contrast", lambda: asked.beside(rival).shares()
    yield "edge of the list", lambda: asked.list_contrast(10)


def page_times(workspace_id: str, run: str | None, pairs: Sequence[Pair]) -> tuple[list[Clock], list[Clock]]:
    """(opened, run again) for each pair but the first, which is opened before."""
    from streamlit.testing.v1 import AppTest

    opened, again = [], []
    for at, (shopper, product) in enumerate(pairs):
        app = AppTest.from_file(str(REPOSITORY / "pages" / "explain.py"), default_timeout=300)
        app.query_params.update({"w": workspace_id, "user": shopper, "item": product})
        app.query_params.update({"run": run} if run else {})
        with timed() as first:
            app.run()
        with timed() as second:
            app.run()
        if app.exception:
            raise RuntimeError(app.exception[0].message)
        if at:
            opened.append(first)
            again.append(second)
    return opened, again


def row(name: str, clocks: Sequence[Clock]) -> tuple[str, str, str, str]:
    """Name, median and worst of the processor, median by the wall, in seconds."""
    cpu, wall = [one.cpu for one in clocks], [one.seconds for one in clocks]
    return name, f"{statistics.median(cpu):.3f}", f"{max(cpu):.3f}", f"{statistics.median(wall):.3f}"


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--workspace", type=Path, default=settings().workspaces / "sample")
    arguments.add_argument("--run")
    arguments.add_argument("--pairs", type=int, default=5)
    given = arguments.parse_args()
    folder = given.workspace.resolve()
    os.environ["SHELFGRAPH_HOME"] = str(folder.parent.parent)
    settings.cache_clear()

    import streamlit as st

    served, pairs = chosen(folder.name, given.run, given.pairs)
    kept: dict[str, list[Clock]] = {}
    for at, pair in enumerate(pairs):
        for name, compute in views(served, pair):
            with timed() as clock:
                compute()
            if at:
                kept.setdefault(name, []).append(clock)
    st.cache_data.clear()
    opened, again = page_times(folder.name, given.run, pairs)
    rows = [row(name, clocks) for name, clocks in kept.items()]
    rows += [row("the page, opened", opened), row("the page, run again", again)]
    print(table(("view", "processor, median s", "worst", "wall, median s"), rows))
    print(f"\n{len(pairs) - 1} pairs of {folder.name}, run {served.run_id}. {machine()}")


if __name__ == "__main__":
    main()
