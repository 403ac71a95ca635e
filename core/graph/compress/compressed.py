"""A compressed graph: a function of a graph and a plan, with its way back and its size."""

from __future__ import annotations

from dataclasses import dataclass

from core.graph.compress.net import NOTHING, Net
from core.graph.compress.operators import Step, chosen
from core.graph.compress.plan import Plan
from core.graph.export import node_link


@dataclass(frozen=True)
class Compressed:
    """What is left of a net, and the steps that led there. Nothing is written anywhere: log and graph stay."""

    net: Net
    steps: tuple[Step, ...]
    plan: Plan


@dataclass(frozen=True, slots=True)
class Size:
    """Nodes, facts, and bytes of the node-link JSON."""

    nodes: int
    facts: int
    bytes: int


def compress(net: Net, plan: Plan) -> Compressed:
    """Apply the operators of a plan, each to what the one before has left. Equal nets and plans, equal results."""
    steps: list[Step] = []
    for operator in chosen(plan):
        step = operator(net, plan)
        if step.taken != NOTHING or step.put != NOTHING:
            net = net.patched(step.taken, step.put)
            steps.append(step)
    return Compressed(net, tuple(steps), plan)


def expand(compressed: Compressed) -> Net:
    """The net as it was: ``expand(compress(net, plan)) == net`` for every net and plan."""
    net = compressed.net
    for step in reversed(compressed.steps):
        net = net.patched(step.put, step.taken)
    return net


def size_of(net: Net) -> Size:
    """What a net weighs."""
    return Size(len(net.nodes), len(net.facts), len(node_link(net.view()).encode()))
