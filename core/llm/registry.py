"""Which language models this installation may use, and loading one.

The embedded model is always listed, and so is each adapter of a model that is. Others come from ``models.yaml`` in
SHELFGRAPH_HOME (``endpoints:`` and ``transformers:`` lists, of which the latter may name the folder of an
``adapter``) or, for one endpoint, from SHELFGRAPH_ENDPOINT_URL, _MODEL and _KEY_ENV. A page may write the file only
for whoever sits at the server (``core.ui.models_state``), so that no visitor can make the server call an address of
their choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigError, ModelUnavailable
from core.llm.adapters import home, listed
from core.llm.base import LanguageModel, ModelCard
from core.llm.embedded import LANGUAGES, PLAIN, with_adapter
from core.llm.endpoint import EndpointConfig, EndpointModel
from core.llm.files import EMBEDDED, FETCH_COMMAND, status
from core.settings import settings

if TYPE_CHECKING:
    from core.llm.transformers_model import TransformersModel

FILE = "models.yaml"


class _OneEndpoint(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHELFGRAPH_ENDPOINT_", extra="ignore")

    url: str = ""
    model: str = ""
    key_env: str = ""
    reply_format: str = "json_schema"


def available() -> list[ModelCard]:
    """A card for each model, the embedded one first; ``missing`` says why one cannot be used now."""
    bases = trainable()
    plain = [replace(bases[0], id=PLAIN, name=f"{bases[0].name} (untuned)")] if with_adapter() else []
    return [bases[0], *plain, *bases[1:], *_adapters(bases), *map(_endpoint, _endpoints())]


def trainable() -> list[ModelCard]:
    """The models that run on this machine, and so can be fine-tuned; the embedded one comes first."""
    return [_embedded(), *map(_transformers, _configured("transformers"))]


def base(model_id: str) -> TransformersModel:
    """The model of that id without any adapter, to fine-tune it; raises ModelUnavailable where that cannot be."""
    from core.llm.embedded import EmbeddedModel

    if model_id in (EMBEDDED, PLAIN):
        return EmbeddedModel(plain=True)
    options = next((raw for raw in _configured("transformers") if raw["id"] == model_id), None)
    if options is None:
        raise ModelUnavailable(
            f"{model_id} cannot be fine-tuned here.",
            where="base model",
            remedy="Choose the embedded model, or one of transformers that runs on this machine.",
        )
    return _of_transformers(model_id, {**options, "adapter": None})


def load(model_id: str = EMBEDDED) -> LanguageModel:
    """The model of that id, ready for its first reply (weights are read then); raises ModelUnavailable."""
    card = next((card for card in available() if card.id == model_id), None)
    if card is None:
        raise ModelUnavailable(
            f"There is no model called {model_id}.",
            where=str(settings().home / FILE),
            remedy="Pick one that is listed, or configure it on the server.",
        )
    if card.kind == "endpoint":
        return EndpointModel(next(config for config in _endpoints() if config.id == model_id))
    if card.kind == "embedded":
        from core.llm.embedded import EmbeddedModel

        return EmbeddedModel(plain=model_id == PLAIN)
    if card.kind == "adapter":
        return _with_adapter(base(card.base), model_id, Path(card.where))
    options = next(raw for raw in _configured("transformers") if raw["id"] == model_id)
    return _of_transformers(model_id, options)


def _of_transformers(model_id: str, options: Mapping[str, Any]) -> TransformersModel:
    from core.llm.transformers_model import TransformersModel

    made = TransformersModel(
        model_id,
        options["model"],
        languages=tuple(options.get("languages") or ["*"]),
        batch=int(options.get("batch", 0)),
        chat=bool(options.get("chat", True)),
        local_only=Path(str(options["model"])).is_dir(),
    )
    adapter = options.get("adapter")
    return _with_adapter(made, model_id, Path(str(adapter)).expanduser()) if adapter else made


def _with_adapter(model: TransformersModel, model_id: str, folder: Path) -> TransformersModel:
    """The same with an adapter. Its version is part of what the model is called in facts and kept replies."""
    from core.llm.adapted import version_of

    model.adapter = folder
    model.id = f"{model_id}@{version_of(folder)}"
    return model


def _adapters(bases: Sequence[ModelCard]) -> list[ModelCard]:
    known = {card.id: card for card in bases}
    made = []
    for card in listed():
        under = known.get(card.base)
        missing = under.missing if under else f"Its base model {card.base} is not configured."
        folder = home() / card.name
        made.append(
            ModelCard(
                f"{card.base}+{card.name}",
                f"{under.name if under else card.base} + {card.name}",
                "adapter",
                under.languages if under else ("*",),
                sum(file.stat().st_size for file in folder.glob("*.safetensors")),
                str(folder),
                missing,
                base=card.base,
            )
        )
    return made


def _embedded() -> ModelCard:
    files = next(state for state in status() if state.name == EMBEDDED)
    missing = "" if files.present else f"Its files are not here. Run: {FETCH_COMMAND}"
    name = "SmolLM2 135M Instruct"
    return ModelCard(EMBEDDED, name, "embedded", LANGUAGES, files.size, str(files.folder), missing)


def _transformers(raw: Mapping[str, Any]) -> ModelCard:
    languages = tuple(raw.get("languages") or ["*"])
    folder = Path(str(raw["model"]))
    size = sum(f.stat().st_size for f in folder.rglob("*.safetensors")) if folder.is_dir() else 0
    return ModelCard(
        raw["id"], raw.get("name") or raw["id"], "transformers", languages, size, str(raw["model"])
    )


def _endpoint(config: EndpointConfig) -> ModelCard:
    return ModelCard(
        config.id,
        config.name or config.id,
        "endpoint",
        config.languages,
        0,
        config.url,
        price_in=config.price_in,
        price_out=config.price_out,
    )


def _endpoints() -> list[EndpointConfig]:
    made = [_endpoint_config(raw) for raw in _configured("endpoints", ("id", "url", "model"))]
    one = _OneEndpoint()
    if one.url and one.model:
        made.append(
            EndpointConfig(one.model, one.url, one.model, key_env=one.key_env, reply_format=one.reply_format)
        )
    return made


def _endpoint_config(raw: Mapping[str, Any]) -> EndpointConfig:
    known = {field.name for field in fields(EndpointConfig)}
    unknown = sorted(set(raw) - known)
    if unknown:
        raise ConfigError(
            f"Unknown setting {unknown[0]!r} of an endpoint.",
            where=f"{FILE}, endpoint {raw['id']}",
            remedy=f"Use {', '.join(sorted(known))}.",
        )
    return EndpointConfig(**{**raw, "languages": tuple(raw.get("languages") or ["*"])})


def _configured(section: str, needed: tuple[str, ...] = ("id", "model")) -> list[dict[str, Any]]:
    path = settings().home / FILE
    if not path.is_file():
        return []
    try:
        raw = yaml.safe_load(path.read_text("utf-8")) or {}
        listed = raw.get(section) or []
        good = all(isinstance(entry, dict) and all(entry.get(key) for key in needed) for entry in listed)
    except (yaml.YAMLError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"The file is not understood: {error}", where=str(path), remedy="Mend it."
        ) from error
    if not good:
        raise ConfigError(
            f"Each entry of `{section}` needs {', '.join(needed)}.",
            where=str(path),
            remedy="Add what is missing.",
        )
    return [dict(entry) for entry in listed]
