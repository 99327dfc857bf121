"""After a mute or a withdrawal nothing more arrives, also during a broadcast."""

import asyncio
from typing import Any

import pytest

from bot.transport.errors import TelegramRefused
from handlers.screens.buttons import NO_MORE
from simulator.call_log import RecordedCall
from simulator.person import Person
from simulator.taps import Tap
from storage.broadcast_types import Kind, Tally
from storage.broadcasts import tally_of_broadcast
from tests.features.test_invalidated import invalidated
from tests.support.admin_scene import AdminScene
from tests.support.broadcasts import claimed_by
from tests.support.scene import Scene
from tests.support.telegram_calls import fails

HEARD = "Hecho: no te enviaremos más noticias de otras acciones."
COUNTS = "Tu firma sigue contando."


async def test_after_stop_nothing_more_comes_and_the_signature_counts(scene: Scene) -> None:
    ana, jordi, _luz, rosa, pau = people = [
        scene.world.person(name, language="es") for name in ("Ana", "Jordi", "Luz", "Rosa", "Pau")
    ]
    assert "ninguna firma tuya: no te escribiremos." in await scene.says(ana, "/stop")
    for person in people:
        await scene.signs(person, person.user.first_name * 2, news=person is rosa)
    for person in (ana, pau):
        said = await scene.says(person, "/stop")
        assert "No te escribiremos más. Solo lo haríamos para avisarte si una brecha" in said
        assert COUNTS in said
    # Off and on again before the end is as if nothing had been; news are refused by themselves.
    await scene.goes(jordi, "/mydata", "🔕 No recibir más mensajes")
    assert "pediste que no te escribiéramos." in scene.screen(jordi).text
    await scene.taps(jordi, "🔔 Volver a recibir mensajes")
    assert "pediste que no te escribiéramos" not in scene.screen(jordi).text
    assert "Noticias de otras acciones: sí" in await scene.says(rosa, "/mydata")
    await scene.taps(rosa, "No recibir noticias de otras acciones")
    assert "Noticias de otras acciones: no" in scene.screen(rosa).text
    await scene.closes()
    await scene.broadcasts(3)
    assert [scene.told(person) for person in people] == [0, 1, 1, 1, 0]
    # Who wants messages again is told what was missed.
    await scene.taps(ana, "🔔 Volver a recibir mensajes")
    assert await ana.chat.notifier.wait_for(lambda: scene.told(ana) or None, 10)
    assert "Tú también firmaste. Gracias." in await scene.says(pau, "/start")
    assert [scene.told(person) for person in people] == [1, 1, 1, 1, 0]


async def test_who_wants_no_news_hears_that_it_is_done_though_telegram_fails_at_first(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, jordi, luz, rosa = (
        scene.world.person(name, language="es") for name in ("Ana", "Jordi", "Luz", "Rosa")
    )

    def refuses(person: Person) -> Tap:
        return person.tap_data(person.screen.id, NO_MORE[Kind.NEWS])

    for person in (ana, jordi, luz):
        await scene.signs(person, person.user.first_name * 2, news=True)
    with monkeypatch.context() as patch:
        fails(patch, "answer_callback_query", 2)
        answer = await refuses(ana).answered()
        assert (answer.text, answer.alert) == (f"{HEARD} {COUNTS}", True)
    # When it is too late for a window, it is written.
    with monkeypatch.context() as patch:

        async def too_late(*_: Any, **__: Any) -> None:
            raise TelegramRefused(
                400, "Query is too old and response timeout expired or query id is invalid"
            )

        patch.setattr(type(scene.bot), "answer_callback_query", too_late)
        refuses(jordi)
        await jordi.sees(f"{HEARD} {COUNTS}")
    # What was owed is shown besides.
    with monkeypatch.context() as patch:
        fails(patch, "send_message", 1)
        await scene.says(luz, "/help")
        assert HEARD in (await refuses(luz).answered()).text
        await luz.sees("Ayuda")
    # Just after signing, one is thanked all the same.
    await scene.to_the_name(rosa)
    await scene.says(rosa, "Rosa Mar")
    scene.simulator.faults.freeze()
    taps = (rosa.tap("✍️ Consiento y firmo"), refuses(rosa))
    scene.simulator.faults.thaw()
    for tap in taps:
        await tap.answered()
    await scene.settled()
    assert "con la tuya: 4" in scene.screen(rosa).text
    # Nobody reads that their signature counts where it does not, or is withdrawn.
    await invalidated(scene, [1])
    assert COUNTS not in await scene.says(ana, "/stop")
    await scene.withdraws(ana)
    assert (await refuses(ana).answered()).text == HEARD
    # While a message to them is on its way, they read that it may come.
    monkeypatch.setattr("handlers.opt_out.LONGEST_WAIT", 0.001)
    pau, hung = scene.world.person("Pau", language="es"), "puede que todavía te llegue."
    await scene.signs(pau, "Pau Pau", updates=True)
    await claimed_by(scene.services.open_claims, pau.id, has_left=True)
    await scene.says(pau, "/mydata")
    for label in ("No recibir novedades de esta petición", "Limitar el uso de mis datos"):
        assert hung in await scene.taps(pau, label)
        await scene.taps(pau, "Otros derechos" if label.startswith("No") else "Volver")
    answer = await pau.tap_data(pau.screen.id, NO_MORE[Kind.UPDATE]).answered()
    told = "Hecho: no te enviaremos más novedades de esta petición."
    assert answer.text.startswith(f"{told} {COUNTS} Un mensaje nuestro ya iba de camino:")
    await scene.settled()


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
        await person.with_button(label)
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


async def test_when_something_may_still_arrive_the_confirmation_says_so(admin: AdminScene) -> None:
    admin.scene.patch.setattr("handlers.opt_out.LONGEST_WAIT", 0.001)
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
    await scene.withdraws(person)
    shown.append((await person.sees(ERASED)).text)
    return shown
