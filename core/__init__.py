"""ShelfGraph: from product text to a recommendation that can be taken apart."""

import os

# Threads that wait by spinning starve everything else on a small machine, each other too: with one other busy process
# on two cores a step of training took fifty times as long. Read when PyTorch loads its OpenMP, which is after this.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
