"""What an evaluation is asked to do: its settings, the parts it consists of, and how long it would take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.extract.folds import first, folds, sizes, some
from core.extract.labelled import Asked, Labelled
from core.stages.evaluate_texts import Material, enough_reviewed, of_file, reviewed, sample
from core.stages.params import parsed
from core.storage.workspaces import Workspace

SEED = 0
START_SECONDS = 8.0
LEARN_SECONDS, READ_SECONDS, MODEL_SECONDS = 1.5e-3, 8e-5, 2.0
"""Per character of a question in training (all epochs) and in reading, and per text that the model reads: on two
cores that do nothing else, until evaluations in the workspace have measured them."""
_ROUGH_CHARS, _ROUGH_TEXTS, _LATEST = 20_000, 5, 3
_TOLD_CHARS = 48

Source = Literal["sample", "review", "file"]
How = Literal["folds", "as_is"]
Method = Literal["tagger", "llm", "cascade"]
Reader = Literal["shipped", "own"]


class EvaluateParams(BaseModel):
    """The settings of an evaluation. ``file`` and ``schema_file`` are hashes of files that were kept."""

    model_config = ConfigDict(extra="forbid")

    source: Source = Field(default="sample", description="Which labelled texts to judge on.")
    file: str = Field(default="", pattern="^[0-9a-f]*$", description="Hash of the labelled file.")
    schema_file: str = Field(default="", pattern="^[0-9a-f]*$", description="Hash of the schema file.")
    name: str = Field(default="", max_length=200, description="What the file is called.")
    how: How = Field(default="folds", description="Learn from the other folds, or judge as it is.")
    folds: int = Field(default=3, ge=2, le=10, description="How many folds.")
    method: Method = Field(default="tagger", description="Who reads.")
    reader: Reader = Field(default="shipped", description="The tagger that reads as it is.")
    model: str = Field(default="", description="Id of the language model.")
    share: float = Field(
        default=0.1, gt=0.0, le=1.0, description="Share of texts a cascade gives to the model."
    )
    most: int | None = Field(default=None, ge=1, description="Most texts to judge on; all if not given.")
    curve: bool = Field(default=False, description="Whether a learning curve is measured.")
    epochs: int | None = Field(default=None, ge=1, le=100, description="Epochs of the span reader.")

    @model_validator(mode="after")
    def _fits_together(self) -> EvaluateParams:
        if self.source == "file" and not self.file:
            raise ValueError("a labelled file is needed")
        if self.method != "tagger" and not self.model:
            raise ValueError("a language model is needed")
        if self.reader == "own" and (self.how, self.method) != ("as_is", "tagger"):
            raise ValueError("the workspace's own tagger reads alone and as it is")
        if self.reader == "own" and self.source == "file":
            raise ValueError("the workspace's own tagger does not know the attributes of a file")
        if self.curve and self.how == "as_is":
            raise ValueError("a learning curve needs folds")
        return self


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to do: learn from ``train`` (nothing where it is as it is), then read ``test``. ``fold`` counts from
    1; ``whole`` says that it learns from all there is, so that its reading is the one that is judged."""

    fold: int
    train: tuple[int, ...]
    test: tuple[int, ...]
    whole: bool

    @property
    def weight(self) -> float:
        """Its share of the work, in texts learned from."""
        return len(self.train) + 0.1 * len(self.test)


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to do. ``learned`` and ``read`` are characters of questions (text and attribute names),
    ``by_model`` texts that the language model reads."""

    learned: int
    read: int
    by_model: int


def parse(params: Mapping[str, Any]) -> EvaluateParams:
    """The settings as they are meant; raises ConfigError that names the setting."""
    return parsed(EvaluateParams, params, "The evaluation", "evaluate")


def material(workspace: Workspace, params: EvaluateParams) -> Material:
    """The texts to judge on, at most ``params.most``. Raises DataError for a file that cannot be read and for too few
    reviewed texts."""
    if params.source == "file":
        given = of_file(workspace, params.file, params.schema_file, params.name)
    elif params.source == "review":
        given = enough_reviewed(reviewed(workspace))
    else:
        given = sample(workspace)
    return at_most(given, params.most)


def at_most(given: Material, most: int | None) -> Material:
    """The same or some of it, with the mix of categories kept."""
    return given if most is None or most >= len(given.items) else given.part(some(given.items, most, SEED))


def parts(given: Material, params: EvaluateParams) -> list[Part]:
    """What is to be done, in order: fold by fold, the small sets of a learning curve before all there is.

    Raises DataError where there are too few texts for the folds.
    """
    if params.how == "as_is":
        return [Part(1, (), tuple(range(len(given.items))), True)]
    made = []
    for number, fold in enumerate(folds(given.items, params.folds, SEED), 1):
        most = len(fold.train)
        for step in sizes(most) if params.curve else [most]:
            train = first(given.items, fold.train, step, SEED)
            made.append(Part(number, train, fold.test, step == most))
    return made


def size_of(given: Material, params: EvaluateParams, todo: Iterable[Part]) -> Size:
    """How much the parts come to."""
    lengths = [_length(item, given.asked) for item in given.items]
    share = {"tagger": 0.0, "llm": 1.0, "cascade": params.share}[params.method]
    learned = read = by_model = 0
    for part in todo:
        by_model += round(share * len(part.test))
        if params.method != "llm":
            learned += sum(lengths[at] for at in part.train)
            read += sum(lengths[at] for at in part.test)
    return Size(learned, read, by_model)


def forecast(size: Size, model: str = "", past: Iterable[Mapping[str, Any]] = ()) -> float:
    """Seconds that it would take: by rough figures, and more and more by what the latest evaluations measured.

    ``past`` has their ``spent``, the latest first; language models are only compared with themselves.
    """
    known = list(past)
    same = [spent for spent in known if spent.get("model") == model]
    return (
        START_SECONDS
        + size.learned * _rate(known, "learned", "learn_seconds", LEARN_SECONDS, _ROUGH_CHARS)
        + size.read * _rate(known, "read", "read_seconds", READ_SECONDS, _ROUGH_CHARS)
        + size.by_model * _rate(same, "by_model", "model_seconds", MODEL_SECONDS, _ROUGH_TEXTS)
    )


def _rate(
    past: Iterable[Mapping[str, Any]], amount: str, seconds: str, rough: float, rough_amount: int
) -> float:
    """Seconds for one, as if the rough figure had been measured on ``rough_amount``: a tiny evaluation, most of which
    is getting started, must not speak for a large one."""
    latest = [spent for spent in past if spent.get(amount)][:_LATEST]
    spent_on = sum(float(spent[amount]) for spent in latest)
    took = sum(float(spent[seconds]) for spent in latest)
    return (took + rough * rough_amount) / (spent_on + rough_amount)


def _length(item: Labelled, asked: Asked) -> int:
    names = asked.get(item.category, {})
    return len(item.text) + sum(min(len(name) + len(told) + 2, _TOLD_CHARS) for name, told in names.items())
