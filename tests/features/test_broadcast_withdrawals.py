"""After a withdrawal or mute during a broadcast is confirmed, nothing more arrives."""

import asyncio

import pytest

from handlers.screens.buttons import NO_MORE
from simulator.call_log import RecordedCall
from simulator.person import Person
from storage.broadcast_types import Kind, Tally
from storage.broadcasts import tally_of_broadcast
from tests.support.admin_scene import AdminScene
from tests.support.broadcasts import claimed_by

MESSAGE = "De Lucy"
ERASED = "Tu firma está retirada y tus datos, borrados"
SILENT = "No te escribiremos más"


class Order:
    """What each chat was shown, in the order in which Telegram took it."""

    def __init__(self, admin: AdminScene) -> None:
        self.of: dict[object, list[str]] = {}
        admin.scene.simulator.calls.listeners.append(self._note)

    def _note(self, call: RecordedCall, _: object) -> None:
        text = str(call.params.get("text", ""))
        for each in (MESSAGE, ERASED, SILENT):
            if each in text and call.status == 200:
                self.of.setdefault(call.chat_id, []).append(each)

    def late(self) -> list[object]:
        """Those to whom the broadcast came after they had read that nothing would."""
        return [chat for chat, shown in self.of.items() if MESSAGE in shown[1:]]


async def signed(admin: AdminScene, count: int) -> list[Person]:
    people = [admin.scene.world.person(f"Luz{n}", language="es") for n in range(count)]
    for person in people:
        await admin.signs(person)
    return people


async def test_nothing_comes_after_the_words_that_nothing_will(admin: AdminScene) -> None:
    order, label = Order(admin), admin.words.label("Retirar mi firma y borrar mis datos")
    people = await signed(admin, 12)
    erasing, silencing = people[::2], people[1::2]
    for person in erasing:
        person.send("/withdraw")
    for person in erasing:
        await admin.scene.with_button(person, label)
    await admin.starts_another()
    admin.services.wake_broadcast()
    await admin.scene.ana.sees(MESSAGE)
    # By now those of the next second are claimed, and wait for their turn in memory.
    for person in people:
        if person in erasing:
            person.tap(label)
        else:
            person.send("/stop")
    for person in erasing:
        await person.sees(ERASED, 10)
    for person in silencing:
        await person.sees(SILENT, 10)
    tally = await worked_off(admin)
    assert order.late() == []
    told = sum(MESSAGE in shown for shown in order.of.values())
    assert (tally.delivered, tally.pending + tally.withdrawn) == (told, 15 - told)
    assert told < 15


async def worked_off(admin: AdminScene) -> Tally:
    """Waits until nothing that was claimed waits for its turn any more."""
    storage, key = admin.services.storage, (await admin.broadcast()).id
    async with asyncio.timeout(10):
        while (tally := await storage.read(tally_of_broadcast, key)).sending:  # noqa: ASYNC110 - in a database
            await asyncio.sleep(0.01)
    return tally


HUNG = "Un mensaje nuestro ya iba de camino: puede que todavía te llegue."


async def test_when_something_may_still_arrive_the_confirmation_says_so(
    admin: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.opt_out._LONGEST_SECONDS", 0.001)
    luz = admin.scene.world.person("Luz", language="es")
    await admin.signs(luz, news=True)
    await claimed_by(admin.services.open_claims, admin.scene.ana.id, has_left=True)
    assert [HUNG in each for each in await refusals(admin, luz)] == [False] * 6
    said = [HUNG in each for each in await refusals(admin, admin.scene.ana)]
    # Whoever wants to be written to again is told nothing of the kind.
    assert said == [True, True, False, True, True, True]


async def refusals(admin: AdminScene, person: Person) -> list[str]:
    """What somebody reads who refuses messages in every way there is, and withdraws."""
    scene, shown = admin.scene, list[str]()
    await scene.says(person, "/mydata")
    for label in (
        "No recibir noticias de otras acciones",
        "🔕 No recibir más mensajes",
        "🔔 Volver a recibir mensajes",
    ):
        await scene.taps(person, admin.words.label(label))
        shown.append(scene.screen(person).text)
    answered = await person.tap_data(1, NO_MORE[Kind.NEWS]).answered()
    shown.append(answered.text or "")
    person.send("/stop")
    shown.append((await person.sees(SILENT)).text)
    person.send("/withdraw")
    await scene.taps(person, admin.words.label("Retirar mi firma y borrar mis datos"))
    shown.append((await person.sees(ERASED)).text)
    return shown
