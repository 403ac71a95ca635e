"""``python -m core …``: the headless twin of every page."""

import os
import sys

# Threads that wait by spinning starve everything else on a small machine; read when PyTorch loads its OpenMP.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
