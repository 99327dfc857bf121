"""A draft that an earlier version stored is shown and sent; what is no draft harms nobody."""

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


async def stored(admin: AdminScene) -> Draft:
    body = await admin.services.storage.drafts.get(marta(admin))
    draft = parse_draft(body)
    assert draft is not None
    return draft


async def store(admin: AdminScene, body: str) -> None:
    await admin.services.storage.drafts.save(marta(admin), body, admin.scene.clocks.now())


def marta(admin: AdminScene) -> bytes:
    return admin.services.keyring.reference(admin.services.petition.slug, ADMIN)


async def with_a_former_draft(admin: AdminScene, stage: str = "summary") -> Draft:
    """A message was previewed, and its draft is stored as an earlier version stored it."""
    await admin.begins()
    await admin.says("Hola")
    await admin.previews()
    now = await stored(admin)
    assert now.copies is not None
    assert now.message_id is not None
    former = FORMER % {
        "stage": stage,
        "message": now.versions["es"].messages[0],
        "copy": now.copies["es"][0],
        "panel": now.message_id,
        "now": now.touched_at.isoformat(),
    }
    await store(admin, former)
    return now


async def test_nothing_of_it_is_lost(admin: AdminScene) -> None:
    now = await with_a_former_draft(admin)
    # How a message begins was not kept then: such a broadcast is listed without it.
    wordless = {"es": now.versions["es"].model_copy(update={"words": ""})}
    changes = {"key": "669c9dd9", "version": 6, "old_copies": (7,), "refused_album": "5"}
    former = {"versions": wordless, "copied_words": {}}
    assert await stored(admin) == now.model_copy(update=changes | former)


async def test_it_is_shown_and_sent(admin: AdminScene) -> None:
    await with_a_former_draft(admin)
    await admin.says("/broadcast")
    await admin.taps("Seguir con el mensaje que preparabas")
    assert "Hola" in [message.text for message in admin.marta.messages]
    await admin.taps(SEND)
    await admin.over()
    assert [m.text for m in admin.got(admin.scene.ana)] == ["Hola"]


async def test_one_that_asks_for_the_second_confirmation_is_sent_too(admin: AdminScene) -> None:
    await with_a_former_draft(admin, stage="sure")
    await admin.says("/broadcast")
    await admin.taps("Seguir con el mensaje que preparabas")
    await admin.taps(next(each for each in admin.panel.labels if "3 personas" in each))
    await admin.over()
    assert [m.text for m in admin.got(admin.scene.ana)] == ["Hola"]


async def test_what_cannot_be_read_is_said_to_be_no_draft_and_another_can_be_begun(
    admin: AdminScene,
) -> None:
    await admin.begins()
    await admin.says("Hola")
    where, data = admin.data("Continuar")
    await store(admin, '{"key": 1}')
    await admin.marta.tap_data(where, data).answered()
    await admin.scene.settled()
    assert NOTHING in admin.marta.messages[-1].text
    await admin.begins()
    await admin.says("Otra vez")
    await admin.previews()
    await admin.taps(SEND)
    await admin.over()
    assert [m.text for m in admin.got(admin.scene.ana)] == ["Otra vez"]
