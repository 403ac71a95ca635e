"""On a GPU training and reading come to what they come to on a processor, but for rounding.

``SHELFGRAPH_TEST_DEVICE=cuda pytest tests/unit`` runs the other tests of training there too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.extract import shipped
from core.extract.joint import Joint, Passage
from core.extract.schema import default
from core.extract.teach import ReaderFiles
from core.llm.backbone import Backbone
from core.llm.files import SENTENCES, status
from core.recommend.prepare import Prepared, prepare
from core.recommend.train import Trainer
from tests import tiny_encoder
from tests.conftest import need
from tests.devices import only_cuda
from tests.recommend_world import cut, facts, products, small_config

pytestmark = only_cuda
STILL: dict[str, Any] = {"dropout": 0.0, "graph_loss": "none", "epochs": 2}


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(cut(), products(), facts(), small_config(), baselines=("itemknn",))


def losses(prepared: Prepared, device: str, **values: Any) -> list[float]:
    run = Trainer(prepared, small_config(**STILL, device=device, **values)).run()
    return [line.rank_loss for line in run.curves]


@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax", "bpr"])
@pytest.mark.parametrize(("precision", "off"), [("float32", 2e-3), ("bf16", 0.03), ("fp16", 0.03)])
def test_what_is_learned_is_what_a_processor_learns(
    prepared: Prepared, loss: str, precision: str, off: float
) -> None:
    here = losses(prepared, "cuda", loss=loss, precision=precision)
    assert here == pytest.approx(losses(prepared, "cpu", loss=loss, precision="float32"), rel=off)


def test_the_format_is_halved_by_itself_and_the_curves_tell_memory_and_device(prepared: Prepared) -> None:
    line = Trainer(prepared, small_config(**STILL, device="auto", precision="auto")).run().curves[-1]
    assert line.device == "cuda"
    assert line.precision in ("bf16", "fp16")
    assert 0 < line.memory_mb < torch.cuda.get_device_properties(0).total_memory / 2**20


def test_a_larger_batch_is_found_where_it_fits(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.recommend.train.STEPS_AN_EPOCH", 2)
    trainer = Trainer(prepared, small_config(**STILL, device="cuda", find_batch=True, batch_size=4))
    assert trainer.run().curves[0].batch > 4


def test_vectors_of_texts_are_those_of_a_processor(tmp_path: Path) -> None:
    base = str(tiny_encoder.bert(tmp_path))
    texts = ["a thing for camping", "another made for travel and home office", "item"]
    there, here = (Backbone(base, device).encode(texts) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(there, here, atol=2e-3)


def test_a_text_is_read_the_same_whatever_stands_beside_it() -> None:
    need({state.name: state.present for state in status()}[SENTENCES], "The sentence encoder is not fetched.")
    texts = ["Red steel mug", "Oak desk tray for pens, 30 x 20 cm", "Green tea 100 g " * 9] * 60
    joint = Joint(default(), None, ReaderFiles(shipped.READER, "shipped", False))
    together = joint.read([Passage(text, "Desk") for text in texts])
    assert together[:3] == [joint.read([Passage(text, "Desk")])[0] for text in texts[:3]]
    assert together[:3] == together[-3:]
    assert any(together[:3])
