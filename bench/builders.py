"""Graph builders side by side, driven by the same local model on the same products.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install kg-gen langchain-experimental langchain-openai
    python -m bench.builders --python /tmp/peers/bin/python
    python -m bench.builders --python /tmp/peers/bin/python --minutes 10 --keep /tmp/builders.json

The embedded model (SmolLM2-135M-Instruct, 4 bits) is served by llama.cpp on loopback; ShelfGraph asks it as it asks
any OpenAI-compatible server, kg-gen through DSPy, LangChain's LLMGraphTransformer through langchain-openai. Beside that
ShelfGraph reads with the same model inside it, where its form binds every token: without the shipped adapter, and with
it. Nobody's reply is longer than ``MOST`` tokens, as a small model may not find an end. The texts are titles of
AE-110k, which the shipped adapter has not seen. All builders read a product before any reads the next, so that they can
be compared at any time; what is kept in a file is not read again.

A fact is grounded where its object stands in the text, whatever the case, and right where either end of it is a gold
value, whatever the relation says: kg-gen takes no schema, and a triple may be put the other way round. The stricter
column asks that the relation be the value's attribute too. ShelfGraph is given the attributes of the product's
category, and LangChain the same as the relations that are allowed. Seconds are the processor's, the server's included;
tokens those of prompts and replies as the server counts them, what it had kept of a prompt included.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.builder_peers import PEERS
from bench.common import machine, table
from bench.datasets import SETS, load
from core.extract.labelled import Asked, Labelled
from core.extract.methods import MethodConfig, read
from core.extract.tokens import fold
from core.llm.base import LanguageModel
from core.llm.embedded import PLAIN
from core.llm.endpoint import EndpointConfig, EndpointModel
from core.llm.files import EMBEDDED
from core.llm.registry import load as load_model
from tests.contract.llama_server import KEY, MODEL, serve

SEED = 0
MOST = 440
"""Tokens of a reply: what ShelfGraph allows an endpoint."""
CONTEXT, SLOTS = 4_096, 5
"""Each builder has a slot of the server, so that the start of its prompts stays there."""
OWN = {
    "shelfgraph": "",
    "shelfgraph-examples": "",
    "shelfgraph-form": PLAIN,
    "shelfgraph-shipped": EMBEDDED,
}
"""Ways in which ShelfGraph reads → the model inside it, "" for the one that is served."""


@dataclass(frozen=True)
class Outcome:
    """What a builder made of one product: (subject, relation, object) of each fact, seconds of the processor, tokens
    of prompts and replies, and what it failed with."""

    triples: list[tuple[str, str, str]]
    seconds: float
    tokens: int
    error: str = ""


Builder = Callable[[Labelled], Outcome]


def own(model: LanguageModel, asked: Asked, shown: Sequence[Labelled], item: Labelled) -> Outcome:
    """ShelfGraph's reader: a form to fill in, of which only what stands in the text is taken."""
    begun = time.process_time()
    found = read([item], asked, shown, model, MethodConfig("llm"))
    triples = [(item.text, name, item.text[s.start : s.end]) for name, s in found.values[0].items()]
    return Outcome(triples, time.process_time() - begun, found.tokens)


def served(url: str) -> EndpointModel:
    """The model on loopback, asked as any server is."""
    os.environ["BENCH_KEY"] = KEY
    options = EndpointConfig(
        "loopback", url, MODEL, key_env="BENCH_KEY", concurrency=1, timeout=600, retries=0
    )
    return EndpointModel(options)


def started(name: str, url: str, python: Path, stack: ExitStack) -> subprocess.Popen[str]:
    """A peer in its own Python, ready to read."""
    # -P keeps the folder of the script from its path, where names are that its libraries import.
    command = [str(python), "-P", str(Path(__file__).with_name("builder_peers.py")), name]
    command += ["--url", url, "--key", KEY, "--model", MODEL, "--most", str(MOST)]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stack.callback(running.terminate)
    _reply(running)
    return running


def peer(running: subprocess.Popen[str], asked: Asked, item: Labelled) -> Outcome:
    """What a peer makes of a product."""
    assert running.stdin
    begun = time.process_time()
    question = {"id": item.id, "text": item.text, "relations": list(asked[item.category])}
    running.stdin.write(json.dumps(question) + "\n")
    running.stdin.flush()
    reply = _reply(running)
    spent = time.process_time() - begun + reply["seconds"]
    return Outcome([(s, r, o) for s, r, o in reply["triples"]], spent, reply["tokens"], reply["error"])


def _reply(running: subprocess.Popen[str]) -> dict[str, Any]:
    """Its next reply; other words that its libraries print are passed over."""
    assert running.stdout
    return next(dict(json.loads(line)) for line in running.stdout if line.startswith("{"))


def builders(
    names: Sequence[str], asked: Asked, others: Sequence[Labelled], python: Path | None, stack: ExitStack
) -> dict[str, Builder]:
    """The builders of these names, each ready; the server and the peers run until the stack is left."""
    server, url = serve(context=CONTEXT, slots=SLOTS)
    stack.callback(lambda kept: None, server)
    made: dict[str, Builder] = {}
    for name in names:
        if name in OWN:
            model = load_model(OWN[name]) if OWN[name] else served(url)
            made[name] = partial(own, model, asked, others if name.endswith("examples") else ())
        elif python:
            made[name] = partial(peer, started(name, url, python, stack), asked)
    return made


def row(name: str, done: Mapping[str, Outcome], items: Sequence[Labelled]) -> list[object]:
    """What was found, measured against gold."""
    facts = grounded = right = named = gold = hit = 0
    for item in (item for item in items if item.id in done):
        text = fold(item.text)
        values = {fold(v): fold(attribute) for attribute, found in item.values.items() for v in found}
        triples = {(fold(s), fold(r), fold(o)) for s, r, o in done[item.id].triples}
        facts += len(triples)
        grounded += sum(bool(o) and o in text for _, _, o in triples)
        right += sum(s in values or o in values for s, _, o in triples)
        named += sum(r in (values.get(s), values.get(o)) for s, r, o in triples)
        gold += len(values)
        hit += len({end for s, _, o in triples for end in (s, o) if end in values})
    count = max(1, len(done))
    return [
        name,
        len(done),
        sum(bool(outcome.error) for outcome in done.values()),
        facts,
        _share(grounded, facts),
        _share(right, facts),
        _share(named, facts),
        _share(hit, gold),
        f"{sum(outcome.seconds for outcome in done.values()) / count:.1f}",
        f"{sum(outcome.tokens for outcome in done.values()) / count:,.0f}",
    ]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "–"


_HEAD = [
    "builder",
    "products",
    "failed",
    "facts",
    "grounded",
    "right",
    "right, relation too",
    "gold found",
    "s a product",
    "tokens a product",
]


def kept(file: Path | None) -> dict[str, dict[str, Outcome]]:
    """Outcomes by builder and product from an earlier run."""
    if file is None or not file.is_file():
        return {}
    read_ones = json.loads(file.read_text("utf-8"))
    return {name: {i: Outcome(**o) for i, o in done.items()} for name, done in read_ones.items()}


def keep(file: Path | None, done: Mapping[str, Mapping[str, Outcome]]) -> None:
    """Write them, so that a later run goes on from here."""
    if file is not None:
        plain = {name: {i: asdict(o) for i, o in found.items()} for name, found in done.items()}
        file.write_text(json.dumps(plain, ensure_ascii=False), "utf-8")


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", type=Path, help="of the environment with the peers; without it no peer")
    parser.add_argument("--set", choices=SETS, default="ae_110k")
    parser.add_argument("--products", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no product after that time")
    parser.add_argument("--only", nargs="*", choices=(*OWN, *PEERS), default=[*OWN, *PEERS])
    parser.add_argument("--keep", type=Path, help="the file with what was read so far")
    arguments = parser.parse_args()
    every, asked = load(arguments.set)
    random.Random(SEED).shuffle(every)
    items, others = every[: arguments.products], every[arguments.products :]
    done = kept(arguments.keep)
    begun = time.monotonic()
    with ExitStack() as stack:
        made = builders(arguments.only, asked, others, arguments.python, stack)
        for item in items:
            if time.monotonic() - begun > 60 * arguments.minutes:
                break
            for name, builder in made.items():
                if item.id not in done.setdefault(name, {}):
                    done[name][item.id] = builder(item)
                    keep(arguments.keep, done)
    print(table(_HEAD, [row(name, found, items) for name, found in done.items()]))
    print(f"\n{machine()}; one thread for the model; at most {MOST} tokens a reply")


if __name__ == "__main__":
    main()
