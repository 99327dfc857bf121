"""Marta closes the petition and sends everyone the closing update; nobody else can."""

from datetime import timedelta

from bot.setup import new_admin_code
from handlers.context import Services
from simulator.chats import Message
from simulator.person import Person
from storage.petitions import petition_state
from tests.support.scene import Scene, data_of
from tests.support.supporters import a_supporter

ORDERS = ("/close", "/reopen", "/broadcast", "/stats")


async def test_a_whole_petition_from_the_first_signature_to_the_report(scene: Scene) -> None:
    """The bot is stopped and started in the middle of it."""
    ana = scene.ana
    await scene.to_the_name(ana)
    await scene.stop_bot()
    ana.send("Ana García")
    await scene.start_bot()
    await scene.settled()
    assert "con la tuya: 1" in await scene.consents(ana)
    await scene.all_sign(scene.jordi, scene.sean)
    scene.mallory.start()
    await scene.closes()
    await scene.broadcasts(3)
    assert [scene.told(p) for p in (ana, scene.jordi, scene.sean)] == [1, 1, 1]
    assert scene.told(scene.mallory) == 0
    assert any("18 July 2025" in m.text for m in scene.sean.messages)
    await scene.marta.sees("Entregados: 3")


SIGN, USE, CONSENT = "✍️ Firmar con mi nombre", "Usar «Ana García»", "✍️ Consiento y firmo"
UNNAMED = "✍️ Firmar sin dar mi nombre"
NOT_SIGNED = "No has firmado: la petición se cerró antes. No hemos guardado ningún nombre."
# Which buttons somebody taps before it is closed, and which one just after.
TOO_LATE: tuple[tuple[list[str], str], ...] = (
    ([], SIGN),
    (["📖 Leer el llamamiento"], SIGN),
    ([SIGN], USE),
    ([SIGN, "🔒 Privacidad"], "Volver"),
    ([SIGN, USE], "⬜ Noticias de otras acciones"),
    ([SIGN, USE], "Cambiar el nombre"),
    ([SIGN, USE], CONSENT),
    ([], UNNAMED),
    ([UNNAMED], CONSENT),
)


async def test_who_taps_just_after_the_closing_is_told_of_it(scene: Scene) -> None:
    scene.simulator.limits.on = False
    await scene.signs(scene.jordi)
    people = [scene.world.person("Ana", last_name="García", language="es") for _ in TOO_LATE]
    for person, (on_the_way, _) in zip(
        [*people, scene.ana], [*TOO_LATE, ([SIGN], "")], strict=True
    ):
        await scene.goes(person, "/start", *on_the_way)
    await scene.settled()
    await scene.closes()
    await scene.marta.sees("1 persona ha firmado")
    for person, (_, too_late) in zip(people, TOO_LATE, strict=True):
        shown = scene.screen(person)
        data = data_of(shown, too_late)
        for _ in range(2):
            await scene.answered(person.tap_data(shown.id, data))
            assert scene.screen(person).text.endswith(NOT_SIGNED)
            assert "18 de julio de 2025" in scene.screen(person).text
            assert SIGN not in scene.screen(person).labels
    for command in ("/help", "/privacy"):
        people[0].send(command)
        await scene.taps(people[0], "Volver")
        assert scene.screen(people[0]).text.endswith(NOT_SIGNED)
    for person in people:
        assert "tal como estaba" in await scene.taps(person, "📖 Leer el llamamiento")
        assert NOT_SIGNED not in await scene.taps(person, "Volver"), "it is said while it is news"
    await scene.says(scene.ana, "/cancel")
    assert "no has firmado, y no hemos guardado ningún nombre" in scene.screen(scene.ana).text


async def test_reopened_it_is_signed_and_the_new_ones_are_told(scene: Scene) -> None:
    """What Marta was about to send before is void; her last tap comes twice."""
    scene.simulator.limits.on = False  # two broadcasts and their reports within seconds
    ana, jordi, sean, marta = scene.ana, scene.jordi, scene.sean, scene.marta
    await scene.starts(ana, "boletin")
    await scene.signs(ana)
    marta.send("/broadcast")
    await marta.sees("La petición sigue abierta")
    await scene.closes()
    await scene.offers_the_final()
    old = await marta.with_button("Enviar a 1 persona")
    data = data_of(old, "Enviar a 1 persona")
    await reopens(scene)
    await scene.signs(jordi)
    await scene.closes()
    assert "no se ha enviado nada" in await answered_with(scene, old, data)
    assert [scene.told(ana), scene.told(jordi)] == [0, 0]
    await scene.offers_the_final()
    ctx = await marta.with_button("Enviar a 2 personas")
    for tap in [marta.tap("Enviar a 2 personas") for _ in range(2)]:
        await tap.answered()
    await marta.sees("El mensaje final está enviado.", 20)
    await scene.settled()
    assert [scene.told(ana), scene.told(jordi)] == [1, 1]
    assert ctx.id in marta.chat.messages
    await reopens(scene)
    await scene.signs(sean)
    for person, promised in ((ana, "contaremos en este chat"), (sean, "tell you in this chat")):
        await scene.starts(person)
        assert (promised in scene.screen(person).text) is (person is sean)
    await scene.closes()
    await scene.broadcasts(1)
    assert [scene.told(person) for person in (ana, jordi, sean)] == [1, 1, 1]
    await reopens(scene)
    await joined(scene.services, "boletin", 5)
    scene.marta.send("/stats")
    said = await scene.marta.sees("Firmas: 8")
    assert said.text == (
        "Firmas: 8\n\nCon su nombre: 8. Sin su nombre: 0.\n\nHoy: 3\n\n"
        "Por idioma\nEspañol: 7\nInglés: 1\n\nPor origen\nboletin: 6\n(directo y otros): 2\n"
        "En «(directo y otros)» van juntas las firmas de quienes llegaron sin enlace y las de "
        "enlaces con pocas firmas: un enlace hecho para una sola persona diría que esa persona "
        "ha firmado.\n\nPersonas que han bloqueado el bot o han dejado Telegram: 0"
    )


async def joined(services: Services, source: str, people: int) -> None:
    """People who came by this link sign, without a chat."""
    for number in range(people):
        someone = a_supporter(services.keyring, 1_000 + number)
        await someone.arrive(services.storage)
        await someone.sign(services.storage, source=source)


async def reopens(scene: Scene) -> None:
    await scene.goes(scene.marta, "/reopen", "Sí, volver a abrirla")


async def answered_with(scene: Scene, ctx: Message, data: str) -> str:
    """What stands in a panel after this button was tapped under it."""
    await scene.answered(scene.marta.tap_data(ctx.id, data))
    return scene.marta.chat.messages[ctx.id].text


async def test_a_yes_that_comes_twice_shows_that_it_is_done(scene: Scene) -> None:
    marta, close = scene.marta, scene.words.label("Sí, cerrar la petición")
    await scene.signs(scene.ana)
    await scene.signs(scene.jordi, with_name=False)
    now = scene.now
    scene.services.clock = lambda: now
    marta.send("/close")
    ctx = await marta.with_button(close)
    assert [button.style for row in ctx.buttons for button in row] == ["danger", None]
    counted = "2 personas han firmado.\nCon su nombre: 1. Sin su nombre: 1."
    title = f"«{scene.petition.texts_in('es').title}»"
    assert ctx.text == (
        f"¿Cerrar la petición?\n\n{title}\n\n{counted}\n\n"
        "En cuanto la cierres, nadie más podrá firmar y todo el mundo verá cómo ha terminado. Al "
        "cerrarla no se envía ningún mensaje: eso se hace después, con /broadcast. Puedes "
        "deshacerlo con /reopen.\n\n"
        "Para que se cierre sola otro día, escribe la fecha detrás del comando: "
        f"/close {scene.words.typed_moment(now + timedelta(days=30))}"
    )
    yes = data_of(ctx, close)
    await scene.taps(marta, close)
    what_next = (
        "Para contarles cómo ha terminado a quienes firmaron, escribe /broadcast. Para deshacer "
        "el cierre, /reopen."
    )
    closed = marta.chat.messages[ctx.id].text
    assert closed == f"La petición está cerrada.\n\n{counted}\n\n{what_next}"
    await scene.withdraws(scene.ana)
    said = await answered_with(scene, ctx, yes)
    standing = "La petición ya está cerrada.\n\n2 personas han firmado."
    assert said == f"{standing}\n\n{what_next}", "as it closed"
    marta.send("/close")
    said_so = await marta.sees("La petición ya está cerrada. Con /reopen se vuelve a abrir.")
    assert not said_so.buttons
    marta.send("/reopen")
    reopen = scene.words.label("Sí, volver a abrirla")
    again = await marta.with_button(reopen)
    assert [button.style for row in again.buttons for button in row] == [None, None]
    assert again.text == (
        f"¿Volver a abrir la petición?\n\n{title}\n\nSe podrá firmar de nuevo, hasta que la "
        "cierres con /close. Las firmas que ya hay se conservan."
    )
    reopening = data_of(again, reopen)
    await scene.taps(marta, reopen)
    assert marta.chat.messages[again.id].text == (
        "La petición está abierta otra vez.\n\n1 persona ha firmado."
    )
    opened = "La petición está abierta. Para cerrarla, escribe /close."
    assert await answered_with(scene, again, reopening) == opened
    assert await answered_with(scene, ctx, yes) == opened
    assert "yours included: 2" in await scene.signs(scene.sean), "it is open"
    # And once it is closed again, an old reopening opens nothing.
    await scene.closes()
    said = await answered_with(scene, again, reopening)
    assert said.startswith("La petición ya está cerrada.")
    await scene.starts(scene.mallory)
    assert scene.english.label("✍️ Firmar con mi nombre") not in scene.screen(scene.mallory).labels


async def test_what_is_no_yes_of_an_admin_closes_nothing(scene: Scene) -> None:
    marta, words = scene.marta, scene.words
    close, leave = words.label("Sí, cerrar la petición"), words.label("No, dejarla abierta")
    marta.send("/reopen")
    assert not (await marta.sees("La petición está abierta.")).buttons
    order = scene.ana.send("/close")
    await scene.settled()
    marta.forward(order)
    await scene.settled()
    assert "Este chat funciona con botones" in scene.screen(marta).text
    own = marta.send("hola")
    await scene.settled()
    assert "editar un mensaje" in await scene.edits(marta, own, "/close")
    marta.send_in(scene.world.group("Equipo", members=[marta]), "/close@peticion_bot")
    await scene.settled()
    marta.send("/close")
    ctx = await marta.with_button(close)
    await scene.starts(scene.mallory)
    stranger = scene.mallory.tap_data(scene.screen(scene.mallory).id, data_of(ctx, close))
    await stranger.answered()
    no = data_of(ctx, leave)
    for revision in ("", "-1", "x", "٠", "²", "0" * 10, "1e0"):
        said = await answered_with(scene, ctx, f"adm:close:{revision}")
        assert "La petición está abierta." in said
    assert "con la tuya: 1" in await scene.signs(scene.jordi)
    assert await answered_with(scene, ctx, no) == (
        "La petición está abierta. Para cerrarla, escribe /close."
    )
    assert all("is not modified" in (call.error or "") for call in scene.simulator.refused)
    scene.simulator.calls.clear()


async def test_a_no_after_the_yes_says_what_the_yes_did(scene: Scene) -> None:
    """On a slow phone Marta sees no change, and taps the other button."""
    marta, closed = scene.marta, "La petición ya está cerrada."
    day = (scene.now + timedelta(days=9)).astimezone(scene.words.zone).strftime("%d/%m/%Y 10:00")
    for command, yes, no, done in (
        (f"/close {day}", "Sí, cerrarla ese día", "No, dejarla como está", "se cerrará sola el "),
        ("/close", "Sí, cerrar la petición", "No, dejarla abierta", closed),
        ("/reopen", "Sí, volver a abrirla", "No, dejarla cerrada", "La petición está abierta."),
    ):
        marta.send(command)
        asked = await marta.with_button(yes)
        leave, before = data_of(asked, no), await scene.storage.read(petition_state)
        await scene.taps(marta, yes)
        assert done in await answered_with(scene, asked, leave), command
        assert "no he cambiado" not in marta.chat.messages[asked.id].text
        assert await scene.storage.read(petition_state) != before
    marta.send("/reopen")
    await marta.sees("La petición está abierta.")


async def test_to_others_the_admins_commands_do_not_exist(scene: Scene) -> None:
    await scene.says(scene.jordi, "/nothing_like_it")
    for order in ORDERS:
        await scene.says(scene.ana, order)
        assert scene.screen(scene.ana).text == scene.screen(scene.jordi).text
    scene.marta.start(new_admin_code())  # the link by which somebody became an admin
    await scene.settled()
    assert scene.petition.texts_in("es").title in scene.screen(scene.marta).text
    assert (await scene.conversation(scene.marta)).source is None
    commands = {order.removeprefix("/") for order in ORDERS}
    assert commands | {"start"} <= listed_for(scene.marta)
    assert not commands & listed_for(scene.ana)


def listed_for(person: Person) -> set[str]:
    return {command["command"] for command in person.commands}
