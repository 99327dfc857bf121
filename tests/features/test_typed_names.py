"""What is typed as a name is deleted from the chat, also in a flood."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from telegram.error import NetworkError

from simulator.person import Person
from storage.conversations import save_conversation
from storage.petitions import close_petition, petition_state
from storage.signatures import sign_petition
from tests.support.scene import Scene, a_scene, data_of
from tests.support.storage_calls import Proceed, call_instead
from tests.support.telegram_calls import fails, intercept

GONE = "Lo que has enviado se ha borrado de este chat."
STAYS = "Lo que has escrito se queda en este chat; si lleva tu nombre, puedes borrarlo tú."
GONE_IN_ENGLISH = "What you sent has been deleted from this chat."


def written(person: Person) -> list[str]:
    """What the person sent and still stands in the chat, commands aside."""
    return [m.text for m in person.messages if not m.from_bot and not m.text.startswith("/")]


def somebody(scene: Scene) -> Iterator[Person]:
    """People who all have Ana's name."""
    while True:
        yield scene.world.person("Ana", last_name="García", language="es")


async def test_a_refused_try_goes_at_once_and_the_screen_says_so(scene: Scene) -> None:
    ana = scene.ana
    assert "borraremos ese mensaje enseguida" in await scene.to_the_name(ana)
    for typed, wrong in (
        ("x", "El nombre es demasiado corto: escribe al menos dos letras."),
        ("A" * 101, "El nombre es demasiado largo: caben hasta cien caracteres."),
        ("Ana\nGarcía", "Escribe el nombre en una sola línea, por favor."),
        ("Ana\u200bGarcía", "El nombre lleva caracteres que no se ven. Escríbelo con el teclado"),
        ("=Ana", "Un nombre no puede empezar por ese signo. Escríbelo sin él, por favor."),
        ("www.example.org", "Eso parece un enlace o una dirección. Escribe solo tu nombre"),
        ("Ana" + "\u0301" * 9, "El nombre lleva demasiados acentos sobre una misma letra."),
        ("A12", "Un nombre tiene al menos dos letras. Escríbelo otra vez, por favor."),
    ):
        said = await scene.says(ana, typed)
        assert f"⚠️ {wrong}" in said, typed
        assert GONE in said
        assert written(ana) == []
    # Of 27 tries not one stays.
    for some in (14, 5):
        for number in range(some):
            ana.send(f"{some}{number}")
        await scene.settled()
        assert GONE in scene.screen(ana).text
        assert written(ana) == []


async def test_on_a_phone_the_answer_to_a_mistake_is_seen_beside_the_buttons(scene: Scene) -> None:
    """The question stays last: for the name, or what else to get."""
    at_the_name = "¿Con qué nombre quieres firmar?"
    at_the_consent = "Recibir mensajes es opcional:"
    text_only = "Escribe el nombre en un mensaje de texto nuevo, por favor."
    pulse = "Para firmar, pulsa «✍️ Consiento y firmo». Para hacerlo con otro nombre, pulsa"
    unknown = "Ese comando no existe aquí. Con /help verás lo que puedes hacer."
    nothing_of_it = (
        "Este chat solo entiende texto y botones; lo que has enviado no se ha guardado."
    )
    for is_consent, sent, question, said in (
        (False, "L", at_the_name, "⚠️ El nombre es demasiado corto"),
        (False, "hola?", at_the_consent, "Yo, hola?, consiento"),
        (False, "/ana_garcia", at_the_name, unknown),
        (False, "photo", at_the_name, text_only),
        (False, "sticker", at_the_name, text_only),
        (True, "L", at_the_consent, pulse),
        (True, "/firmar", at_the_consent, unknown),
        (True, "voice", at_the_consent, nothing_of_it),
    ):
        person = next(somebody(scene))
        await (scene.to_the_consent if is_consent else scene.to_the_name)(person)
        assert GONE not in scene.screen(person).text
        if sent in ("photo", "sticker", "voice"):
            await scene.sends(person, sent)
        else:
            await scene.says(person, sent)
        told, _, asked = scene.screen(person).text.partition(question)
        assert said in told
        assert "\n\n\n" not in asked
        assert GONE in told.strip().rpartition("\n\n")[2]
        assert [m for m in person.messages if not m.from_bot] == person.messages[:1]


async def test_ana_who_answers_in_place_of_a_name_reads_and_changes_it(scene: Scene) -> None:
    scene.simulator.limits.on = False
    ana = scene.ana
    await scene.to_the_name(ana)
    for answer in ("Muchas gracias", "Ana 600 123 456", "Hola"):
        assert f"Yo, {answer}, consiento" in await scene.says(ana, answer)
        assert written(ana) == []
        await scene.taps(ana, "Cambiar el nombre")
        assert scene.screen(ana).text.startswith("¿Con qué nombre quieres firmar?")
    # Nor is it kept when she goes back.
    await scene.taps(ana, "Volver")
    assert "Hola" not in await scene.says(ana, "/mydata")
    await scene.signs(ana, "Hola")
    assert "Nombre: Hola" in await scene.says(ana, "/mydata")
    # And she sees at once what a correction was taken for.
    for typed in ("gracias", "Ana Mª"):
        await scene.taps(ana, "Corregir mi nombre")
        assert f"Nombre: {typed}" in await scene.says(ana, typed)
    sean = scene.sean
    await scene.to_the_name(sean)
    said = await scene.says(sean, "Seán Ó Súilleabháin")
    assert f"{GONE_IN_ENGLISH}\n\nMessages are optional:" in said
    for text in ("Seán Ó Súilleabháin", "yes, I sign"):
        said = await scene.says(sean, text)
        assert GONE_IN_ENGLISH in said
        assert ("To sign, tap" in said) is (text == "yes, I sign")
        assert "Seán Ó Súilleabháin" in said
        assert written(sean) == []
    assert "yours included: 2" in await scene.consents(sean)


async def test_a_name_typed_too_late_goes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does one typed after a signature that came too late, or that the closing overtook."""
    overtaken, late, named, asked = people = [next(somebody(scene)) for _ in range(4)]
    waits = next(somebody(scene))
    for person in (overtaken, late, named):
        await scene.to_the_consent(person)
    await scene.to_the_name(asked)
    storage, clock = scene.storage, scene.services.clock

    async def closed_first(sign: Proceed, *asked: Any, **of: Any) -> object:
        await storage.write(close_petition, revision=0, actor=scene.marta.id, at=clock())
        return await sign(*asked, **of)

    tried = []

    async def fails_until_closed(
        fields: dict[str, Any], edit: Callable[[], Awaitable[bytes]]
    ) -> bytes:
        if fields["chat_id"] == waits.id and not (await storage.read(petition_state)).is_closed:
            tried.append(fields)
            raise NetworkError("Bad Gateway")
        return await edit()

    intercept(monkeypatch, "editMessageText", fails_until_closed)
    waits.start()
    await waits.with_button("✍️ Firmar con mi nombre")
    waits.tap("✍️ Firmar con mi nombre")
    await waits.chat.notifier.wait_for(lambda: tried or None, 5)
    call_instead(monkeypatch, sign_petition, closed_first)
    await scene.consents(overtaken)
    # What was owed before is drawn as it is now.
    await waits.sees("No has firmado: la petición se cerró antes.")
    monkeypatch.undo()
    confirm = data_of(scene.screen(late), "✍️ Consiento y firmo")
    await scene.answered(late.tap_data(scene.screen(late).id, confirm))
    not_signed = "No has firmado: la petición se cerró antes. No hemos guardado ningún nombre."
    for person in people:
        if person in (overtaken, late):
            assert not_signed in scene.screen(person).text
        for text in ("Ana María", "ana garcía lópez"):
            said = await scene.says(person, text)
            assert not_signed in said
            assert GONE in said
            assert "Este chat funciona con botones" not in said
            assert written(person) == []
    said = await scene.says(asked, "/cancel")
    assert "De acuerdo: no has firmado, y no hemos guardado ningún nombre." in said
    assert "No había nada que cancelar." in await scene.says(asked, "/cancel")
    # Once another screen was shown, it is the place for questions again.
    await scene.taps(named, "📖 Leer el llamamiento")
    assert GONE not in await scene.says(named, "ana, ¿y ahora?")
    assert written(named) == ["ana, ¿y ahora?"]


async def test_what_is_a_name_beyond_doubt_goes_though_it_came_too_early(scene: Scene) -> None:
    ana, jordi, luz = scene.ana, scene.jordi, scene.world.person("Luz", language="es")
    await scene.starts(ana)
    for text in ("María Pérez", "ana garcia"):
        said = await scene.says(ana, text)
        assert "Eso parecía un nombre; no se ha guardado. Este chat funciona con botones" in said
        assert GONE in said
        assert STAYS not in said
    await scene.taps(ana, "🔒 Privacidad")
    assert GONE in await scene.says(ana, "María Pérez")
    assert written(ana) == []
    # A question stays, and so does what may be a name: the answer says so.
    questions = ["¿Cuándo termina?", "cuando termina", "¿Ana García?", "Retirar Mi Firma"]
    await scene.signs(luz)
    for person, texts in ((jordi, questions), (luz, ["maría pérez", "María", "王小明"])):
        for text in texts:
            said = await scene.says(person, text)
            assert GONE not in said
            assert STAYS in said
            assert "elige uno de los de abajo, por favor. " in said
        assert written(person) == texts


async def test_what_an_admin_writes_for_everybody_stays(scene: Scene) -> None:
    marta = scene.marta
    await scene.signs(scene.ana, updates=True)
    await scene.goes(marta, "/broadcast", "Un mensaje nuevo")
    draft = marta.send("Marta Ruiz")
    await scene.settled()
    await scene.edits(marta, draft, "Marta Ruiz Ruiz")
    assert written(marta) == ["Marta Ruiz Ruiz"]
    # What is typed at the consent goes all the same.
    await scene.to_the_consent(marta)
    assert GONE in await scene.says(marta, "Marta Sol")
    assert written(marta) == ["Marta Ruiz Ruiz"]
    for text in ("/start", "/cancel", "Gracias Ana"):
        await scene.says(marta, text)
    await scene.to_the_name(marta)
    await scene.edits(marta, draft, "Marta Ruiz")
    assert written(marta) == ["Marta Ruiz", "Gracias Ana"]
    # Also what stands below the question for her name.
    await scene.goes(marta, "/broadcast", "Un mensaje nuevo")
    draft = marta.send("Hola a cada una")
    await scene.settled()
    await scene.taps(marta, "Descartar")
    await scene.edits(marta, draft, "Marta Luz")
    assert written(marta) == ["Marta Ruiz", "Gracias Ana", "Marta Luz"]
    assert not any("Yo, Marta Luz, consiento" in message.text for message in marta.messages)


async def test_a_name_edited_into_an_older_message_goes_unsigned(scene: Scene) -> None:
    for reach in (scene.to_the_name, scene.to_the_consent):
        person = next(somebody(scene))
        picture = person.send_photo(caption="hola")
        question = person.send("cuando termian")
        await scene.settled()
        await reach(person)
        before = scene.screen(person).text
        await scene.edits(person, question, "cuando termina")
        said = scene.screen(person).text
        assert "editar un mensaje no cambia nada" in said
        assert STAYS in said
        assert said.startswith(before.partition("\n\n")[0]), "and the form is where it was"
        assert GONE not in said
        await scene.edits(person, picture, "Ana María")
        said = scene.screen(person).text
        assert "Eso parecía un nombre; no se ha guardado." in said
        at_name = reach == scene.to_the_name
        assert ("Escribe el nombre en un mensaje" in said) is at_name
        assert GONE in said
        assert written(person) == ["cuando termina"]
    # What was written at the form is put right by editing it.
    await scene.to_the_name(scene.ana)
    scene.simulator.faults.freeze()
    scene.ana.send("x")
    typed = scene.ana.send("y")
    scene.ana.edit(typed, "ana maría lópez")
    scene.simulator.faults.thaw()
    await scene.settled()
    assert "Yo, ana maría lópez, consiento" in scene.screen(scene.ana).text
    assert GONE in scene.screen(scene.ana).text
    assert written(scene.ana) == []


async def left_behind(scene: Scene, person: Person, numbers: list[int]) -> None:
    """Lets an earlier visit have left messages in the chat that it could not delete."""
    known = await scene.conversation(person)
    left = replace(known, name_message_ids=tuple(numbers), version=known.version + 1)
    await scene.storage.write(save_conversation, left, was=known.version, at=scene.now)


async def test_what_was_left_goes_at_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_scene(tmp_path) as scene:
        ana, calls = scene.ana, scene.simulator.calls
        first = ana.send("hola")
        left = [ana.send(f"¿{number}?").id for number in range(3)]
        await scene.settled()
        await left_behind(scene, ana, left)
        said = await scene.says(ana, "/cancel")
        assert "De acuerdo: no has firmado, y no hemos guardado ningún nombre." in said
        assert GONE in said
        assert written(ana) == ["hola"]
        assert GONE not in await scene.says(ana, "/help")
        # What is too old to be deleted is left to the person, and not tried for ever.
        await scene.to_the_consent(ana)
        clock, days = scene.world.clock, 3 * 24 * 60 * 60
        monkeypatch.setattr(scene.world, "clock", lambda: clock() + days)
        await scene.edits(ana, first, "Ana María")
        assert (
            "Telegram no nos deja borrar de este chat un mensaje de hace días. Si lleva tu "
            "nombre, bórralo tú, por favor." in ana.screen.text
        )
        assert GONE not in ana.screen.text
        tried = [call.params["message_id"] for call in calls.of("deleteMessage")]
        assert first.id in tried
        calls.clear()
        await scene.says(ana, "/start")
        assert first.id not in [call.params["message_id"] for call in calls.of("deleteMessage")]
        # Nor does it keep there what is younger.
        young = ana.send("¿otra?")
        await scene.settled()
        await left_behind(scene, ana, [first.id, young.id])
        await scene.says(ana, "/cancel")
        assert written(ana) == ["Ana María"]


async def test_a_failed_deletion_is_tried_again(scene: Scene) -> None:
    ana, marta = scene.ana, scene.marta
    await scene.to_the_name(ana)
    await scene.to_the_name(marta)
    bot, delete = type(scene.bot), scene.bot.delete_message
    seen: list[str] = []

    async def fails_once(_bot: object, chat: int, message: int) -> bool:
        if chat == marta.id and message == typed.id:
            raise NetworkError("Bad Gateway")
        if chat == ana.id:
            seen.append(scene.screen(ana).text)
        if len(seen) == 1:
            raise NetworkError("Bad Gateway")
        return await delete(chat, message)

    scene.patch.setattr(bot, "delete_message", fails_once)
    ana.send("Ana María")
    await ana.sees(GONE)
    assert len(seen) == 2
    assert (
        "Todavía no se ha podido borrar de este chat lo que has enviado. Lo volveremos a "
        "intentar; también puedes borrarlo tú." in seen[1]
    )
    assert "Ana María" in seen[1], "and the way on is there all the same"
    assert written(ana) == []
    assert f"{GONE}\n\nRecibir mensajes es opcional:" in scene.screen(ana).text
    # An admin can put right a name that could not be deleted yet.
    typed = marta.send("x")
    await scene.settled()
    assert "Yo, Marta Ruiz, consiento" in await scene.edits(marta, typed, "Marta Ruiz")


Deeds = Sequence[Callable[[], object]]
SIGN = "✍️ Firmar con mi nombre"


def flood(scene: Scene, deeds: Deeds) -> None:
    """Does it all before the bot hears of the first."""
    scene.simulator.faults.freeze()
    for do in deeds:
        do()
    scene.simulator.faults.thaw()


async def dropped(scene: Scene, deeds: Deeds) -> int:
    """How many updates of a flood were one too many."""
    before = scene.app.dispatch.counts.dropped
    flood(scene, deeds)
    await scene.settled()
    return scene.app.dispatch.counts.dropped - before


def names(person: Person, count: int) -> Deeds:
    return [partial(person.send, f"{number} .") for number in range(count)]


async def test_of_more_tries_than_are_listened_to_not_one_stays(scene: Scene) -> None:
    for person, reach, tries in (
        (scene.ana, scene.to_the_name, 22),
        (scene.jordi, scene.to_the_consent, 60),
    ):
        await reach(person)
        scene.simulator.calls.clear()
        assert await dropped(scene, names(person, tries)) == tries - 21
        assert GONE in scene.screen(person).text
        assert written(person) == []
        # Those that nobody listened to go together.
        assert len(scene.simulator.calls.of("deleteMessages")) == 1


async def test_of_a_flood_elsewhere_everything_stays(scene: Scene) -> None:
    ana, jordi, luz = scene.ana, scene.jordi, scene.world.person("Luz", language="es")
    questions = [f"¿{number}?" for number in range(20)]

    def asks(person: Person, more: int = 0) -> Deeds:
        return [partial(person.send, text) for text in (*questions, *["¿?"] * more)]

    for person in (ana, jordi):
        person.start()
    await scene.settled()
    assert await dropped(scene, asks(ana, 20)) == 19
    await scene.taps(ana, SIGN)
    assert GONE in await scene.says(ana, "x")
    assert written(ana) == [*questions, *["¿?"] * 20]
    # Nor does a question go that was asked before the form, or behind it.
    before_it: Deeds = [*asks(jordi), partial(jordi.tap, SIGN), *names(jordi, 20)]
    assert await dropped(scene, before_it) == 20
    assert GONE in scene.screen(jordi).text
    assert written(jordi) == questions
    await scene.to_the_name(luz)
    behind_it: Deeds = [*names(luz, 20), partial(luz.send, "/cancel"), *asks(luz)]
    assert await dropped(scene, behind_it) == 20
    assert written(luz) == questions


async def test_what_a_flood_left_is_deleted_later_when_telegram_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_scene(tmp_path) as scene:
        # Of an admin's nothing goes that was not heard.
        await scene.to_the_name(scene.marta)
        flood(scene, names(scene.marta, 30))
        await scene.settled()
        assert written(scene.marta) == [f"{number} ." for number in range(21, 30)]
        await scene.to_the_name(scene.ana)
        fails(monkeypatch, "delete_messages", 1)
        flood(scene, names(scene.ana, 30))
        await scene.ana.sees(GONE)
        await scene.settled()
        assert written(scene.ana) == []
