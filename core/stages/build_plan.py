"""What a build is asked to do, which products it reads, and what it would take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, func, select

from core.catalogue.store import Catalogue
from core.errors import ConfigError
from core.extract.budget import Limits
from core.extract.schema import DEFAULT_PATH, Schema, load
from core.stages.params import parsed
from core.storage import tables
from core.storage.workspaces import Workspace

Order = Literal["new", "popular", "longest", "given"]


class BuildParams(BaseModel):
    """The settings of a build; the form of the Build page and the command line are made from it."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(default="", description="Id of the language model; empty for none.")
    schema_name: str = Field(default="shop", pattern=r"^[\w-]+$", description="Name of the schema.")
    n_products: int | None = Field(
        default=None, ge=1, description="How many products to read; all if not given."
    )
    order: Order = Field(default="new", description="Which products come first.")
    product_ids: list[str] = Field(default_factory=list, description="The products, for the order “given”.")
    llm_products: int = Field(default=24, ge=0, description="Most products the language model may read.")
    llm_tokens: int = Field(
        default=0,
        ge=0,
        description="Tokens at which the model stops, in prompts and replies; 0 for no limit.",
    )
    llm_minutes: float = Field(
        default=0.0,
        ge=0.0,
        allow_inf_nan=False,
        description="Minutes at which the model stops; 0 for no limit.",
    )
    llm_money: float = Field(
        default=0.0,
        ge=0.0,
        allow_inf_nan=False,
        description="Money at which the model stops; 0 for no limit.",
    )
    reviews: bool = Field(default=True, description="Whether reviews are read too.")

    @property
    def limits(self) -> Limits:
        """Where the language model stops."""
        return Limits(self.llm_tokens, 60.0 * self.llm_minutes, self.llm_money)


def parse(params: Mapping[str, Any]) -> BuildParams:
    """The settings as they are meant; raises ConfigError that names the setting."""
    return parsed(BuildParams, params, "The build", "build")


def schemas(workspace: Workspace) -> dict[str, Path]:
    """Schemas by name: those that ship with ShelfGraph, and the workspace's own, which come before them."""
    shipped = {
        path.stem: path for path in sorted(DEFAULT_PATH.parent.glob("*.yaml")) if path.stem != "lexicon"
    }
    own = {path.stem: path for path in sorted((workspace.folder / "schemas").glob("*.yaml"))}
    return {**shipped, **own}


def schema_of(workspace: Workspace, name: str) -> Schema:
    """The schema of that name; raises ConfigError when there is none."""
    path = schemas(workspace).get(name)
    if path is None:
        raise ConfigError(
            "There is no such schema.", where=name, remedy=f"Choose one of: {', '.join(schemas(workspace))}."
        )
    return load(path)


def choose(workspace: Workspace, params: BuildParams) -> list[str]:
    """Ids of the products to read, in order; raises ConfigError for given ids that are not in the catalogue."""
    with workspace.db.read() as connection:
        ids = _ordered(connection, params)
    return ids[: params.n_products]


def unread(workspace: Workspace, mark: str, ids: Sequence[str], *, reviews: bool = True) -> list[str]:
    """Those of the products with a present text that the extractor of this mark has not read; reviews count where
    they are to be read."""
    marks = tables.read_marks
    with workspace.db.read() as connection:
        query = select(marks.c.document_id, marks.c.document_hash).where(marks.c.extractor == mark)
        read = {tuple(row) for row in connection.execute(query)}
    if not read:
        return list(ids)
    left = {
        document.product_id
        for document in Catalogue(workspace).documents(ids)
        if (document.id, document.hash) not in read and (reviews or document.kind != "review")
    }
    return [one for one in ids if one in left]


def _ordered(connection: Connection, params: BuildParams) -> list[str]:
    products = tables.products
    if params.order == "given":
        return _given(connection, params.product_ids)
    if params.order == "popular":
        bought = func.count(tables.events.c.id)
        joined = products.outerjoin(tables.events, tables.events.c.product_id == products.c.id)
        query = (
            select(products.c.id)
            .select_from(joined)
            .group_by(products.c.id)
            .order_by(bought.desc(), products.c.id)
        )
    elif params.order == "longest":
        length = func.length(products.c.title) + func.length(products.c.description)
        query = select(products.c.id).order_by(length.desc(), products.c.id)
    else:
        query = select(products.c.id).order_by(_is_read(), products.c.updated_at.desc(), products.c.id)
    return list(connection.scalars(query))


def _is_read() -> Any:
    """Whether any present text of a product has been read."""
    documents, marks = tables.documents, tables.read_marks
    return (
        select(documents.c.id)
        .join(marks, (marks.c.document_id == documents.c.id) & (marks.c.document_hash == documents.c.hash))
        .where(
            documents.c.product_id == tables.products.c.id, documents.c.current, documents.c.kind != "cell"
        )
        .exists()
    )


def _given(connection: Connection, ids: Sequence[str]) -> list[str]:
    known = set(connection.scalars(select(tables.products.c.id)))
    missing = [one for one in ids if one not in known]
    if missing:
        raise ConfigError(
            f"{len(missing)} of the products are not in the catalogue.",
            where=", ".join(missing[:5]),
            remedy="Take them out of the list, or import them first.",
        )
    return list(dict.fromkeys(ids))
