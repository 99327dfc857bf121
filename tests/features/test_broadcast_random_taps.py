"""Whatever Marta taps, writes and deletes, in any order, nothing breaks or is sent twice."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from simulator.errors import SimulatorError
from storage.broadcasts import broadcast_history
from tests.support.admin_scene import AdminScene

STEPS = 55
SENTENCES = ("mañana 18:30", "A - https://a.org", "/cancel")
# Buttons that end everything would end every run early.
RARELY = ("Descartar", "No enviar", "Un mensaje nuevo", "Volver", "⚠️ Avisar")
OFTEN = ("Enviar a", "Continuar", "👁", "A quienes", "Sobre", "Sí,", "Programar para")


class Whim:
    """What Marta does next, by seeded chance."""

    def __init__(self, admin: AdminScene, seed: int) -> None:
        self._studio = admin
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._written = 0

    async def act(self) -> None:
        """One thing, or the same tap twice at once."""
        share = self._chance.random()
        if share < 0.03:
            await self._studio.scene.settled()
            await self._studio.restart()
            return
        act = self._tap if share < 0.65 else self._chance.choice(self._others())
        try:
            act()
        except SimulatorError:
            return  # what she meant is not there any more
        await self._studio.scene.settled()

    def _others(self) -> list[Callable[[], object]]:
        marta = self._studio.marta
        return [
            lambda: marta.send("/broadcast"),
            lambda: marta.send("/broadcasts"),
            lambda: marta.send(self._chance.choice(SENTENCES)),
            lambda: marta.send_album(["photo", "photo"]),
            lambda: marta.send_kind(self._chance.choice(["poll", "sticker"])),
            lambda: marta.delete(self._chance.choice(marta.messages)),
            self._edit,
            *[self._write] * 4,
        ]

    def _write(self) -> None:
        self._written += 1
        self._studio.marta.send(f"Mensaje {self._written}")

    def _edit(self) -> None:
        marta = self._studio.marta
        mine = [m for m in marta.messages if not m.from_bot and m.media is None]
        if mine:
            marta.edit(self._chance.choice(mine), f"Editado {len(mine)}")

    def _tap(self) -> None:
        marta = self._studio.marta
        there = [
            (message.id, button.label, button.data)
            for message in marta.messages
            for row in message.buttons
            for button in row
            if button.data and button.data.startswith("adm:")
        ]
        if not there:
            marta.send("/broadcast")
            return
        weights = [_weight(label) for _, label, _ in there]
        ((where, _, data),) = self._chance.choices(there, weights)
        for _ in range(self._chance.choice([1, 1, 1, 2])):
            marta.tap_data(where, data)


def _weight(label: str) -> float:
    if label.startswith(RARELY):
        return 0.05
    return 3.0 if label.startswith(OFTEN) else 1.0


@pytest.mark.parametrize("seed", [1, 5])
async def test_nothing_breaks_and_nobody_gets_anything_twice(admin: AdminScene, seed: int) -> None:
    admin.expected += ["not found", "query ID is invalid"]
    whim, passed_over = Whim(admin, seed), 0
    for _ in range(STEPS):
        before = admin.scene.app
        await whim.act()
        if before is not admin.scene.app:
            passed_over += before.dispatch.counts.passed_over
    await admin.scene.settled()
    assert passed_over + admin.scene.app.dispatch.counts.passed_over == 0
    assert not any("Algo ha fallado" in message.text for message in admin.marta.messages)
    assert await admin.services.storage.read(broadcast_history)
    for person in (admin.scene.ana, admin.scene.jordi, admin.scene.sean):
        texts = Counter(m.text for m in admin.got(person) if m.text)
        assert [text for text, times in texts.items() if times > 1] == []
