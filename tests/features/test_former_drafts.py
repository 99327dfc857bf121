"""A draft that an earlier version stored is shown and sent; what is no draft harms nobody."""

from __future__ import annotations

from datetime import UTC, datetime

from handlers.broadcasts.draft import Draft, parse_draft
from tests.support.admin_scene import AdminScene
from tests.support.scene import ADMIN

SEND = "Enviar a 3 personas"
NOTHING = "No hay ningún mensaje en preparación."

FORMER = """{"key":"669c9dd9","base":"es","kind":"update","stage":"%(stage)s","language":"es",
"versions":{"es":{"messages":[%(message)d],"kind":"text","group":null,"links":[],
"lost_buttons":false}},"kind_chosen":true,"reads":null,"news_only":false,"audience_chosen":true,
"starts_at":null,"paid":false,"copies":{"es":[%(copy)d]},"old_copies":[7],"edited":false,"topic":null,
"cutoff":3,"token":null,"panel":%(panel)d,"declined":"5","version":6,"touched_at":"%(now)s"}"""


async def stored(studio: AdminScene) -> Draft:
    body = await studio.services.storage.drafts.get(marta(studio))
    draft = parse_draft(body)
    assert draft is not None
    return draft


async def store(studio: AdminScene, body: str) -> None:
    await studio.services.storage.drafts.save(marta(studio), body, datetime.now(UTC))


def marta(studio: AdminScene) -> bytes:
    return studio.services.keyring.reference(studio.services.petition.slug, ADMIN)


async def with_a_former_draft(studio: AdminScene, stage: str = "summary") -> Draft:
    """A message was previewed, and its draft is stored as an earlier version stored it."""
    await studio.begins()
    await studio.says("Hola")
    await studio.previews()
    now = await stored(studio)
    assert now.copies is not None
    assert now.message_id is not None
    former = FORMER % {
        "stage": stage,
        "message": now.versions["es"].messages[0],
        "copy": now.copies["es"][0],
        "panel": now.message_id,
        "now": now.touched_at.isoformat(),
    }
    await store(studio, former)
    return now


async def test_nothing_of_it_is_lost(studio: AdminScene) -> None:
    now = await with_a_former_draft(studio)
    changes = {"key": "669c9dd9", "version": 6, "old_copies": (7,), "refused_album": "5"}
    assert await stored(studio) == now.model_copy(update=changes)


async def test_it_is_shown_and_sent(studio: AdminScene) -> None:
    await with_a_former_draft(studio)
    await studio.says("/broadcast")
    await studio.taps("Seguir con el mensaje que preparabas")
    assert "Hola" in [message.text for message in studio.marta.messages]
    await studio.taps(SEND)
    await studio.over()
    assert [m.text for m in studio.got(studio.scene.ana)] == ["Hola"]


async def test_one_that_asks_for_the_second_confirmation_is_sent_too(studio: AdminScene) -> None:
    await with_a_former_draft(studio, stage="sure")
    await studio.says("/broadcast")
    await studio.taps("Seguir con el mensaje que preparabas")
    await studio.taps(next(each for each in studio.panel.labels if "3 personas" in each))
    await studio.over()
    assert [m.text for m in studio.got(studio.scene.ana)] == ["Hola"]


async def test_what_cannot_be_read_is_said_to_be_no_draft_and_another_can_be_begun(
    studio: AdminScene,
) -> None:
    await studio.begins()
    await studio.says("Hola")
    where, data = studio.data("Continuar")
    await store(studio, '{"key": 1}')
    await studio.marta.tap_data(where, data).answered()
    await studio.scene.settled()
    assert studio.marta.messages[-1].text.startswith(NOTHING)
    await studio.begins()
    await studio.says("Otra vez")
    await studio.previews()
    await studio.taps(SEND)
    await studio.over()
    assert [m.text for m in studio.got(studio.scene.ana)] == ["Otra vez"]
