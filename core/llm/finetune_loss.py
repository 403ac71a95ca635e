"""The loss of a batch of lessons: cross-entropy of the tokens that are learned, and of no others.

What all rows begin with is read once, as a row of its own whose keys and values every row then continues; logits are
computed only where a token is learned. Of the tokens of a lesson on a product title some 40% need not be computed so.
"""

from __future__ import annotations

from typing import Any

import torch

from core.llm.finetune_config import FinetuneConfig
from core.llm.finetune_kinds import prompt_cache
from core.llm.lessons import Batch

_SCALED_HEADS = ("final_logit_softcapping", "logits_scaling", "logit_scale")
"""Settings of models that do something to their logits after the last layer."""


def token_loss(model: Any, config: FinetuneConfig, batch: Batch) -> tuple[torch.Tensor, int]:
    """The summed cross-entropy, in nats, of the learned tokens of a batch, and how many of them come first.

    ``model`` is a PEFT model of a causal language model of transformers.
    """
    device = model.get_base_model().device
    rest = [item.ids[batch.shared :] for item in batch.items]
    ids = torch.zeros((len(rest), max(map(len, rest))), dtype=torch.long)
    for row, tokens in enumerate(rest):
        ids[row, : len(tokens)] = torch.tensor(tokens)  # what fills a row up follows it, so nothing sees it
    places = [(row, at) for row, item in enumerate(batch.items) for at in item.learned]
    rows = torch.tensor([row for row, _ in places], device=device)
    columns = torch.tensor([at - 1 - batch.shared for _, at in places], device=device)
    targets = torch.tensor([batch.items[row].ids[at] for row, at in places], device=device)
    logits = _logits(model, ids.to(device), _shared(model, config, batch), rows, columns)
    loss = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
    return loss, int((logits.detach().argmax(-1) == targets).sum())


def _shared(model: Any, config: FinetuneConfig, batch: Batch) -> Any:
    """Keys and values of what all rows begin with, a row each; None where that is nothing."""
    cache = prompt_cache(model, config)
    if batch.shared:
        start = torch.tensor([batch.items[0].ids[: batch.shared]], device=model.get_base_model().device)
        cache = _body(model)(start, past_key_values=cache, use_cache=True).past_key_values
    if cache is not None and len(batch.items) > 1:
        cache.batch_repeat_interleave(len(batch.items))
    return cache


def _logits(model: Any, ids: Any, cache: Any, rows: torch.Tensor, columns: torch.Tensor) -> Any:
    """Logits in float32 at the positions that are asked for; the head is the dearest layer of a small model."""
    causal = model.get_base_model()
    settings = causal.config.get_text_config()
    if any(getattr(settings, name, None) not in (None, 1.0) for name in _SCALED_HEADS):
        kept, place = torch.unique(columns, return_inverse=True)
        made = causal(ids, past_key_values=cache, use_cache=cache is not None, logits_to_keep=kept).logits
        return made[rows, place].float()
    hidden = _body(model)(ids, past_key_values=cache, use_cache=cache is not None).last_hidden_state
    return causal.get_output_embeddings()(hidden[rows, columns]).float()


def _body(model: Any) -> Any:
    causal = model.get_base_model()
    return getattr(causal, causal.base_model_prefix)
