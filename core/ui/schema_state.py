"""The schema being edited in this visit, and what the page needs to know about the catalogue beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.extract.schema_edit import ALL, Raw, category_names, number_of, rows
from core.extract.schema_text import Checked, check, head_of, write
from core.stages.schema_versions import InForce
from core.storage.workspaces import Workspace
from core.ui.session import cached_catalogue, cached_graph
from core.ui.shell import param, set_params
from core.ui.text import distinct, number, t

VIEWS = ("table", "yaml", "propose", "versions")


@dataclass
class Draft:
    """An edited schema. ``base`` is the text that the widgets on screen started from, ``text`` the same with their
    edits; ``based_on`` was in force when the editing began. ``nonce`` changes when the widgets must start anew."""

    base: str
    text: str
    based_on: str
    nonce: int = 0
    place: tuple[str, str] = ("", "")

    @property
    def changed(self) -> bool:
        """Whether there is anything to save."""
        return self.text != self.based_on

    def checked(self) -> Checked:
        """The draft, read."""
        return check(self.text)

    def put(self, raw: Raw) -> None:
        """Make this the draft; an equal one stays as it was written."""
        if raw != check(self.text).raw:
            self.text = write(raw, head_of(self.text))
        self.settle()

    def settle(self) -> None:
        """Start the widgets anew from what has been edited."""
        self.base = self.text
        self.nonce += 1

    def at(self, view: str, category: str) -> None:
        """Say what is on screen now: widgets that were left and come back start from the draft as it is."""
        if self.place != (view, category):
            self.place = (view, category)
            self.settle()


def draft_of(workspace: Workspace, force: InForce) -> Draft:
    """The draft of this visit; without unsaved edits it follows what is in force."""
    key = f"schema_draft_{workspace.info.id}"
    kept: Draft | None = st.session_state.get(key)
    if kept is None or (not kept.changed and kept.based_on != force.text):
        kept = Draft(force.text, force.text, force.text, kept.nonce + 1 if kept else 0)
        st.session_state[key] = kept
    return kept


def discard(workspace: Workspace) -> None:
    """Go back to what is in force."""
    kept: Draft | None = st.session_state.get(f"schema_draft_{workspace.info.id}")
    if kept is not None:
        kept.text = kept.based_on
        kept.settle()


def view() -> str:
    """What is shown, by the link."""
    asked = param("view", VIEWS[0])
    return asked if asked in VIEWS else VIEWS[0]


def show(name: str, **params: object) -> None:
    """Go to another view."""
    set_params(view=None if name == VIEWS[0] else name, **params)


@dataclass(frozen=True, slots=True)
class Choice:
    """A category that can be chosen. ``name`` is "" for all attributes; ``number`` is its place in the schema, ``ALL``
    for all attributes and for a category of the catalogue that has no list (``listed`` tells them apart); ``names``
    are all it goes by; ``products`` is how many it has."""

    name: str
    label: str
    number: int
    names: tuple[str, ...]
    products: int

    @property
    def listed(self) -> bool:
        """Whether it has a list of its own in the schema."""
        return self.number != ALL

    @property
    def all(self) -> bool:
        """Whether it stands for all attributes."""
        return not self.name


def choices(workspace: Workspace, raw: Raw) -> dict[str, Choice]:
    """All attributes, the categories of the schema, then those of the catalogue without a list; by name."""
    catalogue = cached_catalogue(workspace)
    counts: dict[str, int] = {}
    spelt: dict[str, str] = {}
    for product in catalogue.products.values():
        if product.category:
            folded = product.category.strip().casefold()
            counts[folded] = counts.get(folded, 0) + 1
            spelt.setdefault(folded, product.category.strip())
    made = {"": Choice("", t("schema.all_attributes"), ALL, (), len(catalogue.products))}
    taken: set[str] = set()
    for at, names in enumerate(category_names(raw)):
        folded_names = {name.strip().casefold() for name in names}
        taken |= folded_names
        total = sum(counts.get(name, 0) for name in folded_names)
        label = t("schema.category_label", names=" · ".join(names), n=number(total))
        made[names[0]] = Choice(names[0], label, at, names, total)
    for folded, total in sorted(counts.items(), key=lambda entry: -entry[1]):
        if folded not in taken:
            label = t("schema.category_unlisted", name=spelt[folded], n=number(total))
            made[spelt[folded]] = Choice(spelt[folded], label, ALL, (spelt[folded],), total)
    return made


def chosen(options: Mapping[str, Choice], raw: Raw) -> Choice:
    """The category of the link, whatever of its names stands there; all attributes where there is none."""
    asked = param("c", "") or ""
    if asked in options:
        return options[asked]
    found = number_of(raw, asked) if asked else ALL
    return next((c for c in options.values() if c.listed and c.number == found), options[""])


def labels(options: Mapping[str, Choice]) -> dict[str, str]:
    """A label for each choice that no other has."""
    return distinct({name: choice.label for name, choice in options.items()})


def products_of(workspace: Workspace, choice: Choice) -> list[str]:
    """Ids of the products of a category; all for all attributes."""
    wanted = {name.strip().casefold() for name in choice.names}
    products = cached_catalogue(workspace).products.values()
    return [p.id for p in products if choice.all or (p.category or "").strip().casefold() in wanted]


def shares(workspace: Workspace, choice: Choice, raw: Raw) -> dict[str, float]:
    """Of the category's products that have facts, the share that has one of each relation; {} where none has any."""
    wanted = {f"product:{product}" for product in products_of(workspace, choice)}
    having: dict[str, set[str]] = {}
    for fact in cached_graph(workspace).facts.values():
        if fact.subject in wanted:
            having.setdefault(fact.relation, set()).add(fact.subject)
    read = set().union(*having.values())
    names = [row.relation for row in rows(raw, choice.number)]
    return {name: len(having.get(name, ())) / len(read) for name in names} if read else {}
