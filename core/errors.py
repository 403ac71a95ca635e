"""Named errors. Each says what went wrong, where, and what to do about it.

Pages and the command line show these as they are; anything else that escapes is a defect.
"""

from __future__ import annotations


class ShelfGraphError(Exception):
    """Base of all errors a user can act on.

    ``what`` is the problem, ``where`` the place (file, line, column, job), ``remedy`` the next step.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(" ".join(part for part in (f"{where}:" if where else "", what, remedy) if part))


class SettingsError(ShelfGraphError):
    """A setting has a value that cannot be used."""


class WorkspaceError(ShelfGraphError):
    """A workspace is missing, damaged, or from a newer version of ShelfGraph."""


class UnreadableFile(ShelfGraphError):
    """A file as a whole cannot be read (not one of its rows: those go to the quarantine)."""


class MappingError(ShelfGraphError):
    """The columns of a file cannot be mapped to the fields that are needed."""


class ModelUnavailable(ShelfGraphError):
    """The files of a model are not on this machine, or a package it needs is missing."""


class SchemaError(ShelfGraphError):
    """An extraction schema is malformed."""


class ExtractionError(ShelfGraphError):
    """A model gave a reply that cannot be used."""


class GraphError(ShelfGraphError):
    """A node, fact or version that was asked for does not exist."""


class JobError(ShelfGraphError):
    """A job cannot be started, found or controlled."""


class Cancelled(ShelfGraphError):
    """The job was asked to stop; raised at the next safe point."""


class DataError(ShelfGraphError):
    """There is too little, or unfit, data for what was asked."""


class ConfigError(ShelfGraphError):
    """A training or extraction configuration has values that do not go together."""


class RunError(ShelfGraphError):
    """A training run is missing, unfinished or damaged."""


class RuleError(GraphError):
    """A rule cannot be understood."""
