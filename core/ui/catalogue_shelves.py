"""The views "Products" and "Sources": what is in the catalogue, and where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.catalogue.clean import clean
from core.catalogue.preview import cells_of
from core.catalogue.report import ImportReport
from core.catalogue.sources import Source
from core.catalogue.store import Catalogue
from core.domain import DocumentKind, Product
from core.errors import DataError
from core.graph.departure import delete_source
from core.jobs import Jobs
from core.storage.workspaces import Workspace
from core.ui.catalogue_reports import draw_report
from core.ui.catalogue_state import Figures, field_name, kind_name, labelled
from core.ui.facts import field_label, product_card
from core.ui.labels import literal
from core.ui.shell import param, set_params
from core.ui.tables import export_button, table
from core.ui.text import ago, number, t

ROWS = 50
REVIEWS_SHOWN = 10
DELETED_AT_ONCE = 20_000


def products(workspace: Workspace, now: Figures) -> None:
    """Search, table, and the details of the product that is chosen."""
    import pandas as pd

    if not now.products:
        st.info(t("catalogue.products_none"), icon=":material/inventory_2:")
        return
    catalogue = Catalogue(workspace)
    words, category, page = _filters(catalogue, now)
    found = catalogue.search(words, category=category, offset=page * ROWS, limit=ROWS)
    st.caption(t("catalogue.found", n=number(found.total)))
    rows = [_row(product) for product in found.products]
    left, right = st.columns([3, 2], gap="large")
    with left:
        frame = pd.DataFrame(rows)
        chosen = table(frame, f"catalogue-products-{words}-{category}-{page}", selection=True)
        export_button(frame, "products")
    asked = found.products[chosen[0]].id if chosen else param("product", "") or ""
    set_params(product=asked or None)
    with right:
        if asked:
            _details(catalogue, asked)
        else:
            st.caption(t("catalogue.choose_product"))


def _filters(catalogue: Catalogue, now: Figures) -> tuple[str, str, int]:
    one, two, three = st.columns([4, 3, 1])
    words = one.text_input(
        t("common.search"),
        param("q", "") or "",
        placeholder=t("catalogue.search_hint"),
        key="catalogue-search",
        on_change=lambda: set_params(q=st.session_state["catalogue-search"], product=None),
    )
    counts = dict(catalogue.categories())
    category = two.selectbox(
        field_name("category"),
        ["", *counts],
        format_func=lambda name: f"{name} ({number(counts[name])})" if name else t("common.all"),
        key="catalogue-category",
    )
    last = max((now.products - 1) // ROWS + 1, 1)
    page = three.number_input(t("catalogue.page"), 1, last, 1, key=f"catalogue-page-{words}-{category}")
    return words or "", category or "", int(page) - 1


def _row(product: Product) -> dict[str, object]:
    shown = cells_of(product)
    return labelled({name: shown[name] for name in ("title", "brand", "category", "price", "id")})


def _details(catalogue: Catalogue, product_id: str) -> None:
    """A product with its documents: the texts and cells that facts are read from."""
    try:
        product = catalogue.product(product_id)
    except DataError:
        st.caption(t("catalogue.product_gone"))
        return
    product_card(product)
    raw = catalogue.raw_texts(product_id)
    documents = [
        entry for entry in catalogue.documents([product_id]) if entry.kind is not DocumentKind.REVIEW
    ]
    documents.sort(
        key=lambda entry: (entry.kind is DocumentKind.CELL, entry.field == "description", entry.field)
    )
    st.caption(t("catalogue.documents", n=number(len(documents))))
    for document in documents:
        is_text = document.kind is DocumentKind.TEXT
        language = f" · {document.language}" if document.language and is_text else ""
        st.html(
            f'<div class="sg-h">{escape(field_label(document.field))}'
            f'<span class="sg-quiet">{escape(language)}</span></div>'
            f'<div class="sg-text" style="white-space:pre-wrap">{escape(document.text)}</div>'
        )
        if document.field in raw:
            steps = ", ".join(t(f"catalogue.step_{step}") for step in clean(raw[document.field]).steps)
            with st.expander(t("catalogue.as_delivered", steps=steps)):
                st.code(raw[document.field], language=None, wrap_lines=True)
    reviews = list(catalogue.reviews(product_id))
    if reviews:
        with st.expander(t("catalogue.reviews_of", n=number(len(reviews)))):
            for review in reviews[:REVIEWS_SHOWN]:
                stars = f"{review.rating:g} / 5 · " if review.rating is not None else ""
                st.html(
                    f'<div class="sg-quiet">{stars}{escape(review.shopper_id or "–")}</div>{escape(review.text)}'
                )


def sources(workspace: Workspace) -> None:
    """The files that came in, and what can be done about each."""
    import pandas as pd

    catalogue = Catalogue(workspace)
    known = catalogue.sources()
    if not known:
        st.info(t("catalogue.sources_none"), icon=":material/folder_off:")
        return
    rows = [
        {
            t("catalogue.source"): source.name,
            t("catalogue.kind"): kind_name(source.kind),
            t("catalogue.origin"): t(f"catalogue.origin_{source.origin.replace('-', '_')}"),
            t("catalogue.rows"): number(source.rows_ok),
            t("catalogue.view_apart"): number(source.rows_quarantined),
            t("catalogue.imported"): ago(source.imported_at)
            if source.complete
            else t("catalogue.unfinished"),
        }
        for source in known
    ]
    chosen = table(pd.DataFrame(rows), "catalogue-sources", selection=True)
    asked = known[chosen[0]].id if chosen else param("source", "")
    set_params(source=asked)
    source = next((one for one in known if one.id == asked), None)
    if source is None:
        st.caption(t("catalogue.choose_source"))
        return
    _source(workspace, source, known)


def _source(workspace: Workspace, source: Source, known: Sequence[Source]) -> None:
    import pandas as pd

    if not source.complete:
        st.warning(t("catalogue.unfinished_note"), icon=":material/warning:")
    if source.report:
        draw_report(ImportReport.of(source.report))
    mapping = source.mapping
    st.caption(t("catalogue.read_as"))
    rows = [(field_name(field), column) for field, column in mapping.fields.items()]
    rows += [(t("catalogue.attribute"), column) for column in mapping.attributes]
    frame = pd.DataFrame(rows, columns=[t("catalogue.field"), t("catalogue.column")])
    st.dataframe(frame, hide_index=True, width="content")
    with st.popover(t("catalogue.delete_source"), icon=":material/delete:"):
        st.markdown(t("catalogue.delete_note", name=literal(source.name), n=number(source.rows_ok)))
        if st.button(t("catalogue.delete_sure"), type="primary", key=f"delete-{source.id}"):
            _delete(workspace, source)


def _delete(workspace: Workspace, source: Source) -> None:
    if source.rows_ok > DELETED_AT_ONCE:
        set_params(
            job=Jobs(workspace).submit("import", {"action": "delete", "source_id": source.id}), source=None
        )
    else:
        count = delete_source(workspace, source.id)
        set_params(source=None)
        st.toast(t("catalogue.deleted", name=literal(source.name), n=number(count)), icon=":material/delete:")
    st.rerun()
