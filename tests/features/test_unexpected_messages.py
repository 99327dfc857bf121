"""What the bot did not ask for: other messages, odd signs, words after a command."""

from pathlib import Path

from orjson import Fragment

from bot.setup import new_admin_code
from handlers.screens.help import SUPPORTER_COMMANDS
from simulator.faults import Fault
from simulator.person import Person
from storage.admins import names_of_admins, save_admin_name
from storage.petitions import petition_state
from storage.signatures import mark_unreachable
from tests.features.test_typed_names import GONE, somebody
from tests.support.scene import Scene, a_scene, data_of
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
    assert "editar un mensaje no cambia nada" in await scene.edits(ana, written, "/withdraw")
    for kind in ("sticker", "photo", "voice"):
        assert "solo entiende texto y botones" in await scene.sends(ana, kind)
    await scene.taps(ana, SIGN)
    for kind in ("sticker", "photo", "voice"):
        assert "Escribe el nombre en un mensaje de texto nuevo" in await scene.sends(ana, kind)
    # Whose profile has no name to sign with cannot take it, whatever they tap.
    odd = scene.world.person("=", language="es")
    await scene.to_the_name(odd)
    asked = scene.screen(odd)
    assert asked.labels == ["🔒 Privacidad", "Volver"]
    version = (asked.buttons[0][0].data or "").partition(":")[0]
    await scene.answered(odd.tap_data(asked.id, f"{version}:profile:"))
    assert scene.screen(odd).text == asked.text
    # Who blocks the bot stops nothing, and goes on where they were.
    await scene.blocks(ana)
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
        assert seen in await scene.taps(person, label)
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
    assert scene.petition.texts_in("es").title in await scene.starts(ana)


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
    await scene.all_sign(scene.jordi, scene.sean)
    scene.simulator.faults.clear()
    assert len(scene.simulator.calls.of("sendMessage")) == 2


ERASE = "Retirar mi firma y borrar mis datos"


def from_bot(person: Person) -> list[str]:
    """The first line of each text of the bot in the chat."""
    return [
        m.text.partition("\n")[0] for m in person.messages if m.from_bot and m.text and not m.photo
    ]


def buttons_of(person: Person, line: str) -> tuple[str, ...]:
    return next(tuple(m.labels) for m in person.messages if m.text.startswith(line))


async def test_the_thanks_stay_when_ana_looks_at_something_else(scene: Scene) -> None:
    scene.simulator.limits.on = False
    ana, title = scene.ana, scene.petition.texts_in("es").title
    await scene.signs(ana)
    (thanks,) = kept = from_bot(ana)  # until then it was the one message
    place = scene.screen(ana).id
    await ana.tap_data(place, "1:home:").answered()  # of a screen before
    await scene.settled()
    assert (scene.screen(ana).id, from_bot(ana)) == (place, kept)
    await scene.taps(ana, "Ver mi firma", "📖 Leer el llamamiento")
    assert from_bot(ana) == [thanks, title]
    assert buttons_of(ana, thanks) == ()
    assert ana.messages[-1].text.startswith(title)
    # So does what /stop answered, whatever is asked for below it; no way back brings it again.
    for asked, way_back in (
        ("/start", None),
        ("/mydata", "Volver"),
        ("/help", "Volver"),
        ("hola", None),
        ("/nada", None),
    ):
        for _ in range(2):  # only repeated, it stands there once
            await scene.says(ana, "/stop")
        assert from_bot(ana)[:-1] == kept
        kept = from_bot(ana)
        assert kept[-1].startswith("No te escribiremos más.")
        for _ in range(2):
            await scene.says(ana, asked)
            assert from_bot(ana)[:-1] == kept
            assert ana.messages[-1].buttons, "and the answer comes below the command"
        if way_back is not None:
            assert "Ya has firmado" in await scene.taps(ana, way_back)
            assert from_bot(ana)[:-1] == kept
    await scene.goes(ana, "/stop", "🔔 Volver a recibir mensajes")
    assert "te lo contaremos en este chat" in scene.screen(ana).text
    kept = from_bot(ana)[:-1]
    await scene.withdraws(ana)
    await scene.taps(ana, "Volver")
    await scene.says(ana, "/help")
    assert from_bot(ana)[:-2] == kept
    assert from_bot(ana)[-2].startswith("Tu firma está retirada")
    assert all(buttons_of(ana, line) == () for line in from_bot(ana)[:-1])


async def test_buttons_that_telegram_did_not_take_away_at_first_go_later(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        ana, scene.leaves_screens = scene.ana, True
        await scene.signs(ana)
        thanks = from_bot(ana)[-1]
        scene.simulator.faults.next("editMessageReplyMarkup", *[Fault.ERROR] * 4)
        await scene.taps(ana, "Ver mi firma")

        def are_gone() -> bool | None:
            return buttons_of(ana, thanks) == () or None

        assert await ana.chat.notifier.wait_for(are_gone, 10)
        assert len(from_bot(ana)) == 2
        # The withdrawal is answered though she writes on at once.
        await scene.says(ana, "/withdraw")
        scene.simulator.faults.freeze()
        ana.tap(ERASE)
        ana.send("/start")
        scene.simulator.faults.thaw()
        await scene.settled()
        title = scene.petition.texts_in("es").title
        withdrawn = "Tu firma está retirada y tus datos, borrados."
        assert from_bot(ana) == [thanks, withdrawn, title]


NO_TEXT: list[str | bytes] = [
    *(b"7:home:\xff\xfe", b"\xed\xa0\x80", b'\x00"\\'),
    *("7:\ud800", "\udfff", "\x00"),
]
ODD_NAMES = [b'"\xff\xc3 Mal"', rb'"\ud800 Mal"', rb'"Mal\u0000"', f'"{"ñ" * 65_536}"'.encode()]


async def test_a_button_that_carries_no_text_stops_nobody(scene: Scene) -> None:
    mallory, title = scene.mallory, scene.petition.texts_in("es").title
    await scene.starts(mallory)
    for data in NO_TEXT[::2]:
        tap = mallory.tap_data(scene.screen(mallory).id, data)
        scene.ana.start()
        await tap.answered()
        await scene.settled()
        assert title in scene.screen(scene.ana).text
        assert scene.world.updates.pending == {}
    # Nor a bot that starts on such buttons.
    screen = scene.screen(mallory).id
    await scene.stop_bot()
    for data in NO_TEXT:
        mallory.tap_data(screen, data)
    scene.jordi.start()
    app = await scene.start_bot()
    await scene.jordi.sees(title)
    await scene.settled()
    assert app.dispatch.counts.passed_over == 0


async def test_what_profiles_and_files_are_called_stops_no_signing(scene: Scene) -> None:
    mallory = scene.mallory
    start = mallory.start("web").shape()
    file = {"file_id": "x", "file_unique_id": "y", "file_size": 1}
    for raw in ODD_NAMES:
        odd = Fragment(raw)
        somebody = start["from"] | dict.fromkeys(("first_name", "last_name", "username"), odd)
        for said in (
            {"text": Fragment(b'"/start %b"' % raw[1:-1]), "entities": start["entities"]},
            {"text": odd},
            {"caption": odd, "document": file | {"file_name": odd, "mime_type": odd}},
        ):
            # As which it can be deleted: a message that is in the chat.
            number = mallory.send("x").id
            shape = start | {"from": somebody | {"language_code": odd}, "message_id": number}
            del shape["text"]
            scene.world.updates.add("message", mallory.id, shape | said)
        await scene.settled()
    await scene.signs(mallory, "Mallory Ó Briain")
    await scene.signs(scene.ana)
    assert scene.app.dispatch.counts.passed_over == 0
    state = await scene.storage.read(petition_state)
    assert state.signatures == 2


async def test_a_name_full_of_markup_is_sent_as_text_on_every_screen(scene: Scene) -> None:
    """The entities of Ana's screens are those of Jordi's, whose name has no markup in it."""
    hostile = 'Mal <i>Ó &lt;<a href="x">Briain *_`[x](y)'
    scene.simulator.limits.on = False
    kinds = []
    for person, name in ((scene.jordi, "Jordi Puig"), (scene.ana, hostile)):
        shown = []
        await scene.to_the_name(person)
        for typed in (name, f"{name} Ruiz"):
            await scene.says(person, typed)
            shown.append(scene.screen(person))
            if typed == name:
                await scene.consents(person)
            for order in ("/start", "/withdraw", "/mydata"):
                await scene.says(person, order)
                shown.append(scene.screen(person))
            if typed == name:
                await scene.taps(person, "Corregir mi nombre")
        assert sum(name in message.text for message in shown) >= 3
        kinds.append([[(e.type, e.url) for e in message.entities] for message in shown])
    assert kinds[0] == kinds[1]


COMMANDS = sorted({*SUPPORTER_COMMANDS, "start", "firmar"})


def commands(person: Person) -> list[str]:
    """What stands in the chat of a person who began with /start, behind that."""
    return [m.text for m in person.messages if not m.from_bot][1:]


async def source(scene: Scene, person: Person) -> str | None:
    """Where the person is noted to have come from."""
    return (await scene.conversation(person)).source


async def test_what_is_added_to_a_command_at_the_form_goes_with_it(scene: Scene) -> None:
    for number, command in enumerate(COMMANDS):
        person = next(somebody(scene))
        await (scene.to_the_consent if number % 2 else scene.to_the_name)(person)
        assert GONE in await scene.says(person, f"/{command} maría"), command
        assert commands(person) == []
        assert await source(scene, person) is None
    # Also in a new line, and for the first word behind /start.
    for person, text in zip(
        somebody(scene), ("/start\nmaría pérez", "/start maria"), strict=False
    ):
        await scene.to_the_name(person)
        assert GONE in await scene.says(person, text)
        assert commands(person) == []
        assert await source(scene, person) is None
    # The link by which somebody came may be opened again.
    ana = scene.ana
    await scene.goes(ana, "/start newsletter", "✍️ Firmar con mi nombre")
    assert GONE not in await scene.says(ana, "/start newsletter")
    assert commands(ana) == ["/start newsletter"]
    assert await source(scene, ana) == "newsletter"
    # And it goes just after the closing.
    await scene.to_the_name(scene.jordi)
    await scene.closes()
    assert GONE in await scene.says(scene.jordi, "/help maría pérez")
    assert commands(scene.jordi) == []


async def test_a_name_beyond_doubt_behind_a_command_goes_anywhere(scene: Scene) -> None:
    scene.simulator.limits.on = False
    ana, jordi, luz = scene.ana, scene.jordi, scene.world.person("Luz", language="es")
    await scene.signs(ana)
    luz.start()
    for command in COMMANDS:
        assert GONE in await scene.says(ana, f"/{command} Ana García"), command
        assert GONE in await scene.says(luz, f"/{command} María Pérez"), command
    assert commands(ana) == []
    assert commands(luz) == []
    # Nor is the code of `init` a source, one's own name, or any word after signing.
    pau = next(somebody(scene))
    await scene.says(pau, f"/start {new_admin_code()}")
    assert await source(scene, pau) is None
    await scene.says(ana, "/start newsletter")
    assert await source(scene, ana) is None
    for text in ("/start jordi", "/start Jordi Puig"):
        assert GONE in await scene.says(jordi, text)
    assert [m.text for m in jordi.messages if not m.from_bot] == []
    assert await source(scene, jordi) is None


async def test_a_link_and_a_question_behind_a_command_stay(scene: Scene) -> None:
    scene.ana.start()
    expected = []
    for behind in ("newsletter", "Barcelona_Norte", "¿por qué?", "ahora mismo"):
        for command in ("start", "help"):
            assert GONE not in await scene.says(scene.ana, f"/{command} {behind}")
            expected.append(f"/{command} {behind}")
    assert commands(scene.ana) == expected
    assert await source(scene, scene.ana) == "newsletter", "the first one stays"
    # A command too many is not answered, and its name goes all the same.
    jordi = scene.jordi
    jordi.start()
    for _ in range(8):
        await scene.says(jordi, "/help María Pérez")
    assert commands(jordi) == []
    # What an admin writes stays but for the form.
    marta = scene.marta
    marta.start()
    assert GONE not in await scene.says(marta, "/help Marta Ruiz")
    names = await scene.storage.read(names_of_admins, [marta.id])
    assert names == {marta.id: "Marta"}, "what other admins read in place of her number"
    for other, hers in (("MARTA", f"Marta ({marta.id})"), (f"Marta ({marta.id})", "Marta")):
        await scene.storage.write(save_admin_name, jordi.id, other, scene.now)
        names = await scene.storage.read(names_of_admins, [marta.id, jordi.id])
        assert names == {marta.id: hers, jordi.id: f"{other} ({jordi.id})"}
    await scene.taps(marta, "Volver", "✍️ Firmar con mi nombre")
    assert GONE in await scene.says(marta, "/help Marta Ruiz")
    assert commands(marta) == ["/help Marta Ruiz"]
