"""Building a graph: everything once, whatever happens in between, and never a silent nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from core.catalogue.mapping import ColumnMapping
from core.catalogue.read import read_table
from core.catalogue.store import Catalogue
from core.domain import EntryKind
from core.errors import ConfigError, DataError
from core.graph.live import BuildView
from core.graph.log import Log, read_assertions
from core.graph.store import GraphStore
from core.jobs import JobEvent, Jobs, Status, run_inline
from core.jobs.worker import run
from core.llm import registry
from core.llm.base import Completion
from core.llm.grammar import CopyForm
from core.settings import settings
from core.stages import REGISTRY
from core.stages.build_report import Reporter
from core.storage.workspaces import Workspace, Workspaces

MAPPING = ColumnMapping(
    "products", {"id": "id", "title": "title", "description": "description", "brand": "brand"}, ("Material",)
)
ROWS = [
    (
        "cup",
        "Blue enamel cup, 350 ml",
        "A cup for camping and the garden. Made of steel.",
        "Norrvik",
        "steel; enamel",
    ),
    ("pot", "Cast iron pot 4.5 l", "For soups and bread. Weighs 5.1 kg, made in France.", "Norrvik", "iron"),
    ("mat", "Yoga mat 6 mm, green", "Non-slip rubber, for beginners.", "", "rubber"),
    ("tea", "Green tea 100 g", "Japanese sencha with a light, grassy taste.", "Leafmoor", ""),
]


def fill(workspace: Workspace, rows: Sequence[tuple[str, ...]] = ROWS) -> None:
    lines = ["id\ttitle\tdescription\tbrand\tMaterial", *("\t".join(row) for row in rows)]
    Catalogue(workspace).import_table(read_table("\n".join(lines).encode(), "shop.tsv"), MAPPING)


def build(workspace: Workspace, **params: Any) -> tuple[Mapping[str, Any], list[JobEvent]]:
    heard: list[JobEvent] = []
    return run_inline(workspace, "build", REGISTRY, params, heard.append), heard


def told(events: Sequence[JobEvent]) -> list[Mapping[str, Any]]:
    return [item for event in events if event.kind == "facts" for item in event.data["items"]]


def asserted(workspace: Workspace) -> list[str]:
    return [entry.target for entry in Log(workspace).entries() if entry.kind is EntryKind.ASSERTED]


def test_every_fact_is_told_with_its_words_and_the_ledger_sums(workspace: Workspace) -> None:
    fill(workspace)
    result, events = build(workspace)
    items = told(events)
    assert sorted(item["id"] for item in items) == sorted(asserted(workspace))
    texts = {document.id: document.text for document in Catalogue(workspace).documents()}
    assert all(texts[item["document"]][item["start"] : item["end"]] == item["quote"] for item in items)
    graph = GraphStore(workspace).graph()
    assert result["graph_hash"] == graph.hash
    ledger = result["ledger"]
    assert ledger["extracted"] == len(items) == sum(ledger.values()) - ledger["extracted"]
    view = BuildView()
    for event in events:
        view.apply(event)
    assert view.ledger == graph.ledger
    assert view.products == result["read"] == len(ROWS)
    assert {node.id for node, _ in view.picture().nodes} == set(graph.nodes)


def test_columns_come_first_so_that_facts_stand_before_any_model(workspace: Workspace) -> None:
    fill(workspace)
    _, events = build(workspace)
    steps = [item["step"] for item in told(events)]
    assert steps[: steps.count("columns")] == ["columns"] * steps.count("columns")
    assert steps.count("columns") == 7, "three brands and four materials"
    assert steps.count("tagger") > 0


def test_building_again_reads_nothing_twice_and_says_that_nothing_is_new(workspace: Workspace) -> None:
    fill(workspace)
    first, _ = build(workspace)
    again, events = build(workspace)
    assert (again["notice"], again["read"], again["graph_hash"]) == ("nothing_new", 0, first["graph_hash"])
    assert told(events) == []


def test_a_changed_text_replaces_its_facts_as_if_it_had_never_been_otherwise(workspace: Workspace) -> None:
    changed = [("cup", "Red enamel mug, 350 ml", "A mug for the office.", "Norrvik", "enamel"), *ROWS[1:]]
    fill(workspace)
    build(workspace)
    fill(workspace, changed)
    result, events = build(workspace)
    assert {item["product"] for item in told(events)} == {"cup"}
    fresh = Workspaces(settings().workspaces).create("Fresh")
    fill(fresh, changed)
    assert build(fresh)[0]["graph_hash"] == result["graph_hash"]
    fresh.close()


def test_the_order_of_products_does_not_change_the_graph(workspace: Workspace) -> None:
    fill(workspace)
    given = {"order": "given", "product_ids": ["tea", "mat", "pot", "cup"]}
    hashes = set()
    for number, params in enumerate(({"order": "longest"}, given)):
        other = Workspaces(settings().workspaces).create(f"Other {number}")
        fill(other)
        hashes.add(build(other, **params)[0]["graph_hash"])
        other.close()
    assert hashes == {build(workspace)[0]["graph_hash"]}


@pytest.mark.parametrize("reports_before_crash", [1, 2, 3, 5])
def test_a_build_that_dies_between_commit_and_report_loses_and_repeats_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, reports_before_crash: int
) -> None:
    fill(workspace)
    facts, calls = Reporter.facts, 0

    def dying(self: Reporter) -> Any:
        nonlocal calls
        calls += 1
        if calls > reports_before_crash:
            raise RuntimeError("the lights go out")
        return facts(self)

    jobs = Jobs(workspace)
    monkeypatch.setattr(jobs, "dispatch", lambda: None)
    job_id = jobs.record("build", {})
    monkeypatch.setattr(Reporter, "facts", dying)
    assert run(workspace, job_id, REGISTRY) == 1
    monkeypatch.setattr(Reporter, "facts", facts)
    jobs.retry(job_id)
    assert run(workspace, job_id, REGISTRY) == 0
    ids = [item["id"] for item in told(jobs.events(job_id, limit=10_000))]
    assert sorted(ids) == sorted(set(ids)) == sorted(asserted(workspace))
    job = jobs.get(job_id)
    assert job.status is Status.DONE
    assert job.result is not None
    other = Workspaces(settings().workspaces).create("Whole")
    fill(other)
    whole, _ = build(other)
    assert job.result["graph_hash"] == whole["graph_hash"]
    assert (job.result["read"], job.result["new_facts"]) == (whole["read"], whole["new_facts"])
    other.close()


class Copyist:
    """A language model that copies the first words of the text as its material, and says nothing else."""

    id = "copyist"
    languages: tuple[str, ...] = ("*",)

    def complete(
        self,
        prompts: Sequence[str],
        forms: Sequence[CopyForm | None],
        *,
        max_tokens: int = 256,
        on_token: Callable[[int, str], None] | None = None,
    ) -> list[Completion]:
        replies = []
        for at, form in enumerate(forms):
            assert form is not None
            text = form.render(
                {name: [form.text.split()[0]] for name in form.names if name.startswith("Material")}
            )
            for line in text.splitlines(keepends=True):
                if on_token:
                    on_token(at, line)
            replies.append(Completion(text, 100, 20, None, 0.1))
        return replies


@pytest.fixture
def copyist(monkeypatch: pytest.MonkeyPatch) -> Copyist:
    model = Copyist()
    monkeypatch.setattr(registry, "load", lambda _id: model)
    return model


def test_the_model_reads_its_budget_and_its_words_light_up_as_they_come(
    workspace: Workspace, copyist: Copyist
) -> None:
    fill(workspace)
    result, events = build(workspace, model="copyist", llm_products=2)
    assert result["llm_products"] == 2
    assert result["tokens"] > 0
    read = [event.data["product"] for event in events if event.kind == "read" and event.data["step"] == "llm"]
    assert 1 <= len(set(read)) <= 2
    kinds = [event.kind for event in events]
    last_facts = len(kinds) - kinds[::-1].index("facts")
    assert kinds.index("tokens") < last_facts
    assert kinds.index("mark") < last_facts, "words light up before their product is committed"
    found = {item["quote"] for item in told(events) if item["step"] == "llm"}
    assert found
    further, _ = build(workspace, model="copyist", llm_products=1)
    assert further["llm_products"] == 1, "the next build reads what this one did not"


@pytest.mark.parametrize(("limit", "why"), [({"llm_tokens": 400}, "tokens"), ({"llm_minutes": 1e-9}, "time")])
def test_a_budget_ends_the_model_and_says_so_while_what_was_read_stays(
    workspace: Workspace, copyist: Copyist, limit: dict[str, float], why: str
) -> None:
    fill(workspace)
    result, events = build(workspace, model="copyist", llm_products=4, **limit)
    assert result["stopped"] == why
    assert result["llm_products"] < result["wanted"] == 4
    assert result["tokens"] <= 400
    (told_of,) = (event.data for event in events if event.kind == "stopped")
    assert told_of == {"reason": why, "read": result["llm_products"], "of": 4}
    assert result["facts"] > 0
    on, _ = build(workspace, model="copyist", llm_products=4)
    assert on["llm_products"] == 4 - result["llm_products"], "the next build reads the rest"


def test_every_fact_says_who_read_it_and_a_model_weighs_what_the_readers_said(
    workspace: Workspace, copyist: Copyist
) -> None:
    fill(workspace)
    build(workspace)
    before = GraphStore(workspace).graph()
    with workspace.db.read() as connection:
        stored = {a.id: a for a in read_assertions(connection)}
    by = [{stored[i].extractor for i in fact.supports} for fact in before.facts.values()]
    assert {"tagger", "reader"} in by, "some facts were read by both"
    build(workspace, model="copyist", llm_products=4)
    after = GraphStore(workspace).graph()
    changed = [i for i in after.weighed if i in before.standing and after.weighed[i] != before.weighed.get(i)]
    assert changed, "the model's word counts for what was read before it"


def test_readers_taught_anew_read_again_and_keep_what_a_model_has_said(
    workspace: Workspace, copyist: Copyist, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.extract import teach

    fill(workspace)
    build(workspace, model="copyist", llm_products=4)
    files = teach.reader_of(workspace)
    assert files is not None
    monkeypatch.setattr(teach, "reader_of", lambda _workspace: replace(files, version="another"))
    again, _ = build(workspace, model="copyist", llm_products=4)
    assert (again["tokens"], again["llm_products"]) == (0, 0), "no model is asked twice"
    assert again["steps"]["reader"]["products"] == 4
    graph = GraphStore(workspace).graph()
    with workspace.db.read() as connection:
        stored = {a.id: a for a in read_assertions(connection)}
    live = [stored[i] for i in graph.standing]
    assert len({a.extractor_version for a in live if a.extractor == "reader"}) == 1
    assert all(a.id in graph.weighed for a in live if a.extractor == "llm:copyist")


def test_nothing_to_read_and_nothing_found_are_errors_and_not_successes(workspace: Workspace) -> None:
    with pytest.raises(DataError, match="no products"):
        build(workspace)
    fill(workspace, [("x", "this and that", "", "", "")])
    with pytest.raises(DataError, match="not one fact"):
        build(workspace)
    (job,) = (job for job in Jobs(workspace).list() if job.error and "fact" in job.error["what"])
    assert job.status is Status.FAILED


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({"n_products": 0}, "n_products"),
        ({"order": "random"}, "order"),
        ({"colour": "blue"}, "colour"),
        ({"schema_name": "../../etc/passwd"}, "schema_name"),
        ({"schema_name": "missing"}, "missing"),
        ({"order": "given", "product_ids": ["nobody"]}, "nobody"),
    ],
)
def test_settings_that_make_no_sense_are_named(
    workspace: Workspace, params: dict[str, Any], where: str
) -> None:
    fill(workspace)
    with pytest.raises(ConfigError) as caught:
        build(workspace, **params)
    assert caught.value.where == where
    assert caught.value.remedy


def test_no_document_has_assertions_of_two_versions_of_one_extractor(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.extract import columns

    fill(workspace)
    build(workspace)
    monkeypatch.setattr(columns, "VERSION", "2")
    build(workspace)
    with workspace.db.read() as connection:
        stored = {assertion.id: assertion for assertion in read_assertions(connection)}
    standing = GraphStore(workspace).graph().standing
    assert {stored[i].extractor_version for i in standing if stored[i].extractor == "columns"} == {"2"}
