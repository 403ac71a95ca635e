"""A real OpenAI-compatible server on loopback, llama.cpp's own with the embedded model; and a proxy that spoils it."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from core.llm.files import EMBEDDED, SOURCES, fetch

KEY = "sk-loopback"
MODEL = "smollm2"
SLOTS = 2


def serve(context: int = 1024, slots: int = SLOTS) -> tuple[Any, str]:
    """The running server, and its URL; raises ImportError without xllamacpp. It stops when it is let go of.

    ``context`` is in tokens a slot; as many requests as there are ``slots`` are answered at once.
    """
    import xllamacpp

    embedded = next(source for source in SOURCES if source.name == EMBEDDED)
    folder = fetch(replace(embedded, name=f"{EMBEDDED}-gguf", prepare=None))
    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(folder / "model.gguf")
    wanted.model_alias = {MODEL}
    wanted.api_keys = [KEY]
    wanted.hostnames, wanted.port = ["127.0.0.1"], 0
    wanted.n_parallel, wanted.n_ctx = slots, context * slots
    # Threads of llama.cpp wait for each other in a busy loop, which takes for ever on a machine with other work.
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
    wanted.warmup, wanted.verbosity = False, 0
    server = xllamacpp.Server(wanted)
    return server, f"{server.listening_address}/v1"


@dataclass
class Proxy:
    """What the proxy does to the next requests, one entry of ``faults`` each: a status instead of the reply, or
    seconds to wait before it. ``drop_schema`` takes the reply format away; ``refuse_bounds`` answers 400 where it has
    bounds."""

    url: str = ""
    faults: deque[int | float] = field(default_factory=deque)
    drop_schema: bool = False
    refuse_bounds: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    running: int = 0
    most_running: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def proxy(target: str) -> Iterator[Proxy]:
    """A proxy in front of ``target`` that passes everything on, until it is told otherwise."""
    plan = Proxy()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with plan.lock:
                plan.asked.append(body)
                plan.running += 1
                plan.most_running = max(plan.most_running, plan.running)
                fault = plan.faults.popleft() if plan.faults else None
            try:
                status, reply = self._answer(body, fault)
            finally:
                with plan.lock:
                    plan.running -= 1
            self._send(status, reply)

        def _answer(self, body: dict[str, Any], fault: int | float | None) -> tuple[int, bytes]:
            if isinstance(fault, int):
                return fault, json.dumps({"error": {"message": f"spoiled with {fault}"}}).encode()
            if fault:
                time.sleep(fault)
            if plan.refuse_bounds and "maxItems" in json.dumps(body):
                return 400, b'{"error": {"message": "maxItems is not permitted"}}'
            if plan.drop_schema:
                body.pop("response_format", None)
            return _passed_on(target + self.path.removeprefix("/v1"), body, self.headers["Authorization"])

        def _send(self, status: int, reply: bytes) -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(reply)))
                self.send_header("retry-after-ms", "1")
                self.end_headers()
                self.wfile.write(reply)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the client did not wait

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    plan.url = f"http://127.0.0.1:{running.server_port}/v1"
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield plan
    finally:
        running.shutdown()
        running.server_close()


def _passed_on(url: str, body: dict[str, Any], key: str | None) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json", "Authorization": key or ""}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
