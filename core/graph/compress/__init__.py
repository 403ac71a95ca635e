"""A smaller graph that says (nearly) the same, with an exact way back."""

from core.graph.compress.compressed import Compressed, Size, compress, expand, size_of
from core.graph.compress.net import Net, net_of
from core.graph.compress.plan import STRENGTHS, Plan, plan_of

__all__ = [
    "STRENGTHS",
    "Compressed",
    "Net",
    "Plan",
    "Size",
    "compress",
    "expand",
    "net_of",
    "plan_of",
    "size_of",
]
