"""Which node stands for which, when entries of the log have said that they are one thing."""

from __future__ import annotations

from collections.abc import Iterable

from core.graph.model import product_id
from core.graph.registers import Registers


def resolved_merges(registers: Registers, targets: Iterable[str]) -> dict[str, str]:
    """For each node that was merged, the node that stands for it; a ring of merges is named by its first id.

    A product of the catalogue and a value are never one thing, so entries that say so have no effect.
    """
    into = {
        node: found
        for node in targets
        if (found := registers.merged_into(node))
        and (product_id(node) is None) == (product_id(found) is None)
    }
    roots: dict[str, str] = {}
    for node in into:
        path = [node]
        while path[-1] in into and into[path[-1]] not in path:
            path.append(into[path[-1]])
        end = path[-1]
        ring = path[path.index(into[end]) :] if end in into else [end]
        roots[node] = min(ring)
    return {node: root for node, root in roots.items() if node != root}
