"""What somebody with a client of their own sends, and what the others notice of it: nothing."""

from __future__ import annotations

import pytest

from tests.features.scene import Scene

NO_TEXT: list[str | bytes] = [
    b"7:home:\xff\xfe",
    b"\xed\xa0\x80",
    "7:\ud800",
    "\udfff",
    b'\x00"\\',
    "\x00",
]


@pytest.mark.parametrize("data", NO_TEXT)
async def test_a_button_that_carries_no_text_stops_nobody(scene: Scene, data: str | bytes) -> None:
    scene.mallory.start()
    await scene.settled()
    tap = scene.mallory.tap_data(scene.living(scene.mallory).id, data)
    scene.ana.start()
    await scene.ana.sees(scene.campaign.texts_in("es").title)
    await tap.answered()
    await scene.settled()
    assert scene.simulator.world.updates.pending == {}


async def test_a_bot_that_starts_on_such_a_button_works_through_it(scene: Scene) -> None:
    scene.mallory.start()
    await scene.settled()
    living = scene.living(scene.mallory).id
    await scene.stop_bot()
    for data in NO_TEXT:
        scene.mallory.tap_data(living, data)
    scene.ana.start()
    await scene.start_bot()
    await scene.ana.sees(scene.campaign.texts_in("es").title)
    await scene.settled()
    assert scene.app is not None
    assert scene.app.dispatch.counts.passed_over == 0
