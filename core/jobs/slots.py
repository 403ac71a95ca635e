"""One job at a time on a device: a file lock that the system releases when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.jobs.context import Context
from core.settings import settings

WAIT_SECONDS = 0.5


@contextmanager
def held(context: Context, slot: str) -> Iterator[None]:
    """Hold ``slot`` (for instance ``cuda:0``) of this machine against jobs of every workspace; "" needs none.

    Waits while another job holds it, heeding pause and cancel.
    """
    if not slot:
        yield
        return
    folder = settings().home / "slots"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / (re.sub(r"[^\w.-]+", "_", slot) + ".lock")).open("w") as file:
        waiting = False
        while not _try(file.fileno()):
            if not waiting:
                context.emit("waiting", slot=slot)
                waiting = True
            context.check()
            time.sleep(WAIT_SECONDS)
        yield


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
