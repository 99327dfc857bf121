"""Every admin is told what they have to know, whoever was reached before them."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from bot.petition.petition import BUNDLED
from handlers.admin_notices import Notice, owe_admins
from simulator.faults import Fault
from simulator.person import Person
from storage.broadcast_transitions import (
    begin_broadcast,
    change_broadcast,
    interrupt_broadcast,
)
from storage.broadcast_types import BroadcastAction, PauseReason
from storage.errors import Unavailable
from storage.petitions import follow_folder, petition_notice_was_sent
from telegram_text.markup import Html
from tests.features.test_closing_date import told
from tests.support.admin_scene import AdminScene
from tests.support.approval_scene import QUESTION, asks
from tests.support.scene import ADMIN, Scene
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
    await asks(admin)
    await lucy.sees("Do you approve this broadcast?", 10)
    await admin.scene.settled()
    owe_admins(admin.services, says("Otra cosa.", frozenset({PAU})))
    call_instead(monkeypatch, petition_notice_was_sent, asked)
    pau.start()
    await pau.sees("Otra cosa.", 400)
    await until(lambda: bool(away), 400)
    is_away = False
    await pau.sees(QUESTION, 400)
    await asyncio.sleep(60)
    assert told(pau, QUESTION) == 1


async def test_pau_who_comes_too_late_is_asked_nothing(admin: AdminScene, lucy: Person) -> None:
    await asks(admin)
    await lucy.sees("Do you approve this broadcast?", 10)
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
