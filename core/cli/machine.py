"""Set-up and serving: ``models``, ``sample``, ``serve``, ``work``."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from typing import Any

from core.cli.common import Commands, add, add_workspace, open_workspace
from core.cli.main import Result
from core.errors import SettingsError
from core.settings import REPOSITORY, settings
from core.stages import REGISTRY
from core.storage.workspaces import Workspaces

SAMPLE_ID = "sample"


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    models = add(commands, "models", _models, "fetch the embedded models, or say which are there")
    models.add_argument("action", choices=("fetch", "status"))
    add(commands, "sample", _sample, "make the sample workspace where there is none")
    serve = add(commands, "serve", _serve, "open the studio in the browser")
    serve.add_argument("--port", type=int, default=8501)
    serve.add_argument("--no-browser", action="store_true", help="do not open a browser")
    work = add(commands, "work", _work, "work on one queued job (started by the studio)")
    add_workspace(work)
    work.add_argument("--job", required=True)


def _models(arguments: argparse.Namespace) -> Result:
    from core.llm import files

    if arguments.action == "fetch":
        files.fetch_all(_say)
    return {"models": [_plain(status) for status in files.status()]}


def _say(model: str, step: str) -> None:
    sys.stderr.write(f"  {model}: {step}\n")


def _plain(status: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {name: str(v) if hasattr(v, "parts") else v for name, v in asdict(status).items()}


def _sample(_arguments: argparse.Namespace) -> Result:
    from core.catalogue.sample_data import load_sample

    workspaces = Workspaces(settings().workspaces, settings().trash_days)
    known = {info.id for info in workspaces.list()} | {info.id for _id, info, _until in workspaces.trashed()}
    if SAMPLE_ID in known:
        return {"workspace": str(settings().workspaces / SAMPLE_ID), "made": False}
    workspace = workspaces.create("Sample shop", SAMPLE_ID)
    load_sample(workspace)
    return {"workspace": str(workspace.folder), "made": True}


def _serve(arguments: argparse.Namespace) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", arguments.port))
        except OSError as error:
            raise SettingsError(
                f"Port {arguments.port} is taken ({error.strerror}).",
                remedy="Close what uses it, or choose another: make run PORT=8502",
            ) from error
    url = f"http://localhost:{arguments.port}"
    sys.stderr.write(f"ShelfGraph is at {url}  (stop with Ctrl-C)\n")
    if not arguments.no_browser:
        threading.Thread(target=_open_when_up, args=(url, arguments.port), daemon=True).start()
    # Headless stops Streamlit from asking for an e-mail address on a first start; the browser is opened here.
    command = [sys.executable, "-m", "streamlit", "run", str(REPOSITORY / "app.py")]
    options = {"address": "127.0.0.1", "port": arguments.port, "headless": "true"}
    flags = [f"--server.{name}={value}" for name, value in options.items()]
    return subprocess.call([*command, *flags], cwd=REPOSITORY)


def _open_when_up(url: str, port: int) -> None:
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return
    for _attempt in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                webbrowser.open(url)
                return
        time.sleep(0.2)


def _work(arguments: argparse.Namespace) -> int:
    from core.jobs.worker import run

    return run(open_workspace(arguments.workspace), arguments.job, REGISTRY)
