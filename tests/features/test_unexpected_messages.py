"""What people do that no form expects."""

from storage.signatures import mark_unreachable
from tests.features.test_typed_names import somebody
from tests.support.scene import Scene, data_of
from tests.support.supporters import signature_of

SIGN = "✍️ Firmar con mi nombre"


async def test_what_nobody_asked_for_gets_an_answer_that_shows_the_way_on(scene: Scene) -> None:
    ana, jordi = scene.ana, scene.jordi
    said = await scene.says(ana, "hola")
    assert "elige uno de los de abajo" in said
    assert SIGN in scene.screen(ana).labels
    assert "/help" in await scene.says(ana, "/sign_me_up")
    # An edited message changes nothing, and is answered.
    written = ana.send("hola")
    await scene.settled()
    ana.edit(written, "/withdraw")
    await scene.settled()
    assert "editar un mensaje no cambia nada" in scene.screen(ana).text
    for kind in ("sticker", "photo", "voice"):
        ana.send_kind(kind)
        await scene.settled()
        assert "solo entiende texto y botones" in scene.screen(ana).text
    await scene.taps(ana, SIGN)
    for kind in ("sticker", "photo", "voice"):
        ana.send_kind(kind)
        await scene.settled()
        assert "Escribe el nombre en un mensaje de texto nuevo" in scene.screen(ana).text
    # Whose profile has no name to sign with cannot take it, whatever they tap.
    odd = scene.world.person("=", language="es")
    await scene.to_the_name(odd)
    asked = scene.screen(odd)
    assert asked.labels == ["🔒 Privacidad", "Volver"]
    version = (asked.buttons[0][0].data or "").partition(":")[0]
    await scene.answered(odd.tap_data(asked.id, f"{version}:profile:"))
    assert scene.screen(odd).text == asked.text
    # Who blocks the bot stops nothing, and goes on where they were.
    ana.block()
    await scene.settled()
    storage = scene.storage
    for reach, label, seen in (
        (scene.to_the_name, "Usar «Ana García»", "Yo, Ana García, consiento"),
        (scene.to_the_consent, "⬜ Noticias de otras acciones", "Yo, Ana García, consiento"),
        (scene.signs, "Ver mi firma", "Ya has firmado"),
    ):
        person = next(somebody(scene))
        await reach(person)
        for change, is_unreachable in ((person.block, True), (person.unblock, False)):
            change()
            await scene.settled()
            signed = await storage.read(signature_of, scene.services.reference(person.id))
            assert signed is None or signed.unreachable is is_unreachable
        await scene.taps(person, label)
        assert seen in scene.screen(person).text
    # Who writes can be written to again, whatever Telegram said before.
    await storage.write(mark_unreachable, scene.services.reference(person.id), scene.now)
    await scene.says(person, "hola")
    signed = await storage.read(signature_of, scene.services.reference(person.id))
    assert signed is not None
    assert not signed.unreachable
    await scene.to_the_consent(jordi)
    # A double tap signs once.
    for tap in [jordi.tap("✍️ Consiento y firmo") for _ in range(3)]:
        await tap.answered()
    await scene.settled()
    assert "con la tuya: 2" in scene.screen(jordi).text
    scene.marta.send("/stats")
    await scene.marta.sees("Firmas: 2")
    await scene.starts(ana)
    assert scene.petition.texts_in("es").title in scene.screen(ana).text


async def test_a_stale_button_shows_the_present_screen(scene: Scene) -> None:
    ana = scene.ana
    await scene.starts(ana)
    first = scene.screen(ana)
    old = data_of(first, SIGN)
    await scene.taps(ana, "📖 Leer el llamamiento")
    await scene.answered(ana.tap_data(first.id, old))
    assert "Página 1 de 4" in scene.screen(ana).text
    # The living message comes back when it was deleted.
    tap = ana.tap("Siguiente ›")
    ana.delete(scene.screen(ana))
    await tap.answered()
    await scene.settled()
    assert "Página 2 de 4" in scene.screen(ana).text
    scene.simulator.calls.clear()
    # In a group there is one line and a private link.
    group = scene.world.group("Barrio", members=[ana])
    for text in ("/start@peticion_bot", "hola a todos", "/help @pedro"):
        ana.send_in(group, text)
        await scene.settled()
        (said,) = (m for m in group.messages.values() if m.from_bot)
        assert said.text == "La petición se lee y se firma en un chat privado."
        assert said.labels == ["Abrir el chat privado"]
        assert said.buttons[0][0].url == "https://t.me/peticion_bot?start=group"
    # Over a slow line nothing is handled twice.
    scene.simulator.calls.clear()
    scene.simulator.faults.latency = 0.1
    scene.simulator.faults.spared = frozenset()
    for person in (scene.jordi, scene.sean):
        await scene.signs(person)
    scene.simulator.faults.clear()
    assert len(scene.simulator.calls.of("sendMessage")) == 2
