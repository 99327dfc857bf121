"""A message that may hold a name is deleted from the chat, and the screen says so."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from telegram.error import NetworkError

from bot.text.translations import Words
from simulator.person import Person
from tests.support.scene import Scene, a_scene

GONE = "Lo que has enviado se ha borrado de este chat."
STAYS = "Lo que has escrito se queda en este chat; si lleva tu nombre, puedes borrarlo tú."
GONE_IN_ENGLISH = "What you sent has been deleted from this chat."


def written(person: Person) -> list[str]:
    """What the person sent and still stands in the chat, commands aside."""
    return [m.text for m in person.messages if not m.from_bot and not m.text.startswith("/")]


async def says(scene: Scene, person: Person, text: str) -> str:
    """What the conversation message tells after somebody wrote something."""
    person.send(text)
    await scene.settled()
    return person.screen.text


async def at_the_name(scene: Scene, person: Person) -> Words:
    words = scene.english if person.user.language == "en" else scene.words
    person.start()
    await scene.settled()
    await scene.taps(person, words.label("✍️ Firmar la petición"))
    return words


async def at_the_consent(scene: Scene, person: Person) -> Words:
    words = await at_the_name(scene, person)
    profile = " ".join(filter(None, (person.user.first_name, person.user.last_name)))
    await scene.taps(person, words.label("Usar «{name}»", name=profile))
    return words


async def test_a_refused_try_goes_at_once_and_the_screen_says_so(scene: Scene) -> None:
    await at_the_name(scene, scene.ana)
    assert "Lo borraremos de este chat en cuanto" in scene.screen(scene.ana).text
    said = await says(scene, scene.ana, "x")
    assert "⚠️ El nombre es demasiado corto" in said
    assert GONE in said
    assert written(scene.ana) == []


async def test_ana_reads_what_is_wrong_with_the_name_that_she_typed(scene: Scene) -> None:
    await at_the_name(scene, scene.ana)
    for typed, wrong in (
        ("A" * 101, "El nombre es demasiado largo: caben hasta cien caracteres."),
        ("Ana\nGarcía", "Escribe el nombre en una sola línea, por favor."),
        ("Ana\u200bGarcía", "El nombre lleva caracteres que no se ven. Escríbelo con el teclado"),
        ("=Ana", "Un nombre no puede empezar por ese signo. Escríbelo sin él, por favor."),
        ("www.example.org", "Eso parece un enlace o una dirección. Escribe solo tu nombre"),
        ("Ana" + "\u0301" * 9, "El nombre lleva demasiados acentos sobre una misma letra."),
        ("A12", "Un nombre tiene al menos dos letras. Escríbelo otra vez, por favor."),
    ):
        assert f"⚠️ {wrong}" in await says(scene, scene.ana, typed), typed


@pytest.mark.parametrize("stands_at", [at_the_name, at_the_consent])
@pytest.mark.parametrize("sent", ["L", "hola?", "/firmar", "photo"])
async def test_on_a_phone_the_answer_to_a_mistake_is_seen_beside_the_buttons(
    scene: Scene, stands_at: Callable[[Scene, Person], Awaitable[Words]], sent: str
) -> None:
    await stands_at(scene, scene.ana)
    before = scene.screen(scene.ana).text
    if sent == "photo":
        scene.ana.send_photo()
    else:
        scene.ana.send(sent)
    await scene.settled()
    # The question stays last: for the name, or what else to get.
    stands_at_name = stands_at is at_the_name and sent != "hola?"
    question = (
        "¿Con qué nombre quieres firmar?"
        if stands_at_name
        else "Elige. Recibir mensajes es opcional:"
    )
    said, _, asked = scene.screen(scene.ana).text.partition(question)
    assert "\n\n\n" not in asked
    last = said.strip().rpartition("\n\n")[2]
    assert GONE in last
    assert GONE not in before


@pytest.mark.parametrize("answer", ["Muchas gracias", "firmo", "Ana 600 123 456", "hola?"])
async def test_ana_who_answers_in_place_of_a_name_reads_it_in_the_consent_and_changes_it(
    scene: Scene, answer: str
) -> None:
    ana, words = scene.ana, scene.words
    await at_the_name(scene, ana)
    assert f"Yo, {answer}, firmo" in await says(scene, ana, answer)
    assert written(ana) == []
    await scene.taps(ana, words.label("Cambiar el nombre"))
    assert scene.screen(ana).text.startswith("¿Con qué nombre quieres firmar?")
    assert "Yo, Ana María, firmo" in await says(scene, ana, "Ana María")


async def test_whose_name_is_a_greeting_signs_with_it(scene: Scene) -> None:
    await scene.signs(scene.ana, "Hola")
    assert "Nombre: Hola" in await says(scene, scene.ana, "/mydata")


async def test_a_name_is_not_kept_when_ana_goes_back(scene: Scene) -> None:
    await at_the_name(scene, scene.ana)
    await says(scene, scene.ana, "600 123 456 Ana")
    await scene.taps(scene.ana, scene.words.label("Volver"))
    assert "600" not in await says(scene, scene.ana, "/mydata")


async def test_ana_sees_at_once_what_her_correction_was_taken_for(scene: Scene) -> None:
    await scene.signs(scene.ana, "Ana María")
    await says(scene, scene.ana, "/mydata")
    await scene.taps(scene.ana, scene.words.label("Corregir mi nombre"))
    assert "Nombre: gracias" in await says(scene, scene.ana, "gracias")
    await scene.taps(scene.ana, scene.words.label("Corregir mi nombre"))
    assert "Nombre: Ana Mª" in await says(scene, scene.ana, "Ana Mª")


async def test_of_27_tries_not_one_stays(scene: Scene) -> None:
    await at_the_name(scene, scene.ana)
    for some in (14, 13):
        for number in range(some):
            scene.ana.send(f"{some}{number}")
        await scene.settled()
        assert GONE in scene.screen(scene.ana).text
        assert written(scene.ana) == []


async def test_a_good_name_goes_too_and_the_consent_says_so(scene: Scene) -> None:
    await at_the_name(scene, scene.sean)
    said = await says(scene, scene.sean, "Seán Ó Súilleabháin")
    assert f"{GONE_IN_ENGLISH}\n\nChoose. Messages are optional:" in said
    assert "Seán Ó Súilleabháin" in said
    assert written(scene.sean) == []


async def test_a_name_typed_again_at_the_consent_goes(scene: Scene) -> None:
    await at_the_consent(scene, scene.sean)
    for text in ("Seán O'Brien", "yes, I sign"):
        assert GONE_IN_ENGLISH in await says(scene, scene.sean, text)
        assert written(scene.sean) == []
    await scene.consents(scene.sean)
    assert "with yours: 1" in scene.screen(scene.sean).text


@pytest.mark.parametrize("stands_at", [at_the_name, at_the_consent])
async def test_a_name_typed_just_after_the_closing_goes(
    scene: Scene, stands_at: Callable[[Scene, Person], Awaitable[Words]]
) -> None:
    await stands_at(scene, scene.ana)
    await scene.closes()
    for text in ("Ana María", "ana"):
        said = await says(scene, scene.ana, text)
        assert "No has firmado: la petición se cerró antes." in said
        assert GONE in said
        assert written(scene.ana) == []
    # Once another screen was shown, it is the place for questions again.
    await scene.taps(scene.ana, scene.words.label("📖 Leer el llamamiento"))
    assert GONE not in await says(scene, scene.ana, "ana, ¿y ahora?")
    assert written(scene.ana) == ["ana, ¿y ahora?"]


async def test_so_does_one_typed_after_a_signature_that_came_too_late(scene: Scene) -> None:
    await at_the_consent(scene, scene.ana)
    await scene.closes()
    confirm = next(
        b.data or ""
        for row in scene.screen(scene.ana).buttons
        for b in row
        if b.label == scene.words.label("✍️ Consiento y firmo")
    )
    await scene.ana.tap_data(scene.screen(scene.ana).id, confirm).answered()
    await scene.settled()
    assert GONE in await says(scene, scene.ana, "ana garcía lópez")
    assert written(scene.ana) == []


async def test_so_does_one_typed_after_the_closing_overtook_the_signature(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await at_the_consent(scene, scene.ana)
    assert scene.app is not None
    storage, clock = scene.app.application.services.storage, scene.app.application.services.clock
    sign = storage.signatures.sign

    async def closed_first(*asked: Any) -> object:
        await storage.petitions.close(revision=0, actor=scene.marta.id, at=clock())
        return await sign(*asked)

    monkeypatch.setattr(storage.signatures, "sign", closed_first)
    await scene.consents(scene.ana)
    assert "No has firmado: la petición se cerró antes." in scene.screen(scene.ana).text
    assert GONE in await says(scene, scene.ana, "ana garcía lópez")
    assert written(scene.ana) == []


async def test_what_is_a_name_beyond_doubt_goes_though_it_came_too_early(scene: Scene) -> None:
    scene.ana.start()
    await scene.settled()
    for text in ("María Pérez", "ana garcia"):
        said = await says(scene, scene.ana, text)
        assert "parecía un nombre" in said
        assert GONE in said
        assert written(scene.ana) == []
    await scene.taps(scene.ana, scene.words.label("🔒 Privacidad"))
    assert GONE in await says(scene, scene.ana, "María Pérez")
    assert written(scene.ana) == []


async def test_a_question_elsewhere_stays(scene: Scene) -> None:
    asked = ["¿Cuándo termina?", "cuando termina", "¿Ana García?", "Retirar Mi Firma"]
    for text in asked:
        assert GONE not in await says(scene, scene.ana, text)
    await at_the_consent(scene, scene.ana)
    await scene.consents(scene.ana)
    assert GONE not in await says(scene, scene.ana, "y ahora qué")
    assert written(scene.ana) == [*asked, "y ahora qué"]


async def test_what_may_be_a_name_and_stays_is_said_to_stay(scene: Scene) -> None:
    scene.ana.start()
    await scene.settled()
    for text in ("maría pérez", "María", "王小明"):
        said = await says(scene, scene.ana, text)
        assert STAYS in said
        assert GONE not in said
    assert written(scene.ana) == ["maría pérez", "María", "王小明"]
    assert STAYS not in await says(scene, scene.ana, "María Pérez")


async def test_what_an_admin_writes_for_everybody_stays(scene: Scene) -> None:
    await scene.signs(scene.ana, updates=True)
    scene.marta.send("/broadcast")
    await scene.taps(scene.marta, scene.words.label("Un mensaje nuevo"))
    draft = scene.marta.send("Marta Ruiz")
    await scene.settled()
    scene.marta.edit(draft, "Marta Ruiz Ruiz")
    await scene.settled()
    assert written(scene.marta) == ["Marta Ruiz Ruiz"]
    scene.marta.send("/cancel")
    await scene.settled()
    scene.marta.send("Gracias Ana")
    await scene.settled()
    scene.marta.start()
    await scene.settled()
    await scene.taps(scene.marta, scene.words.label("✍️ Firmar la petición"))
    scene.marta.edit(draft, "Marta Ruiz")
    await scene.settled()
    assert written(scene.marta) == ["Marta Ruiz", "Gracias Ana"]


@pytest.mark.parametrize("kind", ["sticker", "photo", "voice"])
async def test_whatever_else_is_sent_to_the_form_goes_too(scene: Scene, kind: str) -> None:
    await at_the_name(scene, scene.ana)
    scene.ana.send_kind(kind)
    await scene.settled()
    assert GONE in scene.screen(scene.ana).text
    scene.ana.send("/ana_garcia")
    await scene.settled()
    assert [m for m in scene.ana.messages if not m.from_bot] == scene.ana.messages[:1]


@pytest.mark.parametrize("reach", [at_the_name, at_the_consent])
async def test_a_name_edited_into_a_caption_goes_too(
    scene: Scene, reach: Callable[[Scene, Person], Awaitable[Words]]
) -> None:
    picture = scene.ana.send_photo(caption="hola")
    await scene.settled()
    await reach(scene, scene.ana)
    scene.ana.edit(picture, "Ana María")
    await scene.settled()
    assert GONE in scene.screen(scene.ana).text
    assert written(scene.ana) == []


@pytest.mark.parametrize("reach", [at_the_name, at_the_consent])
async def test_a_question_put_right_while_the_form_is_open_is_no_name_and_stays(
    scene: Scene, reach: Callable[[Scene, Person], Awaitable[Words]]
) -> None:
    question = scene.ana.send("cuando termian")
    await scene.settled()
    await reach(scene, scene.ana)
    before = scene.screen(scene.ana).text
    scene.ana.edit(question, "cuando termina")
    await scene.settled()
    said = scene.screen(scene.ana).text
    assert "editar un mensaje no cambia nada" in said
    assert STAYS in said
    assert said.startswith(before.partition("\n\n")[0]), "and the form is where it was"
    assert GONE not in said
    assert written(scene.ana) == ["cuando termina"]


async def test_a_name_edited_into_an_older_message_goes_and_is_not_signed_with(
    scene: Scene,
) -> None:
    first = scene.ana.send("hola")
    await scene.settled()
    await at_the_name(scene, scene.ana)
    scene.ana.edit(first, "Ana María")
    await scene.settled()
    said = scene.screen(scene.ana).text
    assert "Eso parecía un nombre; no se ha guardado." in said
    assert "escribe tu nombre en un mensaje nuevo" in said
    assert GONE in said
    assert written(scene.ana) == []


async def test_what_was_written_at_the_form_is_put_right_by_editing_it(scene: Scene) -> None:
    await at_the_name(scene, scene.ana)
    scene.simulator.faults.freeze()
    scene.ana.send("x")
    typed = scene.ana.send("y")
    scene.ana.edit(typed, "ana maría lópez")
    scene.simulator.faults.thaw()
    await scene.settled()
    assert "Yo, ana maría lópez, firmo" in scene.screen(scene.ana).text
    assert GONE in scene.screen(scene.ana).text
    assert written(scene.ana) == []


async def test_what_is_too_old_to_be_deleted_is_left_to_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_scene(tmp_path) as scene:
        ana = scene.ana
        first = ana.send("hola")
        await scene.settled()
        await at_the_consent(scene, ana)
        clock, days = scene.world.clock, 3 * 24 * 60 * 60
        monkeypatch.setattr(scene.world, "clock", lambda: clock() + days)
        ana.edit(first, "Ana María")
        await scene.settled()
        assert "Telegram no nos deja borrar" in ana.screen.text
        assert GONE not in ana.screen.text
        asked = len(scene.simulator.calls.of("deleteMessage"))
        scene.simulator.calls.clear()
        await says(scene, ana, "/start")
        tried = [call.params["message_id"] for call in scene.simulator.calls.of("deleteMessage")]
        assert asked > 0
        assert first.id not in tried, "not for ever"


async def test_a_deletion_that_fails_is_told_and_tried_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await at_the_name(scene, scene.ana)
    assert scene.app is not None
    bot, delete = type(scene.app.application.bot), scene.app.application.bot.delete_message
    seen: list[str] = []

    async def fails_once(_bot: object, chat: int, message: int) -> bool:
        seen.append(scene.screen(scene.ana).text)
        if len(seen) == 1:
            raise NetworkError("Bad Gateway")
        return await delete(chat, message)

    monkeypatch.setattr(bot, "delete_message", fails_once)
    scene.ana.send("Ana María")
    await scene.ana.sees(GONE)
    assert len(seen) == 2
    assert "Todavía no se ha podido borrar de este chat" in seen[1]
    assert "Ana María" in seen[1], "and the way on is there all the same"
    assert written(scene.ana) == []
    assert f"{GONE}\n\nElige. Recibir mensajes es opcional:" in scene.screen(scene.ana).text


async def left_behind(scene: Scene, person: Person, numbers: list[int]) -> None:
    """Lets an earlier visit have left messages in the chat that it could not delete."""
    assert scene.app is not None
    services = scene.app.application.services
    conversations = services.storage.conversations
    known = await conversations.get(services.keyring.reference(services.petition.slug, person.id))
    assert known is not None
    left = replace(known, name_message_ids=tuple(numbers), version=known.version + 1)
    await conversations.save(left, was=known.version, at=services.clock())


async def test_what_an_earlier_visit_left_goes_at_the_next(scene: Scene) -> None:
    ana = scene.ana
    left = [ana.send(f"¿{number}?").id for number in range(3)]
    await scene.settled()
    await left_behind(scene, ana, left)
    assert GONE in await says(scene, ana, "/help")
    assert written(ana) == []
    assert GONE not in await says(scene, ana, "/help")


@pytest.mark.parametrize(("left", "drawn"), [(48, 1), (49, 2)])
async def test_who_writes_without_a_pause_cannot_put_the_deleting_off(
    tmp_path: Path, left: int, drawn: int
) -> None:
    async with a_scene(tmp_path) as scene:
        await at_the_name(scene, scene.ana)
        await left_behind(scene, scene.ana, list(range(1_000, 1_000 + left)))
        before = len(scene.simulator.calls.of("sendMessage"))
        scene.simulator.faults.freeze()
        scene.ana.send("x")
        scene.ana.send("y")
        scene.simulator.faults.thaw()
        await scene.settled()
        assert len(scene.simulator.calls.of("sendMessage")) - before == drawn
        assert written(scene.ana) == []


async def test_an_admin_can_put_right_a_name_that_could_not_be_deleted_yet(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await at_the_name(scene, scene.marta)
    assert scene.app is not None
    bot, delete = type(scene.app.application.bot), scene.app.application.bot.delete_message

    async def fails(_bot: object, chat: int, message: int) -> bool:
        if message == typed.id:
            raise NetworkError("Bad Gateway")
        return await delete(chat, message)

    monkeypatch.setattr(bot, "delete_message", fails)
    typed = scene.marta.send("x")
    await scene.settled()
    scene.marta.edit(typed, "Marta Ruiz")
    await scene.settled()
    assert "Yo, Marta Ruiz, firmo" in scene.marta.screen.text


async def test_what_an_admin_types_at_the_consent_goes_though_a_message_is_prepared(
    scene: Scene,
) -> None:
    await scene.signs(scene.ana, updates=True)
    scene.marta.send("/broadcast")
    await scene.taps(scene.marta, scene.words.label("Un mensaje nuevo"))
    scene.marta.send("Hola")
    await scene.settled()
    await at_the_consent(scene, scene.marta)
    scene.marta.send("Marta Ruiz")
    await scene.settled()
    assert GONE in scene.marta.messages[-1].text
    assert written(scene.marta) == ["Hola"]
