"""Putting an adapter into its base model: merged into the weights where the method can be, else beside them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.llm.adapters import ADAPTERS, WEIGHTS, fingerprint
from core.llm.files import sha256_of
from core.llm.finetune_kinds import needed
from core.llm.learned import CARD


def version_of(folder: Path) -> str:
    """The start of the hash of an adapter's weights; raises ModelUnavailable where they are missing."""
    try:
        return sha256_of(folder / WEIGHTS)[:8]
    except OSError as error:
        raise ADAPTERS.damaged(folder, f"its weights are missing ({error.strerror})") from error


def check(folder: Path, source: Path | None) -> None:
    """Raises ModelUnavailable where the weights are not those of the card, or were made for another base model than
    the one in ``source`` (None where its files are not known)."""
    if not (folder / CARD).is_file():  # made elsewhere: its shapes have to speak for it
        return
    card = ADAPTERS.read(folder)
    if not (folder / WEIGHTS).is_file() or sha256_of(folder / WEIGHTS) != card.weights_hash:
        raise ADAPTERS.damaged(folder, "its weights are missing or not those of its card")
    if source is not None and fingerprint(source) != card.base_hash:
        raise ADAPTERS.damaged(folder, f"it was made for {card.base}, and this base model is another one")


def adapt(model: Any, folder: Path) -> Any:
    """The base model (in float32) with the adapter; raises ModelUnavailable where it is damaged or does not fit."""
    peft = needed()
    try:
        config = peft.PeftConfig.from_pretrained(str(folder))
        config.inference_mode, config.base_model_name_or_path = (
            True,
            None,
        )  # the card says what it was made for
        made = peft.get_peft_model(model, config)
        load_state(made, read_state(folder))
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise ADAPTERS.damaged(folder, str(error).splitlines()[0]) from error
    return Prompted(made) if config.is_prompt_learning else made.merge_and_unload()


def read_state(folder: Path) -> dict[str, Any]:
    """The tensors of an adapter; raises ModelUnavailable where they cannot be read."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return {name: value.float() for name, value in load_file(str(folder / WEIGHTS)).items()}
    except (OSError, SafetensorError) as error:
        raise ADAPTERS.damaged(folder, f"its weights cannot be read ({error})") from error


def load_state(model: Any, state: Mapping[str, Any]) -> None:
    """Fill in the adapter of a PEFT model; raises ValueError where names or shapes do not fit."""
    peft = needed()
    wanted = set(peft.get_peft_model_state_dict(model))
    wrong = sorted(wanted ^ set(state))
    if wrong and not _pruned(model):
        raise ValueError(f"it does not fit the base model ({wrong[0]})")
    peft.set_peft_model_state_dict(model, dict(state))


def _pruned(model: Any) -> bool:
    return bool(getattr(model.peft_config["default"], "rank_pattern", None))


class Prompted:
    """A prefix-tuned model that reads like any other: what it reads first comes after its virtual tokens."""

    def __init__(self, tuned: Any) -> None:
        self._tuned = tuned
        self._causal = tuned.get_base_model()
        self.config = self._causal.config
        self.generation_config = self._causal.generation_config
        self._virtual = int(tuned.peft_config["default"].num_virtual_tokens)
        self._start: Any = None

    @property
    def device(self) -> Any:
        """Where it computes."""
        return self._causal.device

    def to(self, *where: Any) -> Prompted:
        """Move it, or change what it computes in."""
        self._tuned.to(*where)
        self._start = None
        return self

    def eval(self) -> Prompted:
        """For reading."""
        self._tuned.eval()
        return self

    def __call__(self, ids: Any, *, past_key_values: Any = None, **options: Any) -> Any:
        """As the base model; masks and positions are those of the text, without the virtual tokens."""
        import torch

        if past_key_values is None:
            past_key_values = self._prompt(len(ids))
        mask = options.get("attention_mask")
        if mask is not None:
            ones = torch.ones((len(mask), self._virtual), dtype=mask.dtype, device=mask.device)
            options["attention_mask"] = torch.cat([ones, mask], dim=1)
        if options.get("position_ids") is not None:
            options["position_ids"] = options["position_ids"] + self._virtual
        return self._causal(ids, past_key_values=past_key_values, **options)

    def _prompt(self, rows: int) -> Any:
        if self._start is None:
            self._start = self._tuned.get_prompt(batch_size=1)
        made = copy.deepcopy(self._start)
        if rows > 1:
            made.batch_repeat_interleave(rows)
        return made
