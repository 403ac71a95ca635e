"""What a tuning minimises: the cross-entropy of hidden or next tokens, and the contrast of pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from core.llm.backbone import Backbone

_REPLACED, _RANDOM = 0.8, 0.9
_UNSEEN = 0.1
"""Times that a token which is nowhere in the texts is taken to be there."""
_QUIET = 0.05
"""How loud a head without weights is at first: what it makes of its random layers must not drown the frequencies."""


def token_loss(
    backbone: Backbone, texts: Sequence[str], most: int, share: float, random: np.random.Generator
) -> tuple[Tensor, int]:
    """The summed cross-entropy in nats of the tokens that are to be told, and how many they are.

    A decoder tells each token from those before it. An encoder tells a ``share`` of the tokens, of which 80% are
    masked, 10% are another token and 10% stay (Devlin et al. 2019).
    """
    tokens = dict(backbone.tokens(texts, most))
    ids, mask = tokens["input_ids"], tokens["attention_mask"]
    if backbone.style == "causal":
        rows, columns = torch.nonzero(mask[:, 1:], as_tuple=True)
        targets = ids[rows, columns + 1]
    else:
        plain = torch.as_tensor(_plain(backbone, ids.cpu().numpy()), device=ids.device) & mask.bool()
        rows, columns = _chosen(plain, share, random)
        targets = ids[rows, columns]
        tokens["input_ids"] = _hidden(backbone, ids, rows, columns, random)
    if not len(targets):
        return torch.zeros((), device=ids.device), 0
    logits = backbone.logits(tokens, rows, columns)
    return functional.cross_entropy(logits, targets, reduction="sum"), len(targets)


def contrast(left: Tensor, right: Tensor, alike: Tensor, temperature: float) -> Tensor:
    """InfoNCE both ways, in nats: row k of ``left`` [n, width] belongs to row k of ``right``; the others of the batch
    are its counterexamples, but for those that ``alike``, bool[n, n], says go together (van den Oord et al. 2018)."""
    scores = left @ right.T / temperature
    own = torch.eye(len(left), dtype=torch.bool, device=left.device)
    scores = scores.masked_fill(alike & ~own, float("-inf"))
    target = torch.arange(len(left), device=left.device)
    return 0.5 * (functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target))


def start_head(backbone: Backbone, texts: Sequence[str], most: int) -> None:
    """Let a head without weights begin with how frequent the tokens of ``texts`` are, rather than with noise."""
    output = backbone.model.get_output_embeddings()
    if not backbone.fresh_head or output is None or getattr(output, "bias", None) is None:
        return
    counts = torch.full((len(output.bias),), _UNSEEN)
    for first in range(0, len(texts), 256):
        tokens = backbone.tokens(texts[first : first + 256], most)
        kept = tokens["input_ids"][tokens["attention_mask"].bool()].cpu()
        counts += torch.bincount(kept, minlength=len(counts))
    inside = set(backbone.body.modules())
    with torch.no_grad():
        output.bias.copy_((counts / counts.sum()).log())
        for module in backbone.model.modules():
            if isinstance(module, torch.nn.LayerNorm) and module not in inside:
                module.weight.mul_(_QUIET)


def _plain(backbone: Backbone, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which tokens are not special ones."""
    return ~np.isin(ids, backbone.tokenizer.all_special_ids)


def _chosen(plain: Tensor, share: float, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    drawn = torch.as_tensor(random.random(plain.shape), device=plain.device)
    chosen = plain & (drawn < share)
    # A text of few tokens would often be left out: its lowest draw is always among the chosen.
    lowest = drawn.masked_fill(~plain, 2.0).argmin(1)
    chosen[torch.arange(len(plain)), lowest] = plain.any(1)
    rows, columns = torch.nonzero(chosen, as_tuple=True)
    return rows, columns


def _hidden(
    backbone: Backbone, ids: Tensor, rows: Tensor, columns: Tensor, random: np.random.Generator
) -> Tensor:
    drawn = torch.as_tensor(random.random(len(rows)), device=ids.device)
    others = torch.as_tensor(random.integers(0, len(backbone.tokenizer), len(rows)), device=ids.device)
    shown = torch.where(drawn < _RANDOM, others, ids[rows, columns])
    made = ids.clone()
    made[rows, columns] = shown.masked_fill(drawn < _REPLACED, backbone.tokenizer.mask_token_id)
    return made
