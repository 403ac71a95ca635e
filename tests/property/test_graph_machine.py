"""A workspace lived in: catalogues change, readers and reviewers write at once, writers die, everything is undone."""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.domain import Assertion, LogEntry
from core.graph.fold import fold
from core.graph.log import Log
from core.graph.model import Policy, Title
from core.graph.reading import read_assertions, read_entries, read_sources
from core.graph.store import GraphStore, read_titles
from core.storage.workspaces import Workspaces
from tests.graph_world import document, drop_documents, put_documents, put_products, read

TEXTS = {
    "k1": (
        "A stainless steel kettle of 0.9 l.",
        "A glass kettle of 0.9 l.",
        "Kettle, Stainless Steel, 900 ml.",
    ),
    "k2": ("Paper filter for the Fellow Kettle 🫖, glass stand.", "Filter of glass."),
    "c1": ("304不锈钢保温杯,500ml。", "玻璃杯,500ml。"),
}
TITLES = {
    "k1": ("Fellow Kettle", "Old Kettle"),
    "k2": ("Hario Filter", "Fellow Kettle 2"),
    "c1": ("不锈钢保温杯", "玻璃杯"),
}
WORDS = (
    ("material", "stainless steel"),
    ("material", "Stainless Steel"),
    ("material", "glass"),
    ("material", "不锈钢"),
    ("material", "玻璃"),
    ("capacity", "0.9 l"),
    ("capacity", "900 ml"),
    ("capacity", "500ml"),
    ("isAccessoryOrSparePartFor", "Fellow Kettle"),
)
NODES = st.sampled_from(["material:glass", "material:stainless steel", "material:不锈钢", "capacity:0.9 l"])
PRODUCTS = st.sampled_from(sorted(TEXTS))


class LivedIn(RuleBasedStateMachine):
    """What holds after every step, whatever the steps are."""

    def __init__(self) -> None:
        super().__init__()
        self._scratch = TemporaryDirectory()
        self.workspace = Workspaces(Path(self._scratch.name)).create("Lived in")
        self.log, self.store = Log(self.workspace), GraphStore(self.workspace)
        self.texts: dict[str, str] = {}
        self.told: list[LogEntry] = []

    def teardown(self) -> None:
        self.workspace.close()
        self._scratch.cleanup()

    def found(self, product: str, extractor: str) -> list[Assertion]:
        source = document(product, self.texts[product])
        return [read(source, name, words, extractor) for name, words in WORDS if words in source.text]

    def stored(self) -> list[Assertion]:
        with self.workspace.db.read() as reader:
            return sorted(read_assertions(reader), key=lambda a: a.id)

    @rule(product=PRODUCTS, text=st.integers(0, 2), title=st.integers(0, 1))
    def change_the_catalogue(self, product: str, text: int, title: int) -> None:
        self.texts[product] = TEXTS[product][text % len(TEXTS[product])]
        put_products(self.workspace, {product: (TITLES[product][title], "Fellow", self.texts[product])})
        self.log.reconcile()

    @precondition(lambda self: self.texts)
    @rule(data=st.data())
    def take_a_product_out(self, data: st.DataObject) -> None:
        product = data.draw(st.sampled_from(sorted(self.texts)))
        del self.texts[product]
        drop_documents(self.workspace, product)
        self.log.reconcile()

    @precondition(lambda self: self.texts)
    @rule(data=st.data(), extractor=st.sampled_from(["tagger", "llm"]))
    def two_readers_deliver_the_same_at_once(self, data: st.DataObject, extractor: str) -> None:
        made = self.found(data.draw(st.sampled_from(sorted(self.texts))), extractor)
        threads = [
            threading.Thread(target=Log(self.workspace).append, args=(part,)) for part in (made, made[::-1])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    @precondition(lambda self: self.texts)
    @rule(data=st.data())
    def a_writer_dies_before_it_commits(self, data: st.DataObject) -> None:
        made = self.found(data.draw(st.sampled_from(sorted(self.texts))), "dying")
        before = self.store.graph().hash
        try:
            with self.workspace.db.write() as writer:
                self.log.append(made, connection=writer)
                raise InterruptedError
        except InterruptedError:
            assert self.store.graph().hash == before

    @precondition(lambda self: self.told)
    @rule(data=st.data(), how=st.sampled_from(["accept", "reject"]))
    def a_reviewer_decides(self, data: st.DataObject, how: str) -> None:
        if known := self.stored():
            getattr(self.log, how)([data.draw(st.sampled_from(known)).id])

    @rule(node=NODES, into=NODES)
    def merge(self, node: str, into: str) -> None:
        if node != into:
            self.log.merge(node, into, "the same")

    @rule(node=NODES)
    def split(self, node: str) -> None:
        self.log.split(node)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def undo_anything(self, data: st.DataObject) -> None:
        self.log.undo([data.draw(st.integers(1, len(self.told)))])

    @rule(node=NODES, into=NODES, data=st.data())
    def undo_what_was_just_done(self, node: str, into: str, data: st.DataObject) -> None:
        before = self.store.graph().hash
        done = self.log.merge(node, into) if node != into else []
        if known := self.stored():
            done += self.log.reject([data.draw(st.sampled_from(known)).id])
        self.store.graph()
        self.log.undo(done)
        assert self.store.graph().hash == before

    @rule()
    def a_source_comes_and_goes(self) -> None:
        guest = document("x9", "A glass jar of 500ml.")
        said = [read(guest, "material", "glass"), read(guest, "capacity", "500ml")]
        if {entry.data.get("target") for entry in self.told} & {one.id for one in said}:
            return  # something of it was undone, and that stays
        self.log.reconcile()
        before = self.store.graph().hash
        put_documents(self.workspace, [guest])
        self.log.append(said)
        self.log.reconcile()
        assert self.store.graph().hash != before
        drop_documents(self.workspace, "x9")
        self.log.reconcile()
        assert self.store.graph().hash == before

    @invariant()
    def the_running_graph_is_the_fold_of_what_is_on_disk(self) -> None:
        graph = self.store.graph()
        with self.workspace.db.read() as reader:
            titles: dict[str, Title] = read_titles(reader)
            cold = fold(
                list(read_assertions(reader)),
                list(read_entries(reader)),
                titles,
                Policy(),
                read_sources(reader),
            )
        assert (graph.hash, graph.nodes, graph.facts) == (cold.hash, cold.nodes, cold.facts)
        assert (graph.standing, graph.reasons, graph.merged) == (cold.standing, cold.reasons, cold.merged)
        assert dict(graph.by_node) == dict(cold.by_node)
        assert graph.by_node.own == cold.by_node.own

    @invariant()
    def the_log_only_grows_and_the_ledger_sums(self) -> None:
        now = list(self.log.entries())
        assert now[: len(self.told)] == self.told
        assert [entry.seq for entry in now] == list(range(1, len(now) + 1))
        self.told = now
        ledger = self.store.graph().ledger
        assert ledger.extracted == len(self.store.graph().standing)


TestLivedIn = LivedIn.TestCase
TestLivedIn.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
