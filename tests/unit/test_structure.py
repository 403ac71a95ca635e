"""Communities named by facts, centralities, patterns, and the survey that keeps them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.cli.main import main
from core.errors import ExtractionError
from core.graph.atlas import survey_file
from core.graph.atlas.drawing import drawing
from core.graph.atlas.survey import Survey, survey
from core.graph.atlas.surveyed import latest, made
from core.graph.model import Graph
from core.graph.store import GraphStore
from core.graph.structure.centrality import centrality
from core.graph.structure.communities import communities
from core.graph.structure.motifs import MotifKind, motifs
from core.graph.structure.naming import ask, keep, kept
from core.graph.structure.network import network
from core.graph.structure.traits import telling, traits
from core.graph.support import Arrival, arrivals, stops
from core.jobs.worker import run_inline
from core.llm.base import Completion
from core.stages import REGISTRY
from core.storage.workspaces import Workspace
from tests.graph_world import fill
from tests.property.test_atlas import graph_of

TWO = [(p, "material", p // 10) for p in range(20)] + [(p, "usedFor", p // 10) for p in range(20)]


@pytest.fixture
def two() -> Graph:
    """Two groups of ten products that share a material and a use, and one thing between them."""
    return graph_of([*TWO, (0, "brand", 1), (10, "brand", 1)])


def test_communities_are_named_by_what_their_products_alone_share(two: Graph) -> None:
    net = network(two)
    found = communities(net)
    named = [telling(told) for told in traits(net, found.of)]
    first = found.of[net.index["product:3"]]
    assert found.of[net.index["product:4"]] == first != found.of[net.index["product:14"]]
    assert {trait.node for trait in named[first]} == {"material:0", "usedFor:0"}
    trait = named[first][0]
    assert trait.count >= 9
    assert (trait.share, trait.lift) == (1.0, 2.0)
    assert all(two.facts[fact].object == trait.node for fact in trait.facts)


def test_centrality_finds_the_hub_and_the_bridge(two: Graph) -> None:
    net = network(two)
    found = centrality(net)
    assert found.pagerank.sum() == pytest.approx(1.0)
    assert net.ids[int(np.argmax(found.betweenness))] in {"brand:1", "product:0", "product:10"}
    assert found.degree[net.index["material:0"]] == 10


def test_patterns_are_counted() -> None:
    net = network(graph_of([*TWO, (0, "isSimilarTo", 5), (105, "material", 0)]))
    found = motifs(net)
    assert found.counts == {MotifKind.STAR: 4, MotifKind.TWINS: 90, MotifKind.TRIANGLE: 1}
    assert found.squares == 90
    largest = {kind: next(c for c in found.cases if c.kind is kind) for kind in MotifKind}
    assert (largest[MotifKind.STAR].nodes, largest[MotifKind.STAR].size) == (("material:0",), 11)
    assert largest[MotifKind.TRIANGLE].nodes == ("product:0", "product:105")


def test_a_survey_comes_back_from_its_file_as_it_was(two: Graph, tmp_path: Path) -> None:
    found = survey(two, {fact: Arrival(k, "s") for k, fact in enumerate(two.facts)})
    survey_file.save(tmp_path, found)
    back = survey_file.load(tmp_path, two.hash)
    assert back is not None
    assert drawing(back) == drawing(found)
    assert (back.traits, back.motifs, back.times) == (found.traits, found.motifs, found.times)
    assert back.marks.sources == ("s",)
    assert back.marks.facts[-1] == len(two.facts)
    assert survey_file.load(tmp_path, "another") is None
    (tmp_path / f"{two.hash}.npz").write_bytes(b"not a survey")
    assert survey_file.load(tmp_path, two.hash) is None


def test_old_surveys_go(tmp_path: Path) -> None:
    for k in range(survey_file.KEPT + 2):
        survey_file.save(tmp_path, survey(graph_of([(p, "brand", 0) for p in range(3 + k)]), {}))
    assert len(list(tmp_path.glob("*.npz"))) == survey_file.KEPT


def test_the_stage_surveys_the_graph_of_a_workspace(workspace: Workspace) -> None:
    fill(workspace)
    done = run_inline(workspace, "survey", REGISTRY, {})
    found = latest(workspace)
    assert found is not None
    assert found.hash == done["hash"] == GraphStore(workspace).graph().hash
    assert found.times[-1] > 0


def test_what_came_first_is_told_from_the_log(workspace: Workspace) -> None:
    first, *_ = fill(workspace)
    arrived = arrivals(workspace)
    assert arrived[first.id] == Arrival(1, "s")
    (stop,) = stops(workspace)
    assert (stop.seq, stop.entries, stop.actor) == (13, 13, "tagger")
    graph = GraphStore(workspace).graph()
    assert isinstance(made(workspace, graph), Survey)


class _Copying:
    """A model that writes what it is told to."""

    id = "copying"
    languages = ("*",)

    def __init__(self, text: str) -> None:
        self.text = text

    def complete(self, prompts: object, forms: object, **_options: object) -> list[Completion]:
        return [Completion(self.text, 1, 1, None, 0.0)]


def test_a_model_names_with_words_of_the_facts_alone(tmp_path: Path) -> None:
    told = [("used for", "pour over coffee"), ("made of", "cork"), ("brand", "Northbeam")]
    naming = ask(_Copying("name: pour over coffee\nbecause: Northbeam | gold\n"), told, "en")
    assert (naming.name, naming.because) == ("pour over coffee", (0, 2))
    with pytest.raises(ExtractionError):
        ask(_Copying("name: golden things\nbecause: gold\n"), told, "en")
    keep(tmp_path / "names.json", "key", naming)
    assert kept(tmp_path / "names.json") == {"key": naming}


def test_structure_and_difference_have_commands(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(workspace)
    assert main(["structure", "--workspace", str(workspace.folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sum(community["nodes"] for community in told["communities"]) == len(
        GraphStore(workspace).graph().nodes
    )
    assert main(["diff", "--workspace", str(workspace.folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sources"] == {"s": {"added": 13, "gone": 0, "changed": 0}}
