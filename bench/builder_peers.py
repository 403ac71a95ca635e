"""Other graph builders, read text by text. Runs in a Python of its own: it needs nothing of ShelfGraph.

Lines of JSON come in, ``{"id", "text", "relations"}``, and go out, ``{"id", "triples", "seconds", "tokens",
"error"}``; ``bench.builders`` starts it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

Triples = list[tuple[str, str, str]]
Reader = Callable[[str, list[str]], Triples]


def kg_gen(url: str, key: str, model: str, most: int) -> Reader:
    """kg-gen: entities first, then relations between them; it takes no schema."""
    from kg_gen import KGGen

    made = KGGen(model=f"openai/{model}", api_key=key, api_base=url, max_tokens=most, temperature=0.0)
    return lambda text, _: [(str(s), str(r), str(o)) for s, r, o in made.generate(input_data=text).relations]


def langchain(url: str, key: str, model: str, most: int, *, structured: bool) -> Reader:
    """LangChain's LLMGraphTransformer, with the attributes as the relations that are allowed: by structured output,
    or by its prompt with examples for models that have none."""
    from langchain_core.documents import Document
    from langchain_experimental.graph_transformers import LLMGraphTransformer
    from langchain_openai import ChatOpenAI

    chat = ChatOpenAI(
        base_url=url, api_key=key, model=model, max_tokens=most, temperature=0, timeout=600, max_retries=0
    )

    def read(text: str, relations: list[str]) -> Triples:
        named = {_name(relation): relation for relation in relations}
        maker = LLMGraphTransformer(
            llm=chat, allowed_relationships=list(named), ignore_tool_usage=not structured, strict_mode=False
        )
        found = maker.process_response(Document(page_content=text)).relationships
        return [(str(r.source.id), named.get(_name(r.type), str(r.type)), str(r.target.id)) for r in found]

    return read


def count_tokens() -> list[int]:
    """Follow what the server says of each reply: tokens of the prompt and of the reply together, one number a call.
    Both peers speak to it through httpx, or through httpx2 where their client has moved to it."""
    counted: list[int] = []
    for name in ("httpx", "httpx2"):
        if find_spec(name):
            _count(import_module(name).Client, counted)
    return counted


def _count(client: Any, counted: list[int]) -> None:
    send = client.send

    def counting(self: Any, *given: Any, **options: Any) -> Any:
        reply = send(self, *given, **options)
        if not options.get("stream") and reply.headers.get("content-type", "").startswith("application/json"):
            counted.append(int((reply.json().get("usage") or {}).get("total_tokens", 0)))
        return reply

    client.send = counting


def _name(relation: str) -> str:
    return relation.upper().replace(" ", "_")


PEERS: dict[str, Callable[..., Reader]] = {
    "kg-gen": kg_gen,
    "langchain": lambda *server: langchain(*server, structured=True),
    "langchain-prompt": lambda *server: langchain(*server, structured=False),
}


def main() -> None:
    """Read lines until there are none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    for name in ("url", "key", "model"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--most", type=int, required=True)
    arguments = parser.parse_args()
    read = PEERS[arguments.peer](arguments.url, arguments.key, arguments.model, arguments.most)
    counted = count_tokens()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        begun, triples, error = time.process_time(), [], ""
        counted.clear()
        try:
            triples = read(asked["text"], asked["relations"])
        # Whatever a peer fails with is a result of the comparison, and is counted.
        except Exception as failure:  # noqa: BLE001
            error = f"{type(failure).__name__}: {failure}"[:300]
        done = {"id": asked["id"], "triples": triples, "seconds": time.process_time() - begun}
        print(json.dumps({**done, "tokens": sum(counted), "error": error}), flush=True)


if __name__ == "__main__":
    main()
