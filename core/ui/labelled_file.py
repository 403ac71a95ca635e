"""A labelled file and its schema, kept in the workspace as soon as they come in."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.stages.evaluate_texts import keep_file
from core.storage.workspaces import Workspace
from core.ui.text import t

_EXAMPLE = '`{"category": "…", "text": "…", "values": {"…": ["…"], "…": []}}`'
_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """Where file and schema are kept, and what the file was called; "" for what was not given."""

    file: str
    schema_file: str
    name: str


def labelled_file(workspace: Workspace, page: str) -> LabelledFile:
    """Draw the two uploaders; ``page`` begins their keys."""
    one, two = st.columns(2)
    with one:
        file = st.file_uploader(
            t("evaluate.file"),
            type=["jsonl", "json", "txt"],
            key=f"{page}-file",
            help=t("evaluate.file_help", example=_EXAMPLE),
        )
    with two:
        schema = st.file_uploader(
            t("evaluate.schema_file"), type=["json"], key=f"{page}-schema", help=t("evaluate.schema_help")
        )
    return LabelledFile(
        keep_file(workspace, file.getvalue()) if file else "",
        keep_file(workspace, schema.getvalue()) if schema else "",
        file.name[:_NAME_LENGTH] if file else "",
    )
