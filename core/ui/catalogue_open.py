"""The view "Open data": public data sets on a click, from the publisher's address, or from files one has."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.catalogue.opendata.base import Dataset
from core.catalogue.opendata.registry import DATASETS
from core.catalogue.sample_data import load_sample
from core.catalogue.staging import stage
from core.jobs import Jobs
from core.storage.workspaces import Workspace
from core.ui.shell import set_params
from core.ui.text import t


def draw(workspace: Workspace) -> None:
    """Draw the view."""
    st.caption(t("catalogue.open_note"))
    with st.container(border=True):
        st.markdown(f"**{t('catalogue.sample_name')}**")
        st.caption(t("catalogue.sample_what"))
        sample_button(workspace, key="open-sample", primary=False)
    for dataset in DATASETS.values():
        with st.container(border=True):
            _card(workspace, dataset)


def sample_button(workspace: Workspace, *, key: str = "catalogue-sample", primary: bool = True) -> None:
    """The button that loads the sample shop."""
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    if st.button(t("catalogue.load_sample"), type=kind, icon=":material/storefront:", key=key):
        with st.spinner(t("catalogue.importing")):
            load_sample(workspace)
        set_params(view="products")
        st.rerun()


def _card(workspace: Workspace, dataset: Dataset) -> None:
    st.markdown(f"**{dataset.name}** · [{t('catalogue.publisher')}]({dataset.homepage})")
    st.caption(f"{t(f'catalogue.open_{dataset.key}')} {t('catalogue.licence')}: {dataset.licence}.")
    if dataset.fetch is not None:
        if st.button(
            t("catalogue.load_one", name=dataset.name), icon=":material/download:", key=f"load-{dataset.key}"
        ):
            _submit(workspace, dataset, {})
        return
    with st.expander(t("catalogue.open_how")):
        urls = {
            part.key: st.text_input(
                t("catalogue.address_of", file=part.file), part.url, key=f"url-{dataset.key}-{part.key}"
            ).strip()
            for part in dataset.parts
        }
        if st.button(t("catalogue.load_addresses"), icon=":material/download:", key=f"load-{dataset.key}"):
            _submit(workspace, dataset, {"urls": {part: url for part, url in urls.items() if url}})
        files = {
            part.key: st.file_uploader(
                t("catalogue.file_of", file=part.file), key=f"file-{dataset.key}-{part.key}"
            )
            for part in dataset.parts
        }
        given = {part: file for part, file in files.items() if file is not None}
        if given and st.button(
            t("catalogue.load_files"), icon=":material/input:", key=f"files-{dataset.key}"
        ):
            kept = {part: stage(workspace, file.getvalue(), file.name)[0] for part, file in given.items()}
            _submit(workspace, dataset, {"files": {part: staged.path.name for part, staged in kept.items()}})


def _submit(workspace: Workspace, dataset: Dataset, how: dict[str, dict[str, str]]) -> None:
    params = {"action": "open-data", "dataset": dataset.key, **how}
    set_params(job=Jobs(workspace).submit("import", params))
    st.rerun()
