"""A second admin does not approve what late visitors would read, and who asked is told."""

import asyncio
from datetime import datetime

import pytest

from simulator.faults import Fault
from simulator.person import Person
from storage.closing_texts import approve_publication, decline_publication
from tests.features.test_closing_date import told
from tests.features.test_closing_text_approval import THE_CHANGE
from tests.features.test_closing_texts import SPANISH, closes, notices, publishes, writes
from tests.support.admin_scene import AdminScene
from tests.support.approval_scene import LUCY, PAU, with_settings
from tests.support.scene import ADMIN
from tests.support.storage_calls import Proceed, call_instead

DECLINED = "Tu cambio en el texto sobre el final no se ha aprobado."


@pytest.fixture
def admin(three_admins: AdminScene) -> AdminScene:
    return three_admins


async def asked_of(admin: AdminScene, pau: Person) -> None:
    """Marta closes the petition and asks to publish a text, which Pau has before his eyes."""
    await closes(admin)
    await writes(admin, SPANISH, "Han vuelto")
    await publishes(admin)
    await admin.scene.says(pau, "/closing")
    await admin.scene.taps(pau, THE_CHANGE)


async def test_marta_is_told_that_pau_declined_her_text(
    admin: AdminScene, pau: Person, lucy: Person
) -> None:
    await closes(admin)
    for _ in range(2):
        await writes(admin, SPANISH, "Han vuelto")
        await publishes(admin)
        await admin.scene.says(pau, "/closing")
        await admin.scene.taps(pau, THE_CHANGE)
        await admin.scene.taps(pau, "No aprobarlo")
        await notices(admin)
        assert admin.marta.messages[-1].text == (
            f"{DECLINED}\n\n• el mensaje final, en español\n\nLo ha decidido Pau. El texto sigue "
            "guardado y no lo lee nadie. Para cambiarlo, o pedirlo otra vez, escribe /closing."
        )
        # What she takes back herself is no news.
        await publishes(admin)
        await admin.taps(THE_CHANGE)
        await admin.taps("Dejar de pedirlo")
    assert sum(DECLINED in m.text for m in admin.marta.messages) == 2
    assert not any("was not approved" in m.text for m in lucy.messages)


async def test_marta_who_is_no_admin_any_more_is_told_nothing(
    admin: AdminScene, pau: Person, lucy: Person
) -> None:
    await asked_of(admin, pau)
    await with_settings(admin, admin_ids=frozenset({LUCY, PAU}))
    before = len(admin.marta.messages)
    await admin.scene.taps(pau, "No aprobarlo")
    await notices(admin)
    assert len(admin.marta.messages) == before
    await admin.scene.says(lucy, "/closing")
    assert "Not published, nobody reads it:" in lucy.messages[-1].text


async def test_declined_text_is_not_kept_if_he_wrote_anew(admin: AdminScene, pau: Person) -> None:
    await closes(admin)
    await writes(admin, SPANISH, "Han vuelto")
    await publishes(admin)
    await admin.scene.says(pau, "/closing")
    await admin.scene.taps(pau, SPANISH)
    await admin.scene.says(pau, "Han vuelto a casa")
    await admin.scene.says(pau, "/closing")
    await admin.scene.taps(pau, THE_CHANGE)
    await admin.scene.taps(pau, "No aprobarlo")
    await notices(admin)
    assert admin.marta.messages[-1].text == (
        f"{DECLINED}\n\n• el mensaje final, en español\n\nLo ha decidido Pau. Lo que ya tenía una "
        "versión más nueva se ha descartado. Para ver lo que queda, escribe /closing."
    )


async def test_who_declines_just_after_another_approved_reads_that(
    admin: AdminScene, pau: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nobody reads that it was declined."""

    async def late(proceed: Proceed, key: bytes, actor: int, at: datetime) -> object:
        await admin.services.storage.write(approve_publication, key, LUCY, at)
        return await proceed(key, actor, at)

    await asked_of(admin, pau)
    call_instead(monkeypatch, decline_publication, late)
    await admin.scene.taps(pau, "No aprobarlo")
    assert "✅ Publicado." in pau.messages[-1].text
    await notices(admin)
    assert not any(DECLINED in m.text for m in admin.marta.messages)


async def test_marta_is_told_also_after_a_restart(admin: AdminScene, pau: Person) -> None:
    """And Pau does not wait for her chat."""
    await asked_of(admin, pau)
    await admin.scene.with_button(pau, "No aprobarlo")
    faults = admin.scene.simulator.faults
    faults.by_chat[ADMIN] = Fault.HANG
    pau.tap("No aprobarlo")
    await pau.sees("De acuerdo: ese cambio no se publica.", 1)
    await asyncio.sleep(60)
    await admin.scene.stop_bot()
    faults.clear()
    await admin.scene.start_bot()
    await admin.marta.sees(DECLINED, 400)
    await asyncio.sleep(100)
    assert told(admin.marta, DECLINED) == 1
