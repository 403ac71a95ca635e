"""A live check of one language model: a tiny reply, with its speed and what it takes.

The check runs in a process of its own (``python -m core.llm.check ID``), so that its memory is measured by itself and
is free again afterwards, and a model that hangs can be ended. The last result of each model is kept in a file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from core.errors import ConfigError, ShelfGraphError
from core.llm.endpoint import EndpointModel
from core.settings import REPOSITORY, settings
from core.storage.whole import write_json

FILE = "model_checks.json"
SECONDS = 300.0
NEW_TOKENS = 32
_PROMPTS = (
    "Name the colour, the material and the size of this product: blue ceramic mug, 350 ml.",
    "Name the brand, the weight and the use of this product: Larkmoor tent peg, 90 g, for camping.",
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. ``first_seconds`` is until the first reply was complete, loading included; ``seconds``,
    ``tokens`` and ``tokens_per_second`` are of the second reply; ``memory`` is the peak of the process and
    ``gpu_memory`` that on the GPU, in bytes, 0 where the model is elsewhere. Without ``ok``, ``error`` says why."""

    ok: bool
    time: float
    first_seconds: float = 0.0
    seconds: float = 0.0
    tokens: int = 0
    tokens_per_second: float = 0.0
    memory: int = 0
    gpu_memory: int = 0
    device: str = ""
    reply: str = ""
    error: str = ""
    remedy: str = ""


def measure(model_id: str) -> Checked:
    """Load the model in this process and let it reply twice. Does not raise for a model that cannot be used."""
    from core.llm.registry import load

    begun = time.perf_counter()
    try:
        model = load(model_id)
        if isinstance(model, EndpointModel):
            model.check()
        model.complete(_PROMPTS[:1], [None], max_tokens=NEW_TOKENS)
        first = time.perf_counter() - begun
        (reply,) = model.complete(_PROMPTS[1:], [None], max_tokens=NEW_TOKENS)
    except ShelfGraphError as error:
        return Checked(False, time.time(), error=error.what, remedy=error.remedy)
    # A model that runs here has loaded torch; one behind a server takes no memory of this machine.
    here = "torch" in sys.modules
    return Checked(
        True,
        time.time(),
        first,
        reply.seconds,
        reply.new_tokens,
        reply.new_tokens / reply.seconds if reply.seconds else 0.0,
        _peak() if here else 0,
        _gpu_peak() if here else 0,
        _device() if here else "server",
        " ".join(reply.text.split())[:200],
    )


def check(model_id: str, timeout: float = SECONDS, command: Sequence[str] = ()) -> Checked:
    """Check a model in a process of its own and keep the result; ``command`` replaces the one that is run."""
    arguments = [*(command or (sys.executable, "-m", "core.llm.check")), model_id]
    try:
        done = subprocess.run(
            arguments,
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        found = Checked(**json.loads(done.stdout.strip().splitlines()[-1]))
    except subprocess.TimeoutExpired:
        found = Checked(
            False, time.time(), error=f"No reply within {timeout:.0f} seconds.", remedy="Try a smaller model."
        )
    except (IndexError, ValueError, TypeError):
        last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        found = Checked(False, time.time(), error=last[:300], remedy="Look whether memory suffices for it.")
    _keep(lambda kept: {**kept, model_id: asdict(found)})
    return found


def last_checks() -> dict[str, Checked]:
    """The last result of each model that was checked, by id."""
    try:
        raw = json.loads((settings().home / FILE).read_text("utf-8"))
        return {str(key): Checked(**value) for key, value in raw.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _keep(change: Callable[[dict[str, object]], dict[str, object]]) -> None:
    file = settings().home / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = {key: asdict(value) for key, value in last_checks().items()}
    write_json(file, change(dict(kept)), indent=1)


def _peak() -> int:
    """The most memory this process has held."""
    try:
        import resource
    except ImportError:  # not on Windows
        import psutil

        return int(psutil.Process().memory_info().rss)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def _gpu_peak() -> int:
    import torch

    return int(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else 0


def _device() -> str:
    from core.llm.transformers_model import best_device

    return best_device()


def main(arguments: Sequence[str]) -> int:
    """Measure the model of that id and write the result as the last line of standard output."""
    if len(arguments) != 1:
        raise ConfigError("One model is checked at a time.", remedy="Give its id.")
    sys.stdout.write("\n" + json.dumps(asdict(measure(arguments[0]))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
