"""Jobs that compute on a GPU wait for each other; others do not."""

from __future__ import annotations

import pytest

from core.ui import machine

NVIDIA, APPLE = ("NVIDIA H100 80GB HBM3, 81559 MiB",), ("Apple GPU (MPS)",)


@pytest.mark.parametrize(
    ("device", "there", "slot"),
    [
        ("auto", NVIDIA, "cuda:0"),
        ("cuda", NVIDIA, "cuda:0"),
        ("cpu", NVIDIA, ""),
        ("auto", APPLE, ""),
        ("auto", (), ""),
        ("cuda", (), "cuda:0"),
    ],
)
def test_what_ends_up_on_a_gpu_holds_its_slot(
    device: str, there: tuple[str, ...], slot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "accelerators", lambda: there)
    assert machine.gpu_slot(device) == slot
