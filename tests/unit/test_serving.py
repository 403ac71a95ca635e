"""Serving as a workspace sees it: versions of a policy, the figures of validation, lists for everybody, commands."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.__main__ import main
from core.domain import Product
from core.errors import ConfigError, RunError
from core.jobs import run_inline
from core.jobs.context import Context
from core.recommend.artefact import load, read
from core.recommend.runs import finished_run
from core.recommend.serve import book
from core.recommend.serve.export import COLUMNS, list_file, shelf_of
from core.recommend.serve.lists import explained, serve
from core.recommend.serve.policy import AS_RANKED, Boost, Trait
from core.recommend.serve.shelf import IN, OUT, UNTOLD, stock_of
from core.recommend.serve.trial import GRID, cost, curve, effect, trial
from core.recommend.source import read_histories
from core.stages import REGISTRY, recommend_all
from core.storage.decisions import PRODUCT, Decision, Verdict, decide
from core.storage.workspaces import Workspace, Workspaces
from tests.recommend_world import fill, fill_graph, small_config
from tests.serving_world import histories as shop_histories
from tests.serving_world import model as shop_model
from tests.serving_world import shelf as shop_shelf


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace with a graph and a run: trained once, copied by each test."""
    made = Workspaces(tmp_path_factory.mktemp("once")).create("Trained", "trained")
    fill(made)
    fill_graph(made)
    config = small_config(epochs=1).model_dump(mode="json")
    run_inline(made, "train", REGISTRY, {"config": config, "name": "first"})
    made.close()
    return made.folder


@pytest.fixture
def trained(once: Path, home: Path) -> Iterator[Workspace]:
    folder = home / "workspaces" / once.name
    shutil.copytree(once, folder)
    opened = Workspace(folder)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("column", "value", "stock"),
    [
        ("availability", "https://schema.org/OutOfStock", OUT),
        ("availability", "in stock", IN),
        ("Stock level", "0", OUT),
        ("stock", "1,200", IN),
        ("库存", "缺货", OUT),
        ("有货", "是", IN),
        ("in_stock", "no", OUT),
        ("colour", "0", UNTOLD),
        ("stock", "ask us", UNTOLD),
    ],
)
def test_stock_is_read_from_the_column_that_tells_it(column: str, value: str, stock: int) -> None:
    assert stock_of(Product("p", "Thing", attributes={column: value})) == stock


def test_a_rule_lifts_what_has_its_trait_and_says_so_and_what_is_lost_has_its_cause() -> None:
    model, shelf = shop_model(), shop_shelf()
    own = next(iter(shop_histories().values()))
    birk = Trait(relation="brand", value="Birk")
    policy = AS_RANKED.with_(
        boosts=(Boost(trait=birk, weight=1.0).model_dump(),),
        unwanted=({"relation": "brand", "value": "Cove"},),
    )
    shown, missed = serve(model, shelf, own, policy, 10)
    lifted = [line for line in shown if line.rules]
    assert lifted
    assert all(line.product_id in {shelf.products[row] for row in shelf.with_trait(birk)} for line in lifted)
    assert any(move.step == "boost" and move.places > 0 for line in lifted for move in line.moves)
    plain, _none = serve(model, shelf, own, AS_RANKED, 10)
    lost = {line.product_id for line in plain} - {line.product_id for line in shown}
    assert {line.product_id for line in missed} == lost
    for line in missed:
        place = shelf.products.index(line.product_id)
        assert (line.cause == "unwanted") == (
            place in shelf.with_trait(Trait(relation="brand", value="Cove"))
        )
        assert (line.rank is None) == (line.cause == "unwanted")


def test_scores_that_never_show_leave_an_empty_list() -> None:
    shown, missed = explained(np.full(48, -np.inf), shop_shelf(), AS_RANKED, 10, np.empty(0, np.int64))
    assert (shown, missed) == ([], [])


def test_policies_are_versions_of_names_and_the_last_is_served(workspace: Workspace) -> None:
    assert book.current(workspace).policy == AS_RANKED
    varied = AS_RANKED.with_(diversity=0.2)
    assert book.keep(workspace, "Front", varied).label == "Front v1"
    assert book.keep(workspace, "Front", varied).label == "Front v1", "the same again is no version"
    book.keep(workspace, "Sale", AS_RANKED.with_(price_to=20.0))
    assert book.keep(workspace, "Front", varied.with_(discount=0.1)).label == "Front v2"
    assert book.current(workspace).label == "Front v2"
    assert book.find(workspace, "Front v1").policy == varied
    assert book.find(workspace, "Front").label == "Front v2"
    assert book.find(workspace, "as ranked").policy == AS_RANKED
    with pytest.raises(ConfigError, match="Sale"):
        book.find(workspace, "none")
    for name in ("", "as ranked", "x" * 61):
        with pytest.raises(ConfigError):
            book.keep(workspace, name, varied)
    with pytest.raises(ConfigError, match="above the highest"):
        varied.with_(price_from=30.0, price_to=20.0)


def test_the_figures_of_the_models_own_list_are_those_of_validation(trained: Workspace) -> None:
    run = finished_run(trained)
    shelf = shelf_of(trained, load(trained))
    artefact = read(trained.sub("runs") / run.id)
    cases = trial(trained, run, artefact, len(shelf))
    assert len(cases) == cases.of
    plain = effect(cases, shelf, AS_RANKED)
    from core.recommend.data import Cases
    from core.recommend.measure import evaluate

    whole = Cases(np.zeros(len(cases), np.int32), cases.histories, cases.targets)  # type: ignore[arg-type]
    measured = evaluate(lambda _histories: cases.scores, whole, artefact.features.counts)
    assert plain.figures["ndcg"] == pytest.approx(
        measured.mean("ndcg@10"), abs=0.02
    )  # ties share ranks there
    assert plain.figures["coverage"] == pytest.approx(measured.coverage)
    along = curve(cases, shelf, AS_RANKED, "long_tail")
    shares = [found.figures["long_tail"] for found in along]
    assert len(along) == len(GRID)
    assert shares == sorted(shares)
    assert along[0].figures == plain.figures
    assert cost(along[0], plain).mean == 0.0


def test_figures_are_refused_where_the_events_are_no_longer_the_runs(trained: Workspace) -> None:
    from core.catalogue.ingest import ingest

    run = finished_run(trained)
    rows = ("s00,p00,view,2024-06-01T00:00:00Z", "s91,p01,view,2024-06-02T00:00:00Z")
    later = "\n".join(("shopper_id,product_id,event,timestamp", *rows)).encode()
    ingest(trained, later, "more.csv", kind="events")
    with pytest.raises(RunError, match="events have changed"):
        trial(trained, run, read(trained.sub("runs") / run.id), 48)


def test_everybody_gets_the_served_list_and_a_stopped_job_goes_on(
    trained: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recommend_all, "PART", 40)
    made: list[Path] = []
    write = recommend_all.write_part
    monkeypatch.setattr(
        recommend_all, "write_part", lambda path, *rest: (made.append(path), write(path, *rest))[1]
    )
    entry = book.keep(trained, "Front", AS_RANKED.with_(long_tail=0.3))
    result = run_inline(trained, "recommend_all", REGISTRY, {"k": 5})
    people = read_histories(trained)
    assert len(made) == -(-len(people) // 40)
    (path,) = trained.sub("serving").glob("lists-*.parquet")
    table = pq.read_table(path)
    assert tuple(table.column_names) == COLUMNS
    assert (result["rows"], result["shoppers"], result["policy"]) == (table.num_rows, len(people), "Front v1")
    assert json.loads(table.schema.metadata[b"settings"])["long_tail"] == 0.3
    rows = table.to_pylist()
    model = load(trained)
    shelf = shelf_of(trained, model)
    for shopper in list(people)[:5]:
        own = [row for row in rows if row["shopper_id"] == shopper]
        expected, _missed = serve(model, shelf, people[shopper], entry.policy, 5)
        assert [row["product_id"] for row in own] == [line.product_id for line in expected]
        assert [row["rank"] for row in own] == [1, 2, 3, 4, 5]
        assert [row["reason"] == "model" for row in own] == [not line.moves for line in expected]
    out = tmp_path / "lists.parquet"
    command = ["recommend-all", "--workspace", str(trained.folder), "--out", str(out), "--k", "5", "--json"]
    assert main(command) == 0
    assert pq.read_table(out).to_pylist() == rows
    assert (
        main(
            [
                "policy",
                "--workspace",
                str(trained.folder),
                "--keep",
                "CLI",
                "--set",
                "diversity=0.5",
                "--json",
            ]
        )
        == 0
    )
    capsys.readouterr()
    assert book.current(trained).policy == entry.policy.with_(diversity=0.5)


def test_a_resumed_export_keeps_its_parts_and_the_policy_it_began_with(
    trained: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recommend_all, "PART", 40)
    book.keep(trained, "Front", AS_RANKED.with_(long_tail=0.3))
    checkpoint: dict[str, Any] = {"run": finished_run(trained).id, "policy": "Front v1"}
    monkeypatch.setattr(Context, "load_checkpoint", lambda self: checkpoint)
    book.keep(trained, "Other", AS_RANKED)
    result = run_inline(trained, "recommend_all", REGISTRY, {"k": 3})
    assert result["policy"] == "Front v1"
    assert Path(result["path"]) == list_file(trained, Path(result["path"]).stem.removeprefix("lists-"))


def test_what_a_person_withheld_is_served_to_nobody_until_it_is_taken_back(trained: Workspace) -> None:
    history = next(iter(read_histories(trained).values()))
    first = load(trained).recommend(history)[0].product_id

    def shown() -> set[str]:
        model = load(trained)
        lines, missed = serve(model, shelf_of(trained, model), history, AS_RANKED)
        own = {line.product_id for line in (*model.recommend(history), *model.baseline(history))}
        return own | {line.product_id for line in (*lines, *missed)}

    assert first in shown()
    decide(trained, [Decision(PRODUCT, first, Verdict.WITHHELD, "Ada")])
    assert first not in shown()
    assert np.isfinite(load(trained).score(history)).all(), "it can still be explained"
    decide(trained, [Decision(PRODUCT, first, Verdict.OPEN, "Ada")])
    assert first in shown()
