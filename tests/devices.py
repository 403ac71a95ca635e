"""Where tests that train compute: on the processor, unless ``SHELFGRAPH_TEST_DEVICE=cuda`` says otherwise."""

from __future__ import annotations

import os

import pytest
import torch

DEVICE = os.environ.get("SHELFGRAPH_TEST_DEVICE", "cpu")
only_cpu = pytest.mark.skipif(DEVICE != "cpu", reason="What it says holds on a processor.")
only_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="There is no CUDA device.")
