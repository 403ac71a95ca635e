"""A language model of transformers as an encoder of texts: hidden states, vectors of length one, logits to train by.

An encoder (BERT and its kin) learns a language by filling in masked tokens, a decoder by telling the next one; a text's
vector is the mean of its last hidden states either way (Reimers and Gurevych, 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigError, ModelUnavailable
from core.llm.files import EMBEDDED, SENTENCES, folder_of
from core.llm.sentences import pooled

Style = Literal["masked", "causal"]
Tokens = Mapping[str, Any]
"""``input_ids`` and ``attention_mask``, int64[texts, tokens], padded at the right."""
_HEADS = ("cls", "lm_head")
_SCALED_HEADS = ("final_logit_softcapping", "logits_scaling", "logit_scale")
_CPU_BATCH, _GPU_BATCH = 32, 256
_FILES = ("*.json", "*.txt", "*.model", "*.safetensors")


class Backbone:
    """A loaded model in float32. ``model`` has the head of its language model, ``body`` has not; ``wrapped`` is what
    PEFT made of it, where that is so; ``fresh_head`` says that the head came without weights and has to learn.

    Raises ModelUnavailable where the files cannot be had and ConfigError for a model of another sort.
    """

    def __init__(self, base: str, device: str = "") -> None:
        import torch
        import transformers

        from core.llm.transformers_model import best_device, use_threads

        self.base = base
        self.folder = located(base)
        use_threads()
        with _quiet(), _named(base):
            config = transformers.AutoConfig.from_pretrained(self.folder, local_files_only=True)
            self.style = style_of(config, base)
            kind = "AutoModelForMaskedLM" if self.style == "masked" else "AutoModelForCausalLM"
            # A head that has no weights in the files starts at random, and is to start alike each time.
            torch.manual_seed(0)
            self.model, told = getattr(transformers, kind).from_pretrained(
                self.folder, local_files_only=True, dtype=torch.float32, output_loading_info=True
            )
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(self.folder, local_files_only=True)
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.tokenizer.padding_side = "right"
        self.model.config.use_cache = False
        tied = set(getattr(self.model, "_tied_weights_keys", None) or ())
        self.fresh_head = bool(set(told["missing_keys"]) - tied)
        self.device = device or best_device()
        self.model.to(self.device).eval()
        self.wrapped: Any = None
        self.prompted = False

    @property
    def body(self) -> Any:
        """The model below its head."""
        return getattr(self.model, self.model.base_model_prefix)

    @property
    def root(self) -> Any:
        """What holds all weights: the model, or what PEFT made of it."""
        return self.wrapped if self.wrapped is not None else self.model

    @property
    def width(self) -> int:
        """The size of a text's vector."""
        return int(self.model.config.get_text_config().hidden_size)

    @property
    def virtual(self) -> int:
        """How many virtual tokens are attended to before a text."""
        return int(self.wrapped.peft_config["default"].num_virtual_tokens) if self.prompted else 0

    @property
    def longest(self) -> int:
        """The most tokens of a text that the model has places for."""
        places = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        return min(int(self.tokenizer.model_max_length), int(places or 10**9)) - self.virtual

    def tokens(self, texts: Sequence[str], most: int) -> Tokens:
        """The texts as tokens, cut after ``most`` or where the model knows no more places."""
        made = self.tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=min(most, self.longest),
            return_tensors="pt",
        )
        return {name: made[name].to(self.device) for name in ("input_ids", "attention_mask")}

    def hidden(self, tokens: Tokens) -> Any:
        """float[texts, tokens, width]: the last hidden states."""
        import torch

        mask, options = tokens["attention_mask"], {}
        if self.prompted:
            options["past_key_values"] = self.wrapped.get_prompt(batch_size=len(mask))
            mask = torch.cat([mask.new_ones((len(mask), self.virtual)), mask], dim=1)
        made = self.body(input_ids=tokens["input_ids"], attention_mask=mask, **options)
        return made.last_hidden_state

    def vectors(self, tokens: Tokens) -> Any:
        """float32[texts, width], rows of length one."""
        return pooled(self.hidden(tokens), tokens["attention_mask"])

    def logits(self, tokens: Tokens, rows: Any, columns: Any) -> Any:
        """float32[places, vocabulary]: what the head makes of the tokens at these places."""
        settings = self.model.config.get_text_config()
        scaled = any(getattr(settings, name, None) not in (None, 1.0) for name in _SCALED_HEADS)
        head = next((getattr(self.model, name) for name in _HEADS if hasattr(self.model, name)), None)
        if head is None or (scaled and not self.prompted):
            return self.model(**tokens).logits[rows, columns].float()
        return head(self.hidden(tokens)[rows, columns]).float()

    def encode(
        self,
        texts: Sequence[str],
        most: int = 256,
        batch: int = 0,
        check: Callable[[], None] = lambda: None,
    ) -> NDArray[np.float32]:
        """float32[texts, width], rows of length one; ``batch`` texts are read together, 0 for what suits the device."""
        import torch

        batch = batch or (_GPU_BATCH if self.device == "cuda" else _CPU_BATCH)
        made = np.zeros((len(texts), self.width), np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        self.root.eval()
        with torch.inference_mode():
            for first in range(0, len(order), batch):
                check()
                chosen = order[first : first + batch]
                found = self.vectors(self.tokens([texts[at] for at in chosen], most))
                made[chosen] = found.float().cpu().numpy()
        return made


def located(base: str) -> Path:
    """The folder of a model: one that ships with ShelfGraph or is configured in models.yaml, by its id; a local
    folder; or a Hugging Face id, whose files are downloaded. Raises ModelUnavailable where there are none."""
    from core.llm.registry import trainable

    if base in (SENTENCES, EMBEDDED):
        return folder_of(base)
    where = next((card.where for card in trainable() if card.id == base), base)
    folder = Path(where).expanduser()
    return folder if folder.is_dir() else _downloaded(where)


def style_of(config: Any, base: str) -> Style:
    """How a model learned its language, by its configuration; raises ConfigError where it is no language model."""
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    named = " ".join(config.architectures or ())
    if config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES and "Causal" not in named:
        return "masked"
    if config.model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        return "causal"
    raise ConfigError(
        f"{base} is a {config.model_type}, which is neither a masked nor a causal language model.",
        where="base",
        remedy="Choose an encoder such as BERT, or a decoder such as Llama.",
    )


def _downloaded(repo: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repo, allow_patterns=list(_FILES), etag_timeout=5))
    except HFValidationError as error:
        raise _missing(repo, "it is neither a folder here nor a Hugging Face id") from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise _missing(repo, str(error).splitlines()[0]) from error


def _missing(base: str, why: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"The encoder cannot be had: {why}.",
        where=base,
        remedy="Check its name and the connection to the hub, or give a local folder.",
    )


@contextmanager
def _named(base: str) -> Iterator[None]:
    """What transformers says of files it cannot read, as the error it is here."""
    try:
        yield
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise _missing(base, str(error).splitlines()[0]) from error


@contextmanager
def _quiet() -> Iterator[None]:
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
