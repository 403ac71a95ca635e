"""A product that is not in the catalogue yet: pasted, read at once, and placed among shoppers and products."""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.domain import Product
from core.extract.ground import Span as Grounded
from core.extract.teach import tagger_of
from core.ontology import family
from core.recommend.serve.lists import places_by
from core.recommend.serve.unseen import Read, for_whom, most_like, read, scores_for, vector
from core.storage.workspaces import Workspace
from core.ui.facts import Span, chip, highlight
from core.ui.recommend_list import Labels
from core.ui.recommend_who import Asked
from core.ui.serving import Serving, audience_of, sketch_of
from core.ui.session import cached_graph
from core.ui.shell import go
from core.ui.tables import table
from core.ui.text import number, percent, relation_label, t

if TYPE_CHECKING:
    from pandas import DataFrame

    from core.extract.tagger import Tagger
    from core.recommend.serve.unseen import Made

NEW = "new product"
FIRST = 10


def desk(workspace: Workspace, served: Serving, asked: Asked) -> None:
    """The form, what is read in it, for whom the product would be, and what it is like."""
    left, right = st.columns(2, gap="large")
    with left:
        product = _form(workspace, served)
        if not product.title.strip():
            return
        with st.spinner(t("recommend.new_loading")):  # what is loaded once is no part of an answer's time
            tagger, known = _tagger(workspace), audience_of(workspace, served)
            merged = cached_graph(workspace).merged
            served.recommender.encode("")
        began = time.perf_counter()
        found = read(product, tagger, merged)
        made = vector(served.recommender, found, served.shelf.vectors)
        places = for_whom(served.recommender, made, known)
        took = time.perf_counter() - began
        _facts(workspace, served, found)
    with right:
        inside = sum(place.rank <= FIRST for place in places)
        st.html(f'<h2 class="sg-h2">{escape(t("recommend.new_whom"))}</h2>')
        st.html(
            '<p class="sg-quiet">'
            + escape(
                t(
                    "recommend.new_whom_state",
                    n=number(inside),
                    of=number(len(places)),
                    share=percent(inside / max(len(places), 1)),
                    took=number(1000 * took, 0),
                )
            )
            + "</p>"
        )
        if asked.shopper:
            st.html(f'<p class="sg-quiet">{escape(_own_place(served, asked, made))}</p>')
        rows = places[:FIRST]
        chosen = table(
            _frame(
                {
                    t("recommend.new_shopper"): [place.shopper for place in rows],
                    t("recommend.new_place"): [_place(place.rank, known.best.shape[1]) for place in rows],
                    t("recommend.column_score"): [place.score for place in rows],
                    t("recommend.new_history"): [len(served.history(place.shopper)) for place in rows],
                }
            ),
            "recommend_new_whom",
            selection=True,
        )
        if chosen:
            go("recommend", user=rows[chosen[0]].shopper)
        st.html(f'<h2 class="sg-h2">{escape(t("recommend.new_like"))}</h2>')
        near = most_like(made)
        table(
            _frame(
                {
                    t("recommend.new_product"): [served.title(served.shelf.products[row]) for row, _ in near],
                    t("recommend.new_likeness"): [value for _, value in near],
                }
            ),
            "recommend_new_like",
            columns={
                t("recommend.new_likeness"): st.column_config.ProgressColumn(
                    format="%.2f", min_value=0.0, max_value=1.0, width="small"
                )
            },
        )


def _form(workspace: Workspace, served: Serving) -> Product:
    st.html(f'<h2 class="sg-h2">{escape(t("recommend.new_paste"))}</h2>')
    title = st.text_input(
        t("recommend.new_title"), sketch_of(workspace, served), max_chars=400, key="recommend_new_title"
    )
    description = st.text_area(
        t("recommend.new_description"),
        max_chars=8_000,
        height=110,
        placeholder=t("recommend.new_description_hint"),
        key="recommend_new_description",
    )
    first, second, third = st.columns(3)
    brand = first.text_input(t("recommend.filter_brand"), max_chars=120, key="recommend_new_brand")
    categories = sorted({p.category for p in served.products.values() if p.category})
    category = second.selectbox(
        t("recommend.filter_category"),
        categories,
        index=None,
        placeholder=t("recommend.filter_any"),
        key="recommend_new_category",
    )
    price = third.number_input(t("recommend.new_price"), 0.0, None, None, key="recommend_new_price")
    return Product(NEW, title, description, brand or None, category, price)


def _facts(workspace: Workspace, served: Serving, found: Read) -> None:
    used = served.recommender.artefact.vocabulary.table.column
    nodes = cached_graph(workspace).nodes
    labels: Labels = {fact.object: nodes[fact.object].label for fact in found.facts if fact.object in nodes}
    known = [fact for fact in found.facts if (fact.relation, fact.object) in used]
    st.html(f'<h2 class="sg-h2">{escape(t("recommend.new_read"))}</h2>')
    st.html(
        '<figure class="sg-evidence"><blockquote>'
        + _text(found.product.title, found.title_spans)
        + "<br>"
        + _text(found.product.description, found.description_spans)
        + "</blockquote></figure>"
    )
    chips = "".join(
        chip(fact.relation, labels.get(fact.object) or fact.object.partition(":")[2]) for fact in known
    )
    st.html(f'<div class="sg-chips">{chips}</div>')
    st.caption(t("recommend.new_facts", n=number(len(found.facts)), known=number(len(known))))


def _text(text: str, spans: tuple[Grounded, ...]) -> str:
    return highlight(
        text,
        [Span(span.start, span.end, family(span.relation), relation_label(span.relation)) for span in spans],
    )


def _place(rank: int, depth: int) -> str:
    return number(rank) if rank <= depth else t("recommend.new_below", place=number(depth))


def _own_place(served: Serving, asked: Asked, made: Made) -> str:
    import numpy as np

    model = served.recommender
    bought = model.rows(asked.history)
    score = scores_for(model, made, model.model.shoppers([bought]), [bought])
    scores = np.append(model.score(asked.history), score)
    (place,) = places_by(scores, bought, [len(scores) - 1])
    return t(
        "recommend.new_own",
        shopper=asked.shopper,
        place=number(place),
        of=number(len(scores) - len(bought)),
    )


def _frame(columns: dict[str, list[Any]]) -> DataFrame:
    import pandas as pd

    return pd.DataFrame(columns)


def _tagger(workspace: Workspace) -> Tagger:
    current = workspace.folder / "tagger" / "current"
    changed = current.stat().st_mtime_ns if current.is_file() else 0
    return _loaded(str(workspace.folder), changed, workspace)


@st.cache_resource(max_entries=4, show_spinner=False)
def _loaded(folder: str, changed: int, _workspace: Workspace) -> Tagger:
    return tagger_of(_workspace)
