"""The labelled texts that an evaluation judges on: the sample's gold, what reviewers decided, or an uploaded file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.catalogue.store import Catalogue
from core.domain import DocumentKind, content_hash
from core.errors import DataError
from core.extract import shipped
from core.extract.labelled import Asked, Labelled, asked_of, read_asked, read_labelled
from core.extract.schema import Schema
from core.graph.labelled_export import labelled, reviewed_texts
from core.graph.reading import read_assertions
from core.graph.review_log import final_verdicts, read_decisions
from core.graph.store import GraphStore
from core.stages.schema_versions import in_force
from core.storage.workspaces import Workspace

FOLDER = "evaluations"
LEAST_REVIEWED = 20


@dataclass(frozen=True)
class Material:
    """Labelled texts and what is asked of them; ``kinds`` says of each whether it is a ``review`` or a ``text``."""

    items: tuple[Labelled, ...]
    asked: Asked
    kinds: tuple[str, ...]

    def part(self, places: Sequence[int]) -> Material:
        """The texts at these positions."""
        return Material(
            tuple(self.items[at] for at in places), self.asked, tuple(self.kinds[at] for at in places)
        )


def sample(workspace: Workspace) -> Material:
    """The sample's gold, with the descriptions of the schema in force."""
    examples = shipped.read_gold()
    items = []
    for number, example in enumerate(examples):
        values: dict[str, dict[str, None]] = {}
        for span in example.spans:
            values.setdefault(span.relation, {})[example.text[span.start : span.end]] = None
        found = {relation: tuple(surfaces) for relation, surfaces in values.items()}
        items.append(Labelled(f"sample/{number + 1}", example.category, example.text, found))
    return Material(tuple(items), _described(workspace, items), tuple(example.kind for example in examples))


def reviewed(workspace: Workspace) -> Material:
    """The texts in which reviewers accepted or corrected something, or said that there is nothing."""
    with workspace.db.read() as reader:
        verdicts = final_verdicts(read_decisions(reader))
        assertions = {a.id: a for a in read_assertions(reader)} if verdicts else {}
    if not verdicts:
        return Material((), {}, ())
    categories = {product.id: product.category or "" for product in Catalogue(workspace).products()}
    store = GraphStore(workspace)
    texts = reviewed_texts(store, store.graph(), assertions, verdicts, categories)
    kinds = {text.document.id: text.document.kind for text in texts}
    items = [
        Labelled(row["id"], row["category"], row["text"], {n: tuple(v) for n, v in row["values"].items()})
        for row in labelled(texts)
        if row["values"]
    ]
    return Material(
        tuple(items),
        _described(workspace, items),
        tuple("review" if kinds[item.id] is DocumentKind.REVIEW else "text" for item in items),
    )


def enough_reviewed(found: Material) -> Material:
    """The same; raises DataError where it is fewer than 20 texts."""
    if len(found.items) < LEAST_REVIEWED:
        raise DataError(
            f"Reviewers have decided in {len(found.items)} texts.",
            where="review",
            remedy=f"At least {LEAST_REVIEWED} texts with a decision are needed; review some more facts.",
        )
    return found


def of_file(workspace: Workspace, file: str, schema_file: str = "", name: str = "") -> Material:
    """The texts of a file kept under the hash ``file``, asked what the schema file says, else what was annotated.

    Raises DataError that names the line, and the file as ``name``.
    """
    with _called(name or file):
        items = read_labelled(_kept(workspace, file))
    with _called("schema"):
        asked = read_asked(_kept(workspace, schema_file)) if schema_file else asked_of(items)
    return Material(tuple(items), asked, ("text",) * len(items))


def keep_file(workspace: Workspace, data: bytes) -> str:
    """Keep an uploaded file, each content once; gives its hash."""
    name = content_hash(data.decode("latin-1"))
    path = _kept(workspace, name)
    if not path.is_file():
        path.write_bytes(data)
    return name


@contextmanager
def _called(name: str) -> Iterator[None]:
    """What is wrong with a kept file is told under the name that people know it by."""
    try:
        yield
    except DataError as error:
        raise DataError(error.what, where=name, remedy=error.remedy) from error


def _kept(workspace: Workspace, name: str) -> Path:
    folder = workspace.sub(FOLDER) / "files"
    folder.mkdir(exist_ok=True)
    return folder / name


def _described(workspace: Workspace, items: Sequence[Labelled]) -> Asked:
    """What was annotated, with what the schema in force says of it."""
    schema = in_force(workspace).schema
    return {
        category: {name: _description(schema, name, category) for name in names}
        for category, names in asked_of(items).items()
    }


def _description(schema: Schema | None, relation: str, category: str) -> str:
    found = schema.attribute(relation, category) if schema else None
    return found.described("en") if found else ""
