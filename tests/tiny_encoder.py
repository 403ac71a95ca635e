"""Text encoders of a few thousand weights, made on the fly: a BERT and a Llama that read the small shop's texts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from core.recommend.text import product_text
from tests.devices import DEVICE
from tests.recommend_world import products

TEXTS = [product_text(product) for product in products()]
QUICK: dict[str, Any] = {
    "pretrain_epochs": 6,
    "epochs": 2,
    "most_pairs": 192,
    "max_tokens": 24,
    "checks": 1,
    "rank": 4,
    "batch_size": 24,
    "precision": "float32",
    "device": DEVICE,
}
"""A tuning of a second or two."""
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def bert(folder: Path, seed: int = 0) -> Path:
    """A BERT of two layers, 32 wide, without the head of its language model, in ``folder``."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    # Written down instead of learned: the trainer of word pieces numbers equal counts anew in each process.
    words = sorted(
        {word for product in products() for word in re.findall(r"\w+", product_text(product).lower())}
    )
    letters = sorted({letter for word in words for letter in word})
    known = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters), *(w for w in words if len(w) > 1)]
    pieces = BertWordPieceTokenizer({piece: at for at, piece in enumerate(known)}, lowercase=True)
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=pieces._tokenizer, **special)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=128,
        pad_token_id=tokenizer.pad_token_id,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder
