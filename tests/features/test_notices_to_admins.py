"""Every admin is told what they have to know, whoever was reached before them."""

import asyncio
import shutil
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.monitoring.readiness import RunState
from bot.petition.petition import BUNDLED
from handlers.admin_notices import Notice, owe_admins
from simulator.errors import conflict
from simulator.faults import Fault
from simulator.person import Person
from storage.broadcast_transitions import (
    begin_broadcast,
    change_broadcast,
    interrupt_broadcast,
)
from storage.broadcast_types import BroadcastAction, PauseReason
from storage.conversations import conversation_of
from storage.durability import Durability
from storage.errors import Unavailable
from storage.petitions import follow_folder, petition_notice_was_sent
from telegram_text.markup import Html
from tests.features.test_closing_date import told
from tests.monitoring.asked import ask, monitored
from tests.support.admin_scene import AdminScene
from tests.support.approval_scene import QUESTION, asks
from tests.support.scene import ADMIN, Scene, a_scene
from tests.support.storage_calls import Proceed, call_instead
from tests.support.waiting import until

PAU = ADMIN + 2
CLOSES = "se cerrará sola el"


def says(text: str, admins: frozenset[int] | None = None) -> Notice:
    return Notice("folder", "", lambda _: Html(text), admins)


@pytest.fixture
def admin(three_admins: AdminScene) -> AdminScene:
    return three_admins


@pytest.fixture
async def pau(scene: Scene) -> Person:
    """Another admin, who has blocked the bot."""
    await scene.stop_bot()
    scene.marta.start()
    pau = scene.world.person("Pau", language="es", user_id=PAU)
    pau.start()
    pau.block()
    await scene.goes_on_with(admin_ids=frozenset({ADMIN, PAU}))
    await scene.settled()
    return pau


async def test_pau_who_blocked_the_bot_is_told_once_back(scene: Scene, pau: Person) -> None:
    await scene.storage.write(follow_folder, scene.now + timedelta(hours=12))
    await scene.marta.sees(CLOSES)
    await asyncio.sleep(200)
    tries = [
        call
        for call in scene.simulator.refused
        if call.chat_id == PAU and CLOSES in call.params.get("text", "")
    ]
    assert 3 <= len(tries) <= 5, "it is tried less and less often"
    scene.simulator.calls.clear()
    pau.unblock()
    await pau.sees(CLOSES, 1000)
    await asyncio.sleep(60)
    assert (told(scene.marta, CLOSES), told(pau, CLOSES)) == (1, 1)
    # Of two notices of one thing at once each reads the newer, once.
    for text in ("El primero.", "El segundo."):
        owe_admins(scene.services, says(text))
    await pau.sees("El segundo.")
    await scene.marta.sees("El segundo.")
    assert (told(pau, "El segundo."), told(scene.marta, "El segundo.")) == (1, 1)
    # Who was gone for so long waits for no newer one.
    pau.block()
    owe_admins(scene.services, says("El tercero."))
    await asyncio.sleep(200)
    pau.unblock()
    owe_admins(scene.services, says("El cuarto."))
    await pau.sees("El cuarto.", 5)
    scene.simulator.calls.clear()


async def test_a_refused_petition_folder_is_told_once_telegram_is_back(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.stop_bot()
    folder = shutil.copytree(BUNDLED, tmp_path / "petition")
    scene.marta.start()
    await scene.goes_on_with(folder=folder)
    await scene.settled()
    scene.simulator.faults.by_chat[ADMIN] = Fault.ERROR
    file = folder / "es.toml"
    file.write_text(file.read_text().replace('title = "Ni una', 'title = "<b>Ni una'))
    await asyncio.sleep(60)
    scene.simulator.faults.clear()
    await scene.marta.sees("el bot no los usa", 900)
    await asyncio.sleep(60)
    assert told(scene.marta, "el bot no los usa") == 1
    scene.simulator.calls.clear()


async def test_pau_is_asked_though_the_database_was_away_when_it_was_his_turn(
    admin: AdminScene, lucy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And reads meanwhile what needs no database."""
    away: list[str] = []

    async def asked(proceed: Proceed, kind: str, about: str) -> object:
        if kind == "question" and is_away:
            away.append(about)
            raise Unavailable("away")
        return await proceed(kind, about)

    pau, is_away = admin.scene.world.person("Pau", language="es", user_id=PAU), True
    await asks(admin, lucy)
    calls = admin.scene.simulator.calls
    await until(lambda: any(call.chat_id == PAU for call in calls))  # and was not reached
    await admin.scene.settled()
    owe_admins(admin.services, says("Otra cosa.", frozenset({PAU})))
    call_instead(monkeypatch, petition_notice_was_sent, asked)
    pau.start()
    await pau.sees("Otra cosa.", 1000)
    await until(lambda: bool(away), 1000)
    is_away = False
    await pau.sees(QUESTION, 1000)
    await asyncio.sleep(60)
    assert told(pau, QUESTION) == 1


async def test_pau_who_comes_too_late_is_asked_nothing(admin: AdminScene, lucy: Person) -> None:
    await asks(admin, lucy)
    await admin.scene.taps(lucy, "Approve and send to 3 people")
    await admin.over()
    pau = admin.scene.world.person("Pau", language="es", user_id=PAU)
    pau.start()
    await asyncio.sleep(100)
    assert not any(QUESTION in message.text for message in pau.messages)


async def test_where_marta_who_watches_a_broadcast_is_gone_the_others_read_that_it_waits(
    admin: AdminScene, lucy: Person
) -> None:
    admin.expected.append("bot was blocked by the user")
    await asks(admin)
    await lucy.sees("Do you approve this broadcast?")
    storage, known = admin.services.storage, await admin.broadcast()
    admin.marta.block()
    await storage.write(
        change_broadcast, BroadcastAction.APPROVE, known.id, lucy.user.id, admin.scene.now
    )
    await storage.write(begin_broadcast, known, admin.scene.now, None, None)
    await storage.write(
        interrupt_broadcast, known.id, PauseReason.DEFECT, admin.scene.now, "Error 1"
    )
    admin.services.wake_broadcast()
    await lucy.sees("paused", 60)


IN_STEP = Durability(True, True, 1, 1, is_named=True)
STUCK = Durability(True, True, 1, 0, is_named=True)
ALONE = Durability(True, False, 0, 0, is_named=True)
NOT_WANTED = Durability(True, False, 0, 0, is_named=False)
NOT_WAITED_FOR = Durability(True, False, 1, 1, is_named=False)
GONE, BACK = "se ha quedado sin su servidor de reserva", "vuelve a tener su servidor de reserva"
NO_STANDBY = "petition_bot_check_failing check=no_standby"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> list[Durability]:
    """What the server of the database waits for, one after the other; the last one stays."""
    found = [IN_STEP]

    async def durability_of(_url: str) -> Durability:
        return found.pop(0) if len(found) > 1 else found[0]

    for place in ("bot.database_watch", "bot.monitoring.readiness"):
        monkeypatch.setattr(f"{place}.durability_of", durability_of)
    return found


async def told_of(scene: Scene, server: list[Durability], *found: Durability) -> list[str]:
    """What Marta has been told once the server has been found like this, one after the other."""
    server.extend(found)
    await asyncio.sleep(20 * len(server) + 60)  # it is looked at every twenty
    await scene.settled()
    said = [each.text for each in scene.marta.messages if each.from_bot]
    return [each for text in said for each in (GONE, BACK) if each in text]


async def test_it_is_logged_at_once_and_admins_read_each_change_that_stays(
    tmp_path: Path, server: list[Durability]
) -> None:
    """As when somebody takes it out, or Patroni does after a fail-over."""
    async with a_scene(tmp_path) as scene:
        with capture_logs() as logged:
            told = partial(told_of, scene, server)
            scene.marta.start()
            assert await told(ALONE, IN_STEP) == []
            assert await told(ALONE) == [GONE]
            await scene.stop_bot()
            await scene.start_bot()
            assert await told(STUCK) == [GONE]
            assert await told(IN_STEP) == [GONE, BACK]
            assert await told(NOT_WAITED_FOR) == [GONE, BACK, GONE]
            assert await told(NOT_WANTED) == [GONE, BACK, GONE]
    begun, alone, stuck = "synchronous_standby", "no_synchronous_standby", "standby_not_in_step"
    changes = [(each["event"], each["log_level"]) for each in logged if "standby" in each["event"]]
    assert changes == [
        (alone, "warning"),
        (begun, "info"),
        (alone, "warning"),
        (alone, "warning"),
        (stuck, "warning"),
        (begun, "info"),
        (alone, "warning"),
    ]


async def test_who_is_not_reached_reads_what_is_so_by_then_also_after_a_restart(
    tmp_path: Path, server: list[Durability]
) -> None:
    async with a_scene(tmp_path) as scene:
        told = partial(told_of, scene, server)
        await scene.starts(scene.marta)
        scene.marta.block()
        assert await told(ALONE) == []
        await scene.stop_bot()
        await scene.start_bot()
        scene.marta.unblock()
        assert await told(ALONE) == [GONE]
        scene.marta.block()
        assert await told(IN_STEP) == [GONE]
        assert await told(ALONE) == [GONE]
        scene.marta.unblock()
        await asyncio.sleep(300)  # the pause between the tries has become longer
        assert await told() == [GONE, GONE]


async def test_without_it_people_are_served_and_readyz_and_the_metrics_say_so(
    tmp_path: Path, server: list[Durability]
) -> None:
    async with (
        a_scene(tmp_path) as scene,
        monitored(RunState(scene.app), scene.settings.database_url) as address,
    ):
        for found, status, said, is_alone in (
            (IN_STEP, 200, "The bot works.", 0),
            (NOT_WANTED, 200, "The bot works.", 0),
            (ALONE, 200, "PostgreSQL goes on without its standby: people can sign", 1),
            (NOT_WAITED_FOR, 200, "PostgreSQL goes on without its standby: people can sign", 1),
            (STUCK, 503, "PostgreSQL waits for its standby, which is not there", 0),
        ):
            server[:] = [found]
            answer = await ask(address, "/readyz")
            assert (answer.status, answer.text.startswith(said)) == (status, True), answer
            assert (await ask(address, "/metrics")).metrics[NO_STANDBY] == is_alone


TAKEN = "Otro programa está usando el token de este bot."


async def a_rival_comes(scene: Scene, monkeypatch: pytest.MonkeyPatch, *admins: int) -> None:
    async def refused(*_: object) -> list[dict[str, Any]]:
        raise conflict("terminated by other getUpdates request")

    await scene.stop_bot()
    known = scene.settings.admin_ids | set(admins)
    scene.settings = scene.settings.model_copy(update={"admin_ids": known})
    for person in (scene.ana, scene.marta, scene.sean):
        person.start()
    await scene.start_bot()
    await scene.settled()
    monkeypatch.setattr(scene.world.updates, "poll", refused)
    scene.world.updates.end_poll("terminated by other getUpdates request")


async def test_the_admins_read_that_somebody_else_uses_the_token(scene: Scene) -> None:
    await a_rival_comes(scene, scene.patch, scene.sean.id, scene.jordi.id)
    # Jordi never started the bot, and stands before Seán: the others are told all the same.
    await scene.marta.sees(TAKEN, 300)
    await scene.marta.sees("ni guardar las firmas que lleguen con ellos")
    await scene.sean.sees("Another program is using this bot’s token.", 300)
    assert (told(scene.marta, TAKEN), told(scene.ana, TAKEN)) == (1, 0)
    scene.simulator.calls[:] = [each for each in scene.simulator.calls if each.status < 400]


async def test_they_are_told_without_a_database(scene: Scene) -> None:
    await a_rival_comes(scene, scene.patch)

    async def away(*_: object) -> None:
        raise Unavailable

    call_instead(scene.patch, conversation_of, away)
    await scene.marta.sees(TAKEN, 300)
    scene.simulator.calls[:] = [each for each in scene.simulator.calls if each.status < 400]
