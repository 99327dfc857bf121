"""What is stored in the place of a draft, and is none, harms nobody."""

from storage.admins import store_draft
from tests.support.admin_scene import AdminScene
from tests.support.scene import ADMIN


async def test_it_is_said_to_be_no_draft_and_another_can_be_begun(admin: AdminScene) -> None:
    marta = admin.services.keyring.reference(admin.services.petition.slug, ADMIN)
    await admin.begins()
    await admin.says("Hola")
    where, data = admin.data("Continuar")
    now = admin.scene.clocks.now()
    await admin.services.storage.write(store_draft, marta, '{"key": 1}', now)
    await admin.scene.answered(admin.marta.tap_data(where, data))
    assert "No hay ningún mensaje en preparación." in admin.marta.messages[-1].text
    await admin.begins()
    await admin.says("Otra vez")
    await admin.previews()
    await admin.taps("Enviar a 3 personas")
    await admin.over()
    assert [m.text for m in admin.got(admin.scene.ana)] == ["Otra vez"]
