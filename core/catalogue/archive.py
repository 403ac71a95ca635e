"""Zip and gzip, unpacked within limits: names, number, depth, ratio and total size are all checked before and while.

What an archive says of itself is not believed: sizes are counted as the bytes come out.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from core.catalogue.limits import (
    ARCHIVE_DEPTH,
    ARCHIVE_MEMBERS,
    ARCHIVE_RATIO,
    ARCHIVE_RATIO_FROM,
    unpacked_bytes,
)
from core.catalogue.rows import BLOCK, Content
from core.errors import UnreadableFile

ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
GZIP = b"\x1f\x8b"
_HIDDEN = ("__MACOSX", ".DS_Store", "Thumbs.db")


def is_workbook(content: Content) -> bool:
    """Whether a zip is an Excel workbook; checks its sizes too, since it will be unpacked."""
    try:
        with content.open() as stream, zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
            found = "xl/workbook.xml" in names
            if found:
                _weigh(archive, content.size, "workbook")
            return found
    except zipfile.BadZipFile:
        return False


def unpack(content: Content, name: str, folder: Path | None = None) -> list[tuple[str, Content]]:
    """(name, content) of every file in an archive, archives inside it unpacked too; others come back as they are.

    With ``folder`` the files are written there under numbers, never under the names the archive gives them.
    Raises UnreadableFile for an archive that is damaged, encrypted, or larger than is taken in.
    """
    return list(_Unpacker(folder).walk(content, name, 0))


class Reader(Protocol):
    """Something to read bytes from."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many bytes, b"" at the end."""


class _Unpacker:
    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._left = unpacked_bytes()
        self._members = 0

    def walk(self, content: Content, name: str, depth: int) -> Iterator[tuple[str, Content]]:
        """The files below this one."""
        magic = content.head(4)
        if magic[:2] == GZIP:
            inner = name.removesuffix(".gz") or "file"
            yield from self.walk(self._gunzip(content, name), inner, self._deeper(depth, name))
        elif magic in (ZIP, EMPTY_ZIP) and not is_workbook(content):
            yield from self._unzip(content, name, self._deeper(depth, name))
        else:
            yield name, content

    def _deeper(self, depth: int, name: str) -> int:
        if depth >= ARCHIVE_DEPTH:
            raise UnreadableFile(
                f"Archives are nested more than {ARCHIVE_DEPTH} deep.",
                where=name,
                remedy="Unpack it and upload the files themselves.",
            )
        return depth + 1

    def _unzip(self, content: Content, name: str, depth: int) -> Iterator[tuple[str, Content]]:
        try:
            with content.open() as stream, zipfile.ZipFile(stream) as archive:
                _weigh(archive, content.size, name)
                for member in archive.infolist():
                    shown = safe_name(member.filename)
                    if member.is_dir() or not shown or _is_hidden(member.filename):
                        continue
                    self._count(name)
                    where = f"{name} / {shown}"
                    if member.flag_bits & 1:
                        raise UnreadableFile(
                            "The archive is protected by a password.",
                            where=where,
                            remedy="Unpack it first, or pack it without a password.",
                        )
                    with archive.open(member) as reader:
                        unpacked = self._take(reader, where, member.compress_size)
                    yield from self.walk(unpacked, shown, depth)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise UnreadableFile(
                f"The archive is damaged ({error}).", where=name, remedy="Pack it again, or upload its files."
            ) from error

    def _gunzip(self, content: Content, name: str) -> Content:
        self._count(name)
        try:
            with content.open() as stream, gzip.open(stream) as reader:
                return self._take(reader, name, content.size)
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise UnreadableFile(
                f"The gzip file is damaged ({error}).", where=name, remedy="Fetch or pack it again."
            ) from error

    def _count(self, name: str) -> None:
        self._members += 1
        if self._members > ARCHIVE_MEMBERS:
            raise UnreadableFile(
                f"The archive holds more than {ARCHIVE_MEMBERS} files.",
                where=name,
                remedy="Upload only the tables that are needed.",
            )

    def _take(self, reader: Reader, where: str, packed: int) -> Content:
        if self._folder is None:
            buffer = io.BytesIO()
            self._copy(reader, buffer, where, packed)
            return Content(buffer.getvalue())
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self._folder / f"{self._members:04d}"
        with target.open("wb") as writer:
            self._copy(reader, writer, where, packed)
        return Content(target)

    def _copy(self, reader: Reader, writer: BinaryIO, where: str, packed: int) -> None:
        taken = 0
        while block := reader.read(BLOCK):
            taken += len(block)
            self._left -= len(block)
            if self._left < 0:
                raise _too_large(where)
            if taken > ARCHIVE_RATIO_FROM and taken > ARCHIVE_RATIO * max(packed, 1):
                raise _bomb(where)
            writer.write(block)


def safe_name(name: str) -> str:
    """The last part of a path inside an archive, without anything that could lead out of a folder."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(character for character in last if character.isprintable())[:200].strip(". ") or ""


def _is_hidden(name: str) -> bool:
    return any(part in name for part in _HIDDEN)


def _weigh(archive: zipfile.ZipFile, packed: int, name: str) -> None:
    total = sum(member.file_size for member in archive.infolist())
    if total > unpacked_bytes():
        raise _too_large(name)
    if total > ARCHIVE_RATIO_FROM and total > ARCHIVE_RATIO * max(packed, 1):
        raise _bomb(name)


def _too_large(where: str) -> UnreadableFile:
    return UnreadableFile(
        f"Unpacked, this is larger than the {unpacked_bytes() // 1_000_000:,} MB that are taken in.",
        where=where,
        remedy="Split it into smaller files, or raise SHELFGRAPH_MAX_UPLOAD_MB.",
    )


def _bomb(where: str) -> UnreadableFile:
    return UnreadableFile(
        f"This unpacks to more than {ARCHIVE_RATIO} times its size, as only a zip bomb does.",
        where=where,
        remedy="If it is genuine, unpack it and upload the files themselves.",
    )
