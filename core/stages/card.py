"""The model card and the data card of a workspace, gathered from what has been computed and kept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sqlalchemy import func, select

from core.audit import kept as audits
from core.audit.cards import Card, markdown, page
from core.audit.data_card import Holdings, data_card
from core.audit.model_card import Evidence, model_card
from core.audit.wording import Wording
from core.catalogue.store import Catalogue
from core.domain import content_hash
from core.drivers import kept as drivers
from core.drivers.importance import group_weights, importance
from core.errors import ConfigError
from core.graph.store import GraphStore
from core.recommend.dataset import dataset_of
from core.recommend.runs import finished_run, serving_run
from core.recommend.withheld import withheld
from core.robust import kept as examinations
from core.storage.decisions import left_out
from core.storage.tables import events
from core.storage.workspaces import Workspace

FORMS = (".md", ".html")


def cards(workspace: Workspace, run_id: str | None = None, language: str = "en") -> list[Card]:
    """The model card of a run (the one that serves unless ``run_id`` says otherwise; none where none is finished) and
    the data card. Raises RunError for a run that is not finished."""
    words = Wording(language)
    holdings = _holdings(workspace)
    made = [data_card(holdings, words)]
    if run_id is None and serving_run(workspace) is None:
        return made
    return [model_card(_evidence(workspace, run_id, holdings), words), *made]


def write(path: Path, made: list[Card]) -> None:
    """Write cards as Markdown (.md) or as one page (.html); raises ConfigError for any other ending."""
    if path.suffix.lower() not in FORMS:
        raise ConfigError(
            "A card is written as Markdown or as a page.",
            where=path.name,
            remedy="End the name with .md or .html.",
        )
    try:
        path.write_text(markdown(made) if path.suffix.lower() == ".md" else page(made), "utf-8")
    except OSError as error:
        raise ConfigError(
            f"The card cannot be written ({error.strerror}).",
            where=str(path),
            remedy="Choose another folder.",
        ) from error


def _evidence(workspace: Workspace, run_id: str | None, holdings: Holdings) -> Evidence:
    run = finished_run(workspace, run_id)
    measured = drivers.kept(workspace, run.id)
    data = dataset_of(run, workspace, [product.id for product in holdings.products])
    return Evidence(
        run,
        audits.kept(workspace, run.id),
        examinations.kept(workspace, run.id),
        importance(group_weights(measured.rows, measured.groups)) if measured else (),
        holdings.withheld,
        any(str(one.origin) == "sample" for one in holdings.sources),
        data.hash == run.data_hash and (holdings.graph_hash == run.graph_hash or not run.graph_hash),
    )


def _holdings(workspace: Workspace) -> Holdings:
    catalogue, graph = Catalogue(workspace), GraphStore(workspace).graph()
    looked = audits.kept_texts(workspace)
    with workspace.db.read() as connection:
        kinds = connection.execute(select(events.c.kind, func.count()).group_by(events.c.kind)).all()
        ends = connection.execute(select(func.min(events.c.time), func.max(events.c.time))).one()
        each = (
            connection.execute(select(func.count(events.c.id)).group_by(events.c.shopper_id)).scalars().all()
        )
    hits = (
        Counter(rule for one in looked.found for rule in {hit.rule for hit in one.hits}) if looked else None
    )
    return Holdings(
        workspace.info.name,
        catalogue.catalogue_hash() or content_hash(),
        graph.hash,
        list(catalogue.products()),
        catalogue.sources(),
        catalogue.counts(),
        {str(kind): int(count) for kind, count in kinds},
        (float(ends[0]), float(ends[1])) if ends[0] is not None else None,
        [int(count) for count in each],
        Counter(fact.relation for fact in graph.facts.values()),
        graph.ledger,
        hits,
        len(withheld(workspace)),
        len(left_out(workspace)),
    )
