"""Somebody who writes a letter is answered by it, and told so in the chat."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from telegram.error import NetworkError
from typer.testing import CliRunner

from bot.cli.main import app
from bot.transport.errors import ResponseLost, TelegramRefused
from handlers.person_notices import send_notices
from simulator.person import Person
from storage.person_requests import (
    CODE_LASTS,
    MOST_WRONG_CODES,
    PersonNotice,
    code_fits,
    count_try,
    waiting_notices,
)
from storage.restores import record_restore, release_restore
from storage.signatures import withdraw_signature
from tests.support.person_codes import make_code
from tests.support.scene import Scene, a_scene
from tests.support.storage_calls import Proceed, call_instead
from tests.support.telegram_calls import fails, intercept

LETTER = "a letter with a copy of the passport"


@pytest.fixture
async def letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """A petition whose bot sends what waits when a test says so, and a shell beside it."""
    monkeypatch.setattr("handlers.person_notices.LOOK_SECONDS", 3_600.0)
    async with a_scene(tmp_path) as scene:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PETITION_DATABASE_URL", scene.settings.database_url)
        monkeypatch.setenv("PETITION_KEY_FILE", str(scene.settings.key_file))
        yield scene


async def in_the_shell(*arguments: str, typed: str = "") -> None:
    """The operator answers a letter."""
    order = ["person", *arguments, "--yes"]
    result = await asyncio.to_thread(CliRunner().invoke, app, order, typed)
    assert result.exit_code == 0, result.output


async def looks(scene: Scene) -> list[PersonNotice]:
    """The bot looks once; returns what still waits."""
    services = scene.services
    await send_notices(services)
    return list(await services.storage.read(waiting_notices))


async def other_rights(scene: Scene, person: Person) -> None:
    await scene.goes(person, "/mydata", "Otros derechos")


async def code_for(scene: Scene, person: Person) -> str:
    await other_rights(scene, person)
    await scene.taps(person, scene.words.label("🔑 Pedir un código"))
    shown = scene.screen(person).text
    return shown.partition("Tu código: ")[2].split()[0]


async def test_ana_writes_a_letter_and_is_told_that_she_is_erased(letters: Scene) -> None:
    scene, ana = letters, letters.ana
    await scene.signs(ana, "Ana García Sol")
    await scene.goes(ana, "/mydata", "📄 Recibir el archivo")
    code = await code_for(scene, ana)
    screen = scene.screen(ana).text
    ends_on = scene.words.date(scene.now + timedelta(days=30))
    shown = (
        f"Tu código: {code}\nSirve una sola vez, hasta el {ends_on}. Apúntalo: no podremos volver "
        "a enseñártelo. Si pides otro, este deja de valer."
    )
    for said in ("el número de tu firma, que es el 1", "datos@", shown):
        assert said in screen, screen
    await scene.taps(ana, scene.words.label("Volver"))
    assert "Pediste un código para escribirnos, que sirve hasta el " in scene.screen(ana).text
    await in_the_shell("1", "erase", "--code", code)
    storage, now = scene.storage, scene.clocks.now()
    await storage.write(record_restore, made_at=None, at=now)
    assert len(await looks(scene)) == 1, "nothing is sent until an admin has looked"
    await storage.write(release_restore, actor=scene.marta.id, at=now)
    assert await looks(scene) == []
    told = ana.messages[-1]
    assert told.text.startswith("Hecho, como pedías en tu carta o tu correo: tu firma está ret")
    assert "Si no lo has pedido tú, dínoslo cuanto antes: datos@" in told.text
    transcript = ana.chat.transcript()
    assert code not in transcript
    assert "García Sol" not in transcript
    assert not any(message.document for message in ana.messages), "the file went too"
    assert "No has firmado esta petición." in await scene.says(ana, "/mydata")


async def test_jordi_who_said_stop_is_answered_and_can_undo_a_restriction(
    letters: Scene,
) -> None:
    scene, jordi, words = letters, letters.jordi, letters.words
    await scene.signs(jordi)
    await scene.says(jordi, "/stop")
    await in_the_shell("1", "restrict", "--verified-otherwise", LETTER)
    await looks(scene)
    assert "el uso de tus datos está limitado. Tu firma sigue contando" in jordi.messages[-1].text
    await scene.says(jordi, "/mydata")
    shown = scene.screen(jordi)
    assert "El uso de tus datos está limitado desde el " in shown.text
    assert "pediste que no te escribiéramos" in shown.text
    assert "Te escribiremos" not in shown.text
    assert words.label("🔔 Volver a recibir mensajes") not in shown.labels
    await scene.says(jordi, "/stop")
    assert words.label("🔔 Volver a recibir mensajes") not in scene.screen(jordi).labels
    assert "te contaremos" not in await scene.says(jordi, "/start")
    await other_rights(scene, jordi)
    await scene.taps(jordi, words.label("Volver a permitir el uso de mis datos"))
    assert words.label("Limitar el uso de mis datos") in scene.screen(jordi).labels
    assert "limitado" not in await scene.taps(jordi, "Volver")
    assert "pediste que no te escribiéramos" in scene.screen(jordi).text


DONE = "Hecho, como pedías en tu carta o tu correo:"
NOT_WRITTEN_TO = (
    "Tu firma sigue contando, aunque sin nombre, y no te escribiremos: solo lo haríamos si una "
    "brecha de seguridad afecta a tus datos. Para volver atrás, entra en /mydata."
)
ANSWERS = {
    "show": "Hemos atendido tu carta o tu correo. Pedías ver lo que guardamos de ti: hemos "
    "preparado una copia para enviártela.",
    "correct": f"{DONE} tu firma lleva el nombre que nos diste, y el anterior se ha borrado. "
    "Puedes verla en /mydata.",
    "erase": f"{DONE} tu firma está retirada y tus datos, borrados. Gracias por habernos "
    "acompañado.",
    "restrict": f"{DONE} el uso de tus datos está limitado. {NOT_WRITTEN_TO}",
    "object": f"{DONE} dejamos de usar tus datos. {NOT_WRITTEN_TO}",
}


async def test_the_answer_to_a_letter_says_what_was_done_and_nothing_unwanted_follows_it(
    letters: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_back: list[int] = []
    claims = letters.services.open_claims
    monkeypatch.setattr(claims, "make_void", held_back.append)
    people = [letters.world.person(f"Ana {wish}", language="es") for wish in ANSWERS]
    for number, (ana, (wish, answer)) in enumerate(zip(people, ANSWERS.items(), strict=True), 1):
        await letters.signs(ana)
        name = "Ana Soler\n" if wish == "correct" else ""
        await in_the_shell(str(number), wish, "--verified-otherwise", LETTER, typed=name)
        await looks(letters)
        not_asked_for = f"Si no lo has pedido tú, dínoslo cuanto antes: {letters.petition.contact}"
        assert ana.messages[-1].text == f"{answer}\n\n{not_asked_for}"
        is_as_it_was = any(message.buttons for message in ana.messages)
        assert is_as_it_was is (wish == "show"), "a screen that says what is no longer so goes"
        assert bool(held_back) is (wish not in {"show", "correct"})
        held_back.clear()


async def test_whose_restriction_is_lifted_is_told_how_it_ended_meanwhile(letters: Scene) -> None:
    """Ana restricts the use of her data in the chat, and Jordi by a letter."""
    scene, ana, jordi = letters, letters.ana, letters.jordi
    await scene.all_sign(jordi, ana, scene.sean)
    await in_the_shell("1", "restrict", "--verified-otherwise", LETTER)
    await other_rights(scene, ana)
    await scene.taps(ana, scene.words.label("Limitar el uso de mis datos"))
    assert "tu firma cuenta, aunque sin nombre" in scene.screen(ana).text
    await scene.closes()
    await scene.broadcasts(1)
    assert [scene.told(person) for person in (ana, jordi, scene.sean)] == [0, 0, 1]
    await in_the_shell("1", "lift", "--verified-otherwise", LETTER)
    await looks(scene)
    lifted = "el uso de tus datos ya no está limitado, y tu firma vuelve a ser como las demás."
    await jordi.sees(f"{DONE} {lifted} Puedes verla en /mydata.")
    await other_rights(scene, ana)
    await scene.taps(ana, scene.words.label("Volver a permitir el uso de mis datos"))
    for person in (ana, jordi):
        assert await is_told(scene, person)


async def test_a_sentence_survives_what_passes_and_is_not_sent_a_third_time(
    letters: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, ana = letters, letters.ana
    await scene.signs(ana)
    await scene.signs(scene.jordi)
    tries: list[int] = []

    def fails_with(error: Exception) -> None:
        async def failing(fields: dict[str, Any], _call: object) -> bytes:
            tries.append(fields["chat_id"])
            raise error

        intercept(monkeypatch, "sendMessage", failing)

    await in_the_shell("1", "show", "--verified-otherwise", LETTER)
    fails_with(NetworkError("Bad Gateway"))
    for _ in range(3):
        assert [each.attempts for each in await looks(scene)] == [0], "it surely did not arrive"
    fails_with(ResponseLost("No answer in time"))
    assert [each.attempts for each in await looks(scene)] == [1]
    assert [each.attempts for each in await looks(scene)] == [2]
    assert await looks(scene) == [], "it may have arrived twice"
    assert len(tries) == 5
    await in_the_shell("1", "erase", "--verified-otherwise", LETTER)
    fails_with(TelegramRefused(403, "Forbidden: bot was blocked by the user"))
    assert await looks(scene) == [], "the number of the chat is not kept for who blocked the bot"


async def test_the_sentences_to_one_person_keep_their_order_and_end_with_their_time(
    letters: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, jordi, services = letters, letters.jordi, letters.services
    now = services.clock
    await scene.signs(jordi)
    await scene.goes(jordi, "/mydata", "📄 Recibir el archivo")
    for deed in ("show", "restrict"):
        await in_the_shell("1", deed, "--verified-otherwise", LETTER)
    before = len(jordi.messages)
    with monkeypatch.context() as patch:
        fails(patch, "send_message", 1)
        assert [each.kind for each in await looks(scene)] == ["shown", "restricted"]
        assert len(jordi.messages) == before, "the second waits for the first"
    # After a week they are forgotten, but not while the clock may be wrong.
    with monkeypatch.context() as patch:
        patch.setattr(services, "clock", lambda: now() + timedelta(days=8))
        patch.setattr(services, "date_is_right", lambda: False)
        fails(patch, "send_message", 1)
        assert len(await looks(scene)) == 2
        patch.setattr(services, "date_is_right", lambda: True)
        assert await looks(scene) == []
    # To whom the bot could not remove a file it says so, and to who has withdrawn it says nothing.
    await in_the_shell("1", "correct", "--verified-otherwise", LETTER, typed="Jordi Sol\n")
    with monkeypatch.context() as patch:
        fails(patch, "delete_message", 1)
        assert await looks(scene) == []
    told = jordi.messages[-1].text
    assert told.startswith("Hecho, como pedías en tu carta o tu correo: tu firma lleva el nombre")
    assert "Todavía no se ha podido borrar de este chat el archivo con tus datos." in told
    assert (await scene.conversation(jordi)).message_id is None, "what said otherwise is gone"
    await in_the_shell("1", "lift", "--verified-otherwise", LETTER)

    async def withdrawn_first(begin: Proceed, notice: PersonNotice) -> object:
        await services.storage.write(withdraw_signature, notice.supporter, now())
        return await begin(notice)

    call_instead(monkeypatch, count_try, withdrawn_first)
    assert await looks(scene) == []
    assert jordi.messages[-1].text == told


async def test_mydata_says_that_a_code_is_void_or_has_ended(letters: Scene) -> None:
    scene, ana = letters, letters.ana
    await scene.signs(ana)
    services, valid = scene.services, "Pediste un código para escribirnos, que"
    storage, now = services.storage, services.clock()
    ana_is = services.reference(ana.id)

    async def said() -> str:
        await scene.says(ana, "/mydata")
        return scene.screen(ana).text

    await make_code(storage, ana_is, now)
    assert valid in await said()
    for _ in range(MOST_WRONG_CODES):
        await storage.write(code_fits, ana_is, "7KXM-34PD", now)
    ended = "El código que pediste para escribirnos ya no sirve. Puedes pedir otro."
    text = await said()
    assert valid not in text
    assert ended in text
    anew = await make_code(storage, ana_is, now)
    assert anew is not None
    assert await storage.write(code_fits, ana_is, anew[0], now), "its tries begin anew"
    await make_code(storage, ana_is, now - CODE_LASTS)
    text = await said()
    assert valid not in text
    assert ended in text
    await asyncio.sleep(60)  # so often a minute is it shown
    for later, is_right, is_known in ((-1, True, True), (0, False, True), (0, True, False)):
        services.clock = lambda later=later: now + CODE_LASTS + timedelta(days=later)  # type: ignore[misc]
        scene.app.retention.date_is_right = lambda is_right=is_right: is_right  # type: ignore[misc]
        await scene.app.retention.forget()
        assert (ended in await said()) is is_known


async def is_told(scene: Scene, person: Person) -> int | None:
    """Waits until somebody is told how it ended."""
    return await person.chat.notifier.wait_for(lambda: scene.told(person) or None, 60)
