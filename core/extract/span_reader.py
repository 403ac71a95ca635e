"""The span reader: the shipped sentence encoder, taught to find the values of attributes it is given by name.

Slower to teach than the CRF, but it knows what words mean: it reads values it has never seen, and attributes it was
never taught. What is kept is the difference to the encoder that every installation has.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.domain import canonical_json, content_hash
from core.errors import DataError, ExtractionError
from core.extract.batches import alike, padded, rows_of
from core.extract.ground import Span
from core.extract.query import Query
from core.extract.span_network import (
    Encoded,
    Encoding,
    SpanNetwork,
    load_encoder,
    loss,
    spans_of,
    stack,
)
from core.extract.tokens import fold
from core.llm.files import SENTENCES, folder_of

_FORMAT = 1
_LEAST_STEPS = 60
_MOST_EPOCHS = 40

OnEpoch = Callable[[int, int, float], None]


@dataclass(frozen=True, slots=True)
class SpanReaderConfig:
    """``epochs`` is how often each text is seen; 0 leaves it to ``epochs_for``. ``rate`` is the encoder's peak
    learning rate, ``head_rate`` that of the new layers; both rise over the first tenth of the steps and fall to zero.
    ``frozen`` is how many of the encoder's lowest layers stay as they are (its word vectors always do). ``members``
    networks are trained from seeds of their own, and their logits averaged."""

    epochs: int = 0
    members: int = 1
    batch: int = 16
    rate: float = 3e-4
    head_rate: float = 1e-3
    frozen: int = 0
    seed: int = 0


def epochs_for(texts: int, batch: int, *, anew: bool) -> int:
    """How often to see each of ``texts`` texts: oftener from an untaught encoder (``anew``), and often enough for
    ``_LEAST_STEPS`` steps, as a few texts would otherwise leave the reader as it was."""
    return max(9 if anew else 6, min(_MOST_EPOCHS, math.ceil(_LEAST_STEPS * batch / texts)))


class SpanReader:
    """A trained reader. ``about`` says what it was trained on; ``version`` is the hash of that."""

    def __init__(self, networks: Sequence[SpanNetwork], encoding: Encoding, about: dict[str, Any]) -> None:
        self.networks = [network.eval() for network in networks]
        self.about = about
        self._encoding = encoding
        self._seen = frozenset(about.get("seen", ()))

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits: the hash of training data and configuration."""
        return str(self.about["version"])

    def has_seen(self, text: str) -> bool:
        """Whether the reader, or one it was trained on from, was taught by this text: it cannot be judged on it."""
        return _digest(text) in self._seen

    def read(self, queries: Sequence[Query]) -> list[list[Span]]:
        """The likeliest spans of each query, at most three an attribute; ``confidence`` is their raw probability."""
        found: list[list[Span]] = [[] for _ in queries]
        windows = [(at, item) for at, query in enumerate(queries) for item in self._encoding.encode(query)]
        owners, items = [at for at, _ in windows], [item for _, item in windows]
        device = _device()
        rows = rows_of(device)
        # On a processor half precision rounds so coarsely that the number of rows does not show.
        least = 1 if device.type == "cpu" and _computes_half(device) else rows
        with torch.inference_mode():
            for places in alike([len(item.ids) for item in items], rows):
                chosen = [items[at] for at in places]
                batch = padded(stack(chosen, device), least)
                with _half(device):
                    made = torch.stack([network(batch).float() for network in self.networks])
                logits = made.mean(0).cpu().numpy()
                for place, item, values in zip(places, chosen, logits[: len(chosen)], strict=True):
                    found[owners[place]] += spans_of(item, values)
        return [_likeliest(spans) for spans in found]

    def save(self, folder: Path) -> None:
        """Write ``span_reader.json`` and ``member_N.safetensors`` (float16, only what was trained)."""
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        trained = set(self.about["trained"])
        for number, network in enumerate(self.networks):
            weights = {
                name: value.detach().to(torch.float16).contiguous().cpu()
                for name, value in network.state_dict().items()
                if name in trained
            }
            save_file(weights, str(folder / f"member_{number}.safetensors"))
        about = {"format": _FORMAT, "about": self.about}
        (folder / "span_reader.json").write_text(json.dumps(about, ensure_ascii=False, indent=1), "utf-8")

    @staticmethod
    def load(folder: Path) -> SpanReader:
        """Read what ``save`` wrote; raises ExtractionError where it is damaged, ModelUnavailable without encoder."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            about = json.loads((folder / "span_reader.json").read_text("utf-8"))["about"]
            files = sorted(folder.glob("member_*.safetensors"))
            members = [load_file(str(file)) for file in files]
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise ExtractionError(
                f"The span reader cannot be read ({error}).", where=str(folder), remedy="Train it again."
            ) from error
        networks = []
        for weights in members:
            network, encoding = _fresh()
            network.load_state_dict({name: value.float() for name, value in weights.items()}, strict=False)
            networks.append(network.to(_device()))
        if not networks:
            raise ExtractionError(
                "The span reader has no weights.", where=str(folder), remedy="Train it again."
            )
        return SpanReader(networks, encoding, about)


def train(
    queries: Sequence[Query],
    config: SpanReaderConfig | None = None,
    start: SpanReader | None = None,
    on_epoch: OnEpoch | None = None,
    *,
    remember: bool = True,
) -> SpanReader:
    """Train on labelled queries, from ``start`` where there is one. ``on_epoch(done, of, loss)`` after each epoch.
    What is learned is remembered for ``has_seen``; composed texts, on which nothing is judged, need not be.

    The order of attributes is drawn anew each time a text is seen, so that it says nothing. Raises DataError when
    no query has a span.
    """
    chosen = config or SpanReaderConfig()
    if not chosen.epochs and queries:
        chosen = replace(chosen, epochs=epochs_for(len(queries), chosen.batch, anew=start is None))
    if not any(query.spans for query in queries):
        raise DataError(
            "There is nothing labelled to learn from.", remedy="Label or accept a few facts first."
        )
    networks: list[SpanNetwork] = []
    for member in range(chosen.members):
        own = replace(chosen, seed=chosen.seed + member)
        torch.manual_seed(own.seed)
        network, encoding = _fresh()
        if start:
            network.load_state_dict(start.networks[member % len(start.networks)].state_dict())
        trained = _freeze(network, own.frozen)
        network.to(_device())
        before = member * own.epochs
        _fit(network, encoding, queries, own, _counted(on_epoch, before, chosen.members * own.epochs))
        networks.append(network)
    seen = [query.text for query in queries] if remember else []
    return SpanReader(networks, encoding, _about(queries, chosen, start, trained, seen))


def _counted(on_epoch: OnEpoch | None, before: int, of: int) -> OnEpoch | None:
    if on_epoch is None:
        return None
    return lambda done, _own, value: on_epoch(before + done, of, value)


def _likeliest(spans: Sequence[Span], keep: int = 3) -> list[Span]:
    """Of spans found in several windows each once, and at most ``keep`` an attribute."""
    ranked = sorted(spans, key=lambda s: (-s.confidence, s.start, s.end, s.relation))
    kept: dict[tuple[int, int, str], Span] = {}
    count: dict[str, int] = {}
    for span in ranked:
        place = (span.start, span.end, span.relation)
        if place not in kept and count.get(span.relation, 0) < keep:
            kept[place] = span
            count[span.relation] = count.get(span.relation, 0) + 1
    return list(kept.values())


def _fit(
    network: SpanNetwork,
    encoding: Encoding,
    queries: Sequence[Query],
    config: SpanReaderConfig,
    on_epoch: OnEpoch | None,
) -> None:
    drawn = random.Random(config.seed)
    length = sum(len(encoding.encode(query)) for query in queries)
    steps = config.epochs * math.ceil(length / config.batch)
    optimizer = _optimizer(network, config)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _warm_then_down(step, steps))
    device = next(network.parameters()).device
    network.train()
    for epoch in range(config.epochs):
        items = [item for query in queries for item in encoding.encode(_shuffled(query, drawn))]
        total = 0.0
        for places in _batches(items, config.batch, drawn):
            batch = stack([items[at] for at in places], device)
            with _half(device):
                logits = network(batch)
            value = loss(logits.float(), batch)
            optimizer.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(value.detach()) * len(places)
        if on_epoch:
            on_epoch(epoch + 1, config.epochs, total / len(items))


def _optimizer(network: SpanNetwork, config: SpanReaderConfig) -> torch.optim.Optimizer:
    encoder: list[Tensor] = []
    head: list[Tensor] = []
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            (encoder if name.startswith("encoder.") else head).append(parameter)
    groups = [{"params": head, "lr": config.head_rate}]
    if encoder:
        groups.append({"params": encoder, "lr": config.rate})
    return torch.optim.AdamW(groups, weight_decay=0.01)


def _freeze(network: SpanNetwork, layers: int) -> list[str]:
    """Fix the word vectors and the lowest layers; returns the names of what is still trained."""
    fixed = [network.encoder.embeddings, *network.encoder.encoder.layer[:layers]]
    if network.encoder.pooler is not None:
        fixed.append(network.encoder.pooler)
    for module in fixed:
        module.requires_grad_(False)
    return [name for name, parameter in network.named_parameters() if parameter.requires_grad]


def _warm_then_down(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / max(1.0, 0.1 * steps)) * max(0.0, 1.0 - step / steps)


def _shuffled(query: Query, drawn: random.Random) -> Query:
    asked = list(query.asked.items())
    drawn.shuffle(asked)
    return Query(query.text, query.category, dict(asked), query.spans)


def _batches(items: Sequence[Encoded], size: int, drawn: random.Random) -> list[list[int]]:
    """Texts of like length together, in a random order of batches: little padding, little order."""
    order = sorted(range(len(items)), key=lambda at: len(items[at].ids) + 10 * drawn.random())
    made = [order[at : at + size] for at in range(0, len(order), size)]
    drawn.shuffle(made)
    return made


def _about(
    queries: Sequence[Query],
    config: SpanReaderConfig,
    start: SpanReader | None,
    trained: list[str],
    seen: Sequence[str],
) -> dict[str, Any]:
    lessons = sorted(
        (q.category, q.text, *sorted((s.start, s.end, s.relation) for s in q.spans)) for q in queries
    )
    before = start.version if start else ""
    return {
        "version": content_hash(canonical_json([lessons, asdict(config), before, _FORMAT]))[:12],
        "texts": len(queries),
        "spans": sum(len(query.spans) for query in queries),
        "categories": sorted({query.category for query in queries if query.category}),
        "config": asdict(config),
        "start": before,
        "seen": sorted(
            {*map(_digest, (q.text for q in queries)), *(start.about.get("seen", ()) if start else ())}
        ),
        "trained": sorted({*trained, *(start.about["trained"] if start else ())}),
    }


def _digest(text: str) -> str:
    return content_hash(fold(text))[:8]


def _fresh() -> tuple[SpanNetwork, Encoding]:
    tokenizer, model = load_encoder(folder_of(SENTENCES))
    return SpanNetwork(model, int(model.config.hidden_size)), Encoding(tokenizer)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _half(device: torch.device) -> torch.autocast:
    """Half precision where the machine computes in it; elsewhere it would only be slower."""
    return torch.autocast(device.type, torch.bfloat16, enabled=_computes_half(device))


def _computes_half(device: torch.device) -> bool:
    return device.type == "cuda" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
