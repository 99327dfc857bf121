"""A scene of three admins, in which a message to more than two people needs a second one."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from simulator.chats import Message
from simulator.person import Person
from storage.database import open_database
from tests.support.admin_scene import AdminScene, an_admin_scene
from tests.support.raw_sql import write_sql
from tests.support.scene import ADMIN

LUCY, PAU = ADMIN + 1, ADMIN + 2
THREE = frozenset({ADMIN, LUCY, PAU})
ASK = "Pedir la aprobación, para 3 personas"
APPROVE = "Aprobar y enviar a 3 personas"
QUESTION = "¿Apruebas este envío?"


@pytest.fixture
async def three_admins(tmp_path: Path) -> AsyncIterator[AdminScene]:
    """Marta is one of three admins, and more than two people need a second one."""
    async with an_admin_scene(tmp_path, admin_ids=THREE, approval_above=2) as admin:
        admin.expected.append("chat not found")  # not every admin has written to the bot
        yield admin
    assert admin.refused == []


async def with_settings(admin: AdminScene, **changed: object) -> None:
    """The bot goes on with other settings, and with three admins unless they are others."""
    await admin.scene.goes_on_with(**{"admin_ids": THREE} | changed)
    await admin.start()


@pytest.fixture
def pau(admin: AdminScene) -> Person:
    """Another admin, who has written to the bot."""
    return an_admin(admin, "Pau", "es", PAU)


@pytest.fixture
def lucy(admin: AdminScene) -> Person:
    """And another, who reads English."""
    return an_admin(admin, "Lucy", "en", LUCY)


def an_admin(admin: AdminScene, name: str, language: str, user_id: int) -> Person:
    """Somebody who has written to the bot."""
    person = admin.scene.world.person(name, language=language, user_id=user_id)
    person.start()
    return person


async def asks(admin: AdminScene, *of: Person, text: str = "Hola") -> Message:
    """Marta asks for an approval; returns the question as the last of these sees it."""
    await admin.scene.settled()
    summary = await admin.prepares(text)
    assert "Otra persona que administra la petición tiene que aprobarlo" in summary.text
    assert "Enviar a 3 personas" not in summary.labels
    await admin.taps(ASK)
    question = admin.panel
    for person in of:
        said = QUESTION if person.user.language == "es" else "Do you approve this broadcast?"
        question = await person.sees_one(partial(_is_asked, person, said, text), 10)
    return question


def _is_asked(person: Person, question: str, text: str, message: Message) -> bool:
    return question in message.text and person.messages[-2].text == text


async def passes(admin: AdminScene, time: timedelta, **settings: object) -> None:
    """So much time goes by while the bot is down; it goes on with other settings, if any."""
    await admin.scene.settled()
    await admin.scene.stop_bot()
    database = await open_database(admin.scene.settings.database_url)
    sql = "UPDATE broadcasts SET starts_at = starts_at - :less, created_at = created_at - :less"
    await write_sql(database, sql, less=int(time.total_seconds() * 1000))
    await database.close()
    await admin.scene.goes_on_with(**settings)
    await admin.start()
