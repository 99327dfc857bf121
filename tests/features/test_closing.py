"""Marta closes the petition and sends everyone the closing update; nobody else can."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.setup.admin_code import AdminCode
from handlers.context import Services
from simulator.chats import Message
from tests.support.scene import Scene, a_scene
from tests.support.supporters import a_supporter

ORDERS = ("/close", "/reopen", "/broadcast", "/stats")


def services_of(scene: Scene) -> Services:
    assert scene.app is not None
    return scene.app.application.services


async def test_a_whole_petition_from_the_first_signature_to_the_report(scene: Scene) -> None:
    for person in (scene.ana, scene.jordi, scene.sean):
        await scene.signs(person)
    scene.mallory.start()
    await scene.closes()
    await scene.broadcasts(3)
    assert [scene.told(p) for p in (scene.ana, scene.jordi, scene.sean)] == [1, 1, 1]
    assert scene.told(scene.mallory) == 0
    assert any("18 July 2025" in m.text for m in scene.sean.messages)
    await scene.marta.sees("Entregados: 3")


async def test_closing_holds_for_someone_in_the_middle_of_the_form(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    await scene.signs(scene.jordi)
    ana.start()
    await scene.settled()
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    await scene.taps(ana, "⚪ Con mi nombre")
    await scene.closes()
    await scene.consents(ana)
    assert "18 de julio de 2025" in scene.screen(ana).text
    assert scene.words.label("✍️ Firmar la petición") not in scene.screen(ana).labels
    await scene.marta.sees("1 persona ha firmado")


NOT_SIGNED = "No has firmado: la petición se cerró antes. Tu nombre no se ha guardado."


@pytest.mark.parametrize(
    ("on_the_way", "too_late"),
    [
        ([], "✍️ Firmar la petición"),
        (["📖 Leer el llamamiento"], "✍️ Firmar la petición"),
        (["✍️ Firmar la petición"], "Usar «Ana García»"),
        (["✍️ Firmar la petición", "🔒 Privacidad"], "Volver"),
        (["✍️ Firmar la petición", "Usar «Ana García»"], "⬜ Noticias de otras acciones"),
        (["✍️ Firmar la petición", "Usar «Ana García»"], "⚪ Sin mi nombre"),
        (["✍️ Firmar la petición", "Usar «Ana García»"], "Cambiar el nombre"),
        (["✍️ Firmar la petición", "Usar «Ana García»"], "✍️ Consiento y firmo"),
    ],
)
async def test_ana_who_taps_just_after_the_closing_is_told_that_she_has_not_signed(
    scene: Scene, on_the_way: list[str], too_late: str
) -> None:
    scene.ana.start()
    await scene.settled()
    for label in on_the_way:
        await scene.taps(scene.ana, label)
    await scene.closes()
    data = next(
        button.data
        for row in scene.screen(scene.ana).buttons
        for button in row
        if button.label == too_late
    )
    screen = scene.screen(scene.ana).id
    await scene.taps(scene.ana, too_late)
    assert scene.screen(scene.ana).text.endswith(NOT_SIGNED)
    await scene.ana.tap_data(screen, data or "").answered()
    await scene.settled()
    assert scene.screen(scene.ana).text.endswith(NOT_SIGNED), "also after a second tap"
    for command, button in (("/help", "Volver"), ("/privacy", "Volver")):
        scene.ana.send(command)
        await scene.taps(scene.ana, button)
        assert scene.screen(scene.ana).text.endswith(NOT_SIGNED)
    await scene.taps(scene.ana, scene.words.label("📖 Leer el llamamiento"))
    await scene.taps(scene.ana, scene.words.label("Volver"))
    assert NOT_SIGNED not in scene.screen(scene.ana).text, "it is said while it is news"


async def test_who_cancels_just_after_the_closing_is_told_so_too(scene: Scene) -> None:
    scene.ana.start()
    await scene.settled()
    await scene.taps(scene.ana, scene.words.label("✍️ Firmar la petición"))
    await scene.closes()
    scene.ana.send("/cancel")
    await scene.settled()
    assert "no has firmado, y no hemos guardado ningún nombre" in scene.screen(scene.ana).text


async def test_one_person_is_one_person_in_every_language(scene: Scene) -> None:
    await scene.signs(scene.jordi)
    await scene.closes()
    await scene.broadcasts(1)
    for reader, said in ((scene.ana, "1 persona"), (scene.sean, "1 person")):
        reader.start()
        await scene.settled()
        shown = scene.screen(reader).text
        assert shown.count(f" {said}.") == 2, shown  # above how it ended, and in it
    assert "firma de 1 persona." in scene.jordi.chat.transcript()


async def test_a_late_visitor_reads_the_outcome_first_and_the_appeal_after(scene: Scene) -> None:
    await scene.signs(scene.jordi)
    await scene.closes()
    scene.ana.start()
    await scene.settled()
    assert "18 de julio de 2025" in scene.screen(scene.ana).text
    await scene.taps(scene.ana, scene.words.label("📖 Leer el llamamiento"))
    assert "tal como estaba" in scene.screen(scene.ana).text


async def test_reopening_lets_people_sign_again_and_only_the_new_ones_are_told(
    scene: Scene,
) -> None:
    scene.simulator.limits.on = False  # two broadcasts and their reports within seconds
    await scene.signs(scene.ana)
    await scene.closes()
    await scene.broadcasts(1)
    scene.marta.send("/reopen")
    await scene.taps(scene.marta, scene.words.label("Sí, volver a abrirla"))
    await scene.signs(scene.jordi)
    for person, promised in ((scene.ana, False), (scene.jordi, True)):
        person.start()
        await scene.settled()
        assert ("te lo contaremos en este chat" in scene.screen(person).text) is promised
    await scene.closes()
    await scene.broadcasts(1)
    assert [scene.told(scene.ana), scene.told(scene.jordi)] == [1, 1]


async def test_before_closing_broadcast_explains_and_sends_nothing(scene: Scene) -> None:
    await scene.signs(scene.ana)
    scene.marta.send("/broadcast")
    await scene.marta.sees("La petición sigue abierta")
    assert scene.told(scene.ana) == 0


async def test_a_confirmation_tapped_twice_sends_once(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.signs(scene.ana)
        await scene.closes()
        await scene.offers_the_final()
        label = scene.words.plural_label("Enviar a {n} persona", "Enviar a {n} personas", 1)
        ctx = await scene.with_button(scene.marta, label)
        taps = [scene.marta.tap(label) for _ in range(2)]
        for tap in taps:
            await tap.answered()
        await scene.marta.sees("El mensaje final está enviado.", 20)
        await scene.settled()
        assert scene.told(scene.ana) == 1
        assert ctx.id in scene.marta.chat.messages
        # The second tap shows what the first one showed, which Telegram refuses harmlessly.
        refused = [call.error or "" for call in scene.simulator.refused]
        assert all("message is not modified" in error for error in refused)


async def test_a_confirmation_is_void_once_the_petition_changed(scene: Scene) -> None:
    await scene.signs(scene.ana)
    await scene.closes()
    await scene.offers_the_final()
    label = scene.words.plural_label("Enviar a {n} persona", "Enviar a {n} personas", 1)
    ctx = await scene.with_button(scene.marta, label)
    data = next(b.data or "" for row in ctx.buttons for b in row if b.label == label)
    scene.marta.send("/reopen")
    await scene.taps(scene.marta, scene.words.label("Sí, volver a abrirla"))
    await scene.signs(scene.jordi)
    await scene.closes()
    await scene.marta.tap_data(ctx.id, data).answered()
    await scene.settled()
    assert "no se ha enviado nada" in scene.marta.chat.messages[ctx.id].text
    assert [scene.told(scene.ana), scene.told(scene.jordi)] == [0, 0]


def data_of(ctx: Message, label: str) -> str:
    return next(b.data or "" for row in ctx.buttons for b in row if b.label == label)


async def answered_with(scene: Scene, ctx: Message, data: str) -> str:
    """What stands in a panel after this button was tapped under it."""
    await scene.marta.tap_data(ctx.id, data).answered()
    await scene.settled()
    return scene.marta.chat.messages[ctx.id].text


async def test_an_old_yes_from_before_a_reopening_closes_nothing(scene: Scene) -> None:
    marta, close = scene.marta, scene.words.label("Sí, cerrar la petición")
    reopen = scene.words.label("Sí, volver a abrirla")
    marta.send("/close")
    ctx = await scene.with_button(marta, close)
    old = data_of(ctx, close)
    await scene.taps(marta, close)
    marta.send("/reopen")
    again = await scene.with_button(marta, reopen)
    old_reopening = data_of(again, reopen)
    await scene.taps(marta, reopen)
    assert "Escribe otra vez el comando" in await answered_with(scene, ctx, old)
    await scene.signs(scene.ana)
    assert "con la tuya: 1" in scene.screen(scene.ana).text, "it is open"
    # And once it is closed again, an old reopening opens nothing.
    await scene.closes()
    assert "Escribe otra vez el comando" in await answered_with(scene, again, old_reopening)
    scene.jordi.start()
    await scene.settled()
    assert scene.words.label("✍️ Firmar la petición") not in scene.screen(scene.jordi).labels


async def test_a_yes_that_comes_twice_shows_that_it_is_done(scene: Scene) -> None:
    marta, close = scene.marta, scene.words.label("Sí, cerrar la petición")
    await scene.signs(scene.ana)
    await scene.signs(scene.jordi, with_name=False)
    now = services_of(scene).clock()
    services_of(scene).clock = lambda: now
    marta.send("/close")
    ctx = await scene.with_button(marta, close)
    counted = "2 personas han firmado.\nCon su nombre: 1. Sin su nombre: 1."
    title = f"«{scene.petition.texts_in('es').title}»"
    assert ctx.text == (
        f"¿Cerrar la petición?\n\n{title}\n\n{counted}\n\n"
        "En cuanto la cierres, nadie más podrá firmar y todo el mundo verá cómo ha acabado. Al "
        "cerrarla no se envía ningún mensaje: eso se hace después, con /broadcast. Puedes "
        "deshacerlo con /reopen.\n\n"
        "Para que se cierre sola otro día, escribe la fecha detrás del comando: "
        f"/close {scene.words.typed_moment(now + timedelta(days=30))}"
    )
    yes = data_of(ctx, close)
    await scene.taps(marta, close)
    what_next = (
        "Para contarles cómo ha acabado a quienes firmaron, escribe /broadcast. Para deshacer el "
        "cierre, /reopen."
    )
    closed = marta.chat.messages[ctx.id].text
    assert closed == f"La petición está cerrada.\n\n{counted}\n\n{what_next}"
    scene.ana.send("/withdraw")
    await scene.taps(scene.ana, scene.words.label("Retirar mi firma y borrar mis datos"))
    said = await answered_with(scene, ctx, yes)
    standing = "La petición ya está cerrada.\n\n2 personas han firmado."
    assert said == f"{standing}\n\n{what_next}", "as it closed"
    marta.send("/reopen")
    reopen = scene.words.label("Sí, volver a abrirla")
    again = await scene.with_button(marta, reopen)
    assert again.text == (
        f"¿Volver a abrir la petición?\n\n{title}\n\nSe podrá firmar de nuevo, hasta que la "
        "cierres con /close. Las firmas que ya hay se conservan."
    )
    yes = data_of(again, reopen)
    await scene.taps(marta, reopen)
    assert "abierta otra vez.\n\n1 persona ha firmado." in marta.chat.messages[again.id].text
    assert "La petición está abierta." in await answered_with(scene, again, yes)


async def test_what_is_so_already_is_said_and_not_asked(scene: Scene) -> None:
    scene.marta.send("/reopen")
    said = await scene.marta.sees("La petición está abierta.")
    assert not said.buttons
    await scene.closes()
    scene.marta.send("/close")
    said = await scene.marta.sees("Con /reopen se vuelve a abrir.")
    assert not said.buttons


async def test_a_no_leaves_it_and_after_a_yes_tells_how_it_is(scene: Scene) -> None:
    close, leave = (
        scene.words.label("Sí, cerrar la petición"),
        scene.words.label("No, dejarla abierta"),
    )
    scene.marta.send("/close")
    ctx = await scene.with_button(scene.marta, leave)
    no = data_of(ctx, leave)
    await scene.taps(scene.marta, leave)
    assert "todo queda como estaba" in scene.marta.chat.messages[ctx.id].text
    scene.marta.send("/close")
    await scene.taps(scene.marta, close)
    said = await answered_with(scene, ctx, no)
    assert "La petición ya está cerrada." in said
    assert "todo queda" not in said


async def test_a_revision_that_is_none_closes_nothing(scene: Scene) -> None:
    scene.marta.send("/close")
    ctx = await scene.with_button(scene.marta, scene.words.label("Sí, cerrar la petición"))
    for revision in ("", "-1", "x", "٠", "²", "0" * 10, "1e0"):
        await scene.marta.tap_data(ctx.id, f"adm:close:{revision}").answered()
    await scene.settled()
    assert "Escribe otra vez el comando" in scene.marta.chat.messages[ctx.id].text
    await scene.signs(scene.ana)
    assert "con la tuya: 1" in scene.screen(scene.ana).text
    # The same words again, which Telegram refuses harmlessly.
    scene.simulator.calls.clear()


@pytest.mark.parametrize("order", ORDERS)
async def test_to_others_the_admins_commands_do_not_exist(scene: Scene, order: str) -> None:
    scene.ana.send(order)
    await scene.settled()
    answered = scene.screen(scene.ana).text
    scene.jordi.send("/nothing_like_it")
    await scene.settled()
    assert answered == scene.screen(scene.jordi).text
    assert order.removeprefix("/") not in {c["command"] for c in scene.ana.commands}


async def test_an_admins_button_does_nothing_in_another_hand(scene: Scene) -> None:
    await scene.signs(scene.ana)
    scene.marta.send("/close")
    ctx = await scene.with_button(scene.marta, scene.words.label("Sí, cerrar la petición"))
    data = ctx.buttons[0][0].data or ""
    scene.mallory.start()
    await scene.settled()
    await scene.mallory.tap_data(scene.screen(scene.mallory).id, data).answered()
    await scene.signs(scene.jordi)
    assert "con la tuya: 2" in scene.screen(scene.jordi).text


async def test_a_forwarded_or_edited_order_is_no_order(scene: Scene) -> None:
    order = scene.ana.send("/close")
    await scene.settled()
    scene.marta.forward(order)
    await scene.settled()
    assert "Ese comando no existe aquí" in scene.screen(scene.marta).text
    own = scene.marta.send("hola")
    await scene.settled()
    scene.marta.edit(own, "/close")
    await scene.settled()
    assert "editar un mensaje" in scene.screen(scene.marta).text


async def test_in_a_group_an_order_is_no_order(scene: Scene) -> None:
    group = scene.world.group("Equipo", members=[scene.marta])
    scene.marta.send_in(group, "/close@peticion_bot")
    await scene.settled()
    await scene.signs(scene.ana)
    assert "con la tuya: 1" in scene.screen(scene.ana).text


async def test_an_admin_sees_the_admins_commands_in_their_own_menu(scene: Scene) -> None:
    scene.marta.start()
    await scene.settled()
    assert {"close", "reopen", "broadcast", "stats", "start"} <= {
        command["command"] for command in scene.marta.commands
    }


async def test_the_link_by_which_somebody_became_an_admin_is_no_source(scene: Scene) -> None:
    scene.marta.start(AdminCode(0.0).text)
    await scene.settled()
    assert scene.petition.texts_in("es").title in scene.screen(scene.marta).text
    services = services_of(scene)
    known = await services.storage.conversations.get(services.reference(scene.marta.id))
    assert known is not None
    assert known.source is None


async def test_stats_tell_languages_and_sources(scene: Scene) -> None:
    scene.ana.start("boletin")
    await scene.settled()
    await scene.signs(scene.ana)
    await scene.signs(scene.sean)
    await joined(services_of(scene), "boletin", 5)
    scene.marta.send("/stats")
    said = await scene.marta.sees("Firmas: 7")
    assert said.text == (
        "Firmas: 7\n\nCon su nombre: 7. Sin su nombre: 0.\n\nHoy: 2\n\n"
        "Por idioma\nEspañol: 6\nInglés: 1\n\nPor origen\nboletin: 6\n(directo y otros): 1\n"
        "En «(directo y otros)» van juntas las firmas de quienes llegaron sin enlace y las de "
        "enlaces con pocas firmas: un enlace hecho para una sola persona diría que esa persona "
        "ha firmado.\n\nHan bloqueado el bot o han dejado Telegram: 0"
    )


async def joined(services: Services, source: str, people: int) -> None:
    """People who came by this link sign, without a chat."""
    for number in range(people):
        someone = a_supporter(services.keyring, 1_000 + number)
        await someone.arrive(services.storage)
        await someone.sign(services.storage, source=source)


async def test_a_bot_that_is_stopped_and_started_goes_on_where_it_was(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    await scene.stop_bot()
    ana.send("Ana García")
    await scene.start_bot()
    await scene.settled()
    await scene.consents(ana)
    assert "con la tuya: 1" in scene.screen(ana).text


async def test_what_closes_and_what_sends_to_many_is_told_from_the_rest_by_its_colour(
    tmp_path: Path,
) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.signs(scene.ana)
        scene.marta.send("/close")
        await scene.settled()
        styles = [button.style for row in scene.marta.messages[-1].buttons for button in row]
        assert styles == ["danger", None]
