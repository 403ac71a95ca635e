"""Formats of several files, in one zip; what a zip says of its sizes is held against the limits before it is read."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from core.catalogue.limits import unpacked_bytes
from core.errors import UnreadableFile
from core.graph.exchange.model import Header
from core.graph.exchange.rows import broken, header_of, header_values

HEADER = "shelfgraph.json"
_MEMBERS = 64
_MADE = (1980, 1, 1, 0, 0, 0)


class ZipWriter:
    """Writes the files of a zip, one after the other; equal contents give equal bytes."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    @contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """A file of that name, to be written."""
        member = zipfile.ZipInfo(name, _MADE)
        member.compress_type = zipfile.ZIP_DEFLATED
        with self._archive.open(member, "w", force_zip64=True) as stream:
            yield stream  # type: ignore[misc]

    def header(self, header: Header) -> None:
        """The file that says what the zip is."""
        with self.file(HEADER) as out:
            out.write(json.dumps(header_values(header), ensure_ascii=False, indent=1).encode())


@contextmanager
def zip_writer(path: Path) -> Iterator[ZipWriter]:
    """A new zip at ``path``."""
    with zipfile.ZipFile(path, "w", compresslevel=5) as archive:
        yield ZipWriter(archive)


@contextmanager
def zip_reader(path: Path, where: str) -> Iterator[zipfile.ZipFile]:
    """A zip to read; raises UnreadableFile for one that is damaged or unpacks to more than is taken in."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > _MEMBERS or sum(m.file_size for m in members) > unpacked_bytes():
                raise UnreadableFile(
                    f"The zip unpacks to more than {unpacked_bytes() / 1e6:,.0f} MB.",
                    where=where,
                    remedy="Raise SHELFGRAPH_MAX_UPLOAD_MB if you trust it.",
                )
            yield archive
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise broken(f"it is no zip that can be opened ({error})", where) from error


def member(archive: zipfile.ZipFile, name: str, where: str) -> BinaryIO:
    """One file of the zip; raises UnreadableFile where it is missing."""
    try:
        return archive.open(name)  # type: ignore[return-value]
    except KeyError:
        raise broken(f"{name} is missing", where) from None


def read_header(archive: zipfile.ZipFile, where: str) -> Header:
    """The header of the zip."""
    with member(archive, HEADER, where) as stream:
        try:
            found: Any = json.loads(stream.read(1_000_000))
        except (ValueError, RecursionError) as error:
            raise broken(f"{HEADER} is not JSON ({error})", where) from error
    return header_of(found if isinstance(found, dict) else {}, where)
