"""Composition root: the name of a job and the stage that does it, imported when it is needed."""

from __future__ import annotations

REGISTRY: dict[str, str] = {
    "import": "core.stages.importing:run",
    "build": "core.stages.build:run",
    "train": "core.stages.train:run",
    "certify": "core.stages.certify:run",
    "demo": "core.stages.demo:run",
    "teach": "core.stages.teach:run",
    "evaluate": "core.stages.evaluate:run",
    "watch": "core.stages.watch:run",
    "finetune": "core.stages.finetune:run",
    "resolve": "core.stages.resolve:run",
    "exchange": "core.stages.exchange:run",
    "predict": "core.stages.predict:run",
    "check": "core.stages.check:run",
    "compress": "core.stages.compress:run",
    "survey": "core.stages.survey:run",
    "robustness": "core.stages.robustness:run",
    "recommend_all": "core.stages.recommend_all:run",
}
