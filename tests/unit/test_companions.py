"""A value that labels give to two attributes is given to both, and to none that they do not."""

from __future__ import annotations

from core.extract import companions
from core.extract.ensemble import Weights, best, joined
from core.extract.ground import Span

TEXT = "Mahogany guitar with Maple neck"
BOTH = ("Guitar", {"Body": ["Mahogany"], "Back": ["Mahogany"]})
FOUND = {"Back": Span(0, 8, "Back", 0.9)}


def test_what_labels_give_to_two_attributes_is_found_for_both() -> None:
    learned = companions.learn([BOTH] * 6)
    assert learned.of("Guitar", TEXT, FOUND) == [Span(0, 8, "Body", 0.9 * (6 + 2 * 0.75) / 8)]
    assert not learned.of("Guitar", TEXT, {**FOUND, "Body": Span(21, 26, "Body", 0.3)})
    assert not learned.of("Flute", TEXT, FOUND)


def test_the_share_is_that_of_the_value_drawn_towards_that_of_all_and_that_towards_none() -> None:
    learned = companions.learn([*[BOTH] * 2, *[("Guitar", {"Back": ["Maple"], "Body": []})] * 6])
    assert learned.share("Guitar", "Back", "Body", "Mahogany") == (2 + 2 * 0.2) / 4
    assert learned.share("Guitar", "Back", "Body", "Maple") == 2 * 0.2 / 8
    assert learned.share("Guitar", "Back", "Neck", "Maple") == 0.0
    assert not learned.of("Guitar", TEXT, {"Back": Span(21, 26, "Back", 0.9)})
    assert not learned.of("Guitar", TEXT, {"Back": Span(0, 8, "Back", 0.7)})


def test_a_shared_value_stands_where_an_attribute_has_none_that_is_sure_enough() -> None:
    learned = companions.learn([BOTH] * 6)
    unsure, sure = (Span(21, 26, "Body", confidence) for confidence in (0.2, 0.3))
    for own, expected in ((unsure, (0, 8)), (sure, (21, 26))):
        spans = joined("Guitar", TEXT, [*FOUND.values(), own], learned, Weights(threshold=0.25))
        body = best(spans, 0.25)["Body"]
        assert (body.start, body.end) == expected
