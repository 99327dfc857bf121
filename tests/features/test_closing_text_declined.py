"""A second admin does not approve what late visitors would read, and who asked is told."""

import asyncio

import pytest

from simulator.faults import Fault
from simulator.person import Person
from tests.features.test_closing_date import told
from tests.features.test_closing_text_approval import THE_CHANGE
from tests.features.test_closing_texts import SPANISH, closes, notices, publishes, writes
from tests.support.admin_scene import AdminScene
from tests.support.scene import ADMIN

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
