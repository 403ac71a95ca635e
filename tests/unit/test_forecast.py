"""Looking ahead at a build: prompts are counted, nothing is said that was not measured, and more is never cheaper."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.extract.budget import Cost, Price
from core.extract.opinion import Trust
from core.graph.store import GraphStore
from core.jobs import Jobs
from core.llm import registry
from core.llm.cache import CachedModel
from core.llm.files import EMBEDDED, status
from core.stages.build_plan import BuildParams
from core.stages.forecast import Outlook, outlook
from core.storage.workspaces import Workspace
from tests.conftest import need
from tests.unit.test_build_stage import Copyist, build, fill


def ahead(sure: list[list[int]], trust: Trust, price: Price | None = None) -> Outlook:
    costs = tuple(Cost(700, 40) for _ in sure)
    return Outlook(
        len(sure) + 1, 0, 5.0, costs, 0.01, tuple(map(tuple, sure)), (80, 90), trust, 0.5, price or Price()
    )


percents = st.lists(st.lists(st.integers(1, 99), max_size=6), min_size=1, max_size=12)


@given(percents, st.integers(0, 30), st.integers(1, 30))
def test_the_curve_never_falls_and_costs_more_with_every_product(
    sure: list[list[int]], right: int, more: int
) -> None:
    seen = ahead(sure, Trust(right, right + more), Price(1.0, 2.0))
    points = [seen.at(n) for n in range(len(sure) + 1)]
    for before, after in pairwise(points):
        assert before.quality
        assert after.quality
        assert after.quality.share >= before.quality.share - 1e-9
        assert after.cost.tokens > before.cost.tokens
        assert (after.seconds or 0) > (before.seconds or 0)
        assert (after.money or 0) > (before.money or 0)
    for point in points:
        assert point.quality
        assert 0 <= point.quality.low <= point.quality.share <= point.quality.high <= 1


def test_what_was_not_measured_is_not_known() -> None:
    unknown = ahead([[50], [60]], Trust())
    assert unknown.at(0).quality is not None
    assert unknown.at(1).quality is None
    assert unknown.at(1).money is None
    assert Outlook(0, 0, None, (), None, (), (), Trust(), 0.5, Price()).at(0).quality is None


def test_a_forecast_is_of_what_is_left_to_read(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Copyist()
    monkeypatch.setattr(registry, "load", lambda _id: model)
    fill(workspace)
    params = BuildParams(model="copyist")
    first = outlook(workspace, params)
    assert (first.products, len(first.costs), first.at(4).seconds) == (4, 4, None)
    probed = outlook(workspace, params, probe=True)
    assert (probed.at(4).seconds or 0.0) > (probed.at(0).seconds or 0.0) > 0.0
    assert GraphStore(workspace).graph().facts == {}, "a look ahead leaves nothing but the pace"
    build(workspace, model="copyist", llm_products=3)
    jobs = Jobs(workspace)
    then = outlook(workspace, params, jobs.list("build"))
    assert len(then.costs) == 1
    assert (then.at(0).seconds, then.sure != ()) == (0.0, True), "the readers have nothing left to do"
    assert then.at(1).seconds


def test_tokens_are_forecast_within_15_percent(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real prompts, counted by the real tokenizer; a copyist replies in the model's place."""
    files = {state.name: state.present for state in status()}
    need(files[EMBEDDED], "The embedded model is not fetched.")
    from core.catalogue.sample_data import load_sample
    from core.llm.embedded import EmbeddedModel

    class Counting(Copyist):
        id = EMBEDDED
        languages = ("en",)
        tokenizer = EmbeddedModel()

        def count(self, prompt: str) -> int:
            return self.tokenizer.count(prompt)

        def complete(self, prompts, forms, **options):  # type: ignore[no-untyped-def]
            replies = super().complete(prompts, forms, **options)
            counts = [self.count(prompt) for prompt in prompts]
            return [
                type(reply)(reply.text, count, reply.new_tokens, None, 0.1)
                for reply, count in zip(replies, counts, strict=True)
            ]

    model = Counting()
    monkeypatch.setattr(registry, "load", lambda _id: model)
    load_sample(workspace)
    jobs = Jobs(workspace)
    for read in (5, 5):
        params = BuildParams(model=EMBEDDED, llm_products=read, n_products=14, order="longest", reviews=False)
        forecast = outlook(workspace, params, jobs.list("build")).at(read)
        result, _ = build(workspace, **params.model_dump(exclude_none=True))
        assert result["llm_products"] == read
        assert forecast.cost.tokens == pytest.approx(result["tokens"], rel=0.15)
    assert isinstance(CachedModel(model, workspace.db).count("a"), int)
