"""A map as a browser is sent it: a few bytes a node, the same whatever the language, the theme or the colours."""

from __future__ import annotations

import json

import numpy as np

from core.graph.atlas.circles import Floats, Points
from core.graph.atlas.survey import Survey

ALL_LINKS = 40_000
"""A graph with no more facts is sent with all of them; of a larger one those of the community that is opened."""
TIES = 70
_GRID = 60_000


def drawing(survey: Survey) -> bytes:
    """The map in one message: the length of a JSON head (4 bytes, little-endian), the head, then arrays one after the
    other, each as the head's ``arrays`` says (name, kind, length).

    Places are whole numbers on a grid of ``unit`` map units from ``origin``.
    """
    atlas, marks = survey.atlas, survey.marks
    low, high = _bounds(survey)
    unit = float((high - low).max()) / _GRID or 1.0
    places = np.round((atlas.places() - low) / unit)
    links = len(survey.subject) <= ALL_LINKS
    arrays = {
        "x": places[:, 0].astype("<u2"),
        "y": places[:, 1].astype("<u2"),
        "part": atlas.part.astype("<u2"),
        "degree": np.minimum(survey.degree, 65_535).astype("<u2"),
        "type": marks.type.astype("u1"),
        "source": np.minimum(marks.source, 255).astype("u1"),
        "sure": np.round(marks.confidence * 255).astype("u1"),
        "step": marks.step.astype("u1"),
        "from": (survey.subject if links else survey.subject[:0]).astype("<u4"),
        "to": (survey.object if links else survey.object[:0]).astype("<u4"),
    }
    # Numbers that take four bytes come first, then those of two, so that each lies where its kind may begin.
    ordered = dict(sorted(arrays.items(), key=lambda item: -item[1].dtype.itemsize))
    head = {
        "map": name(survey),
        "unit": unit,
        "origin": [float(v) for v in low],
        "size": [float(v) for v in high - low],
        "communities": _circles(atlas.at, atlas.radius),
        "parts": _circles(atlas.part_at, atlas.part_radius),
        "part_of": [int(c) for c in atlas.part_of],
        "counts": np.bincount(atlas.of, minlength=len(atlas.at)).tolist(),
        "ties": strongest(survey),
        "steps": len(marks.until),
        "product": marks.types.index("Product") if "Product" in marks.types else -1,
        "arrays": [(key, f"{a.dtype.kind}{a.dtype.itemsize}", len(a)) for key, a in ordered.items()],
    }
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return b"".join((len(text).to_bytes(4, "little"), text, *(a.tobytes() for a in ordered.values())))


def name(survey: Survey) -> str:
    """Equal names, equal drawings."""
    return f"{survey.hash}-{survey.atlas.places().round(2).sum():.1f}"


def strongest(survey: Survey, most: int = TIES) -> list[tuple[int, int, float]]:
    """The strongest ties between communities: both, and the strength relative to the strongest, in (0, 1]."""
    first, second = np.triu_indices(len(survey.ties), 1)
    weights = survey.ties[first, second]
    order = np.argsort(-weights, kind="stable")[:most]
    top = float(weights.max(initial=0.0)) or 1.0
    return [
        (int(first[k]), int(second[k]), round(float(weights[k]) / top, 3)) for k in order if weights[k] > 0
    ]


def _bounds(survey: Survey) -> tuple[Points, Points]:
    at, radius = survey.atlas.at, survey.atlas.radius[:, None]
    if not len(at):
        return np.zeros(2), np.ones(2)
    return (at - radius).min(axis=0), (at + radius).max(axis=0)


def _circles(at: Points, radius: Floats) -> list[tuple[float, float, float]]:
    return [
        (round(float(x), 2), round(float(y), 2), round(float(r), 2))
        for (x, y), r in zip(at, radius, strict=True)
    ]
