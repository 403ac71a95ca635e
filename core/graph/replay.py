"""A build played again: the view after any of its events, for the scrubber."""

from __future__ import annotations

from collections.abc import Iterable

from core.graph.live import BuildView
from core.jobs.views import JobEvent


class Replay:
    """A build's events with the view after any of them, in about the time that a few hundred events take."""

    STRIDE = 400

    def __init__(self) -> None:
        self._events: list[JobEvent] = []
        self._stops: list[BuildView] = [BuildView()]
        self._head = BuildView()

    @property
    def head(self) -> BuildView:
        """The view after the last event; not to be changed."""
        return self._head

    def extend(self, events: Iterable[JobEvent]) -> None:
        """Take in further events, in order and without gaps."""
        for event in events:
            if event.seq <= self._head.seq:
                continue
            self._events.append(event)
            self._head.apply(event)
            if len(self._events) % self.STRIDE == 0:
                self._stops.append(self._head.copy())

    def at(self, seq: int) -> BuildView:
        """The view after event number ``seq`` (0 for the beginning)."""
        position = max(0, min(seq, len(self._events)))
        view = self._stops[position // self.STRIDE].copy()
        for event in self._events[position // self.STRIDE * self.STRIDE : position]:
            view.apply(event)
        return view
