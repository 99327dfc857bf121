"""Texts change: people stand by what they agreed to, and the bot takes the new ones."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import pytest_asyncio

from bot.petition.petition import BUNDLED
from handlers.screens.supporter_view import version_pages
from simulator.chats import Message
from simulator.person import Person
from storage.consents import answer_texts
from storage.handovers import record_handover
from storage.personal_data import Held, everything_held
from storage.petitions import close_petition, petition_state
from storage.signatures import signature_statistics
from tests.support.scene import Scene, a_scene
from tests.support.storage_calls import Proceed, call_instead

CHANGED = "Se pide también que se les indemnice."
ANSWER, ACCEPT, KEEP = "Leer y decidir", "✍️ Consiento", "Mantener lo que firmé"


async def held_of(scene: Scene, person: Person) -> Held:
    return await scene.storage.read(everything_held, person.id)


async def receipt_of(scene: Scene, person: Person) -> str:
    """What the button of /mydata's other rights brings."""
    await scene.goes(person, "/mydata", "Otros derechos", "🧾 Recibir el justificante")
    sent: Any = scene.simulator.calls.of("sendDocument")[-1].params["document"]
    return str(sent.content.decode())


EARLIER = "\n[[earlier_versions]]\n"


def changed(folder: Path, **keys: str) -> None:
    """A petition whose texts changed after the bundled one's version, and its updates too."""
    copytree(BUNDLED, folder, dirs_exist_ok=True)
    file = folder / "petition.toml"
    kept = [line for line in file.read_text("utf-8").splitlines() if "version = " not in line]
    above = "\n".join(f'{key} = "{value}"' for key, value in keys.items())
    told = f'date = "2026-11-30"\nchanged.es = "{CHANGED}"\nchanged.en = "Redress, too."\n'
    written = "\n".join([above, *kept]).replace("at_most = 3", "at_most = 9") + "\n"
    file.write_text(written.replace(EARLIER, f"{EARLIER}{told}{EARLIER}", 1), "utf-8")


async def goes_on_with(scene: Scene, folder: Path, **keys: str) -> None:
    """The bot is started again on a petition whose texts changed."""
    await scene.stop_bot()
    changed(folder, **keys)
    await scene.goes_on_with(folder=folder)


def checked(receipt: str) -> list[str]:
    """The hashes of the words that stand in a receipt."""
    _, *given = receipt.removesuffix("\n").split("Las palabras:\n\n")
    words = [each.partition("\n\nTu consentimiento\n")[0] for each in given]
    return [hashlib.sha256(each.encode()).hexdigest() for each in words]


async def test_a_receipt_has_the_exact_words_of_each_consent_and_goes_with_the_signature(
    scene: Scene,
) -> None:
    ana, words = scene.ana, scene.words
    await scene.signs(ana, with_name=False, updates=True)
    await scene.goes(ana, "/mydata", "Entregar mi firma con mi nombre", "Usar «Ana García»")
    await scene.taps(ana, words.label("✍️ Consiento que se entregue"))
    receipt = await receipt_of(scene, ana)
    held = await held_of(scene, ana)
    assert len(held.consents) == 2
    for consent, sha256 in zip(held.consents, checked(receipt), strict=True):
        assert sha256 == consent["text_sha256"].hex()
        for part in (consent["text"], f"SHA-256: {sha256}", consent["given_at"].isoformat()[:19]):
            assert part in receipt
    for said in ("tu firma: 1", "sin tu nombre.", "novedades de esta petición, 3 como mucho"):
        assert said in receipt
    assert "García" not in receipt
    shown = next(message for message in ana.messages if message.document)
    assert "Andry" not in shown.text, "who looks over the shoulder learns nothing"
    await scene.withdraws(ana)
    assert not [message for message in ana.messages if message.document]


async def test_who_signed_keeps_their_words_and_is_asked_if_need_be(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        ana, folder = scene.ana, tmp_path / "petition"
        await scene.signs(ana, with_name=False, updates=True, news=True)
        (before,) = (await held_of(scene, ana)).consents
        await goes_on_with(scene, folder, version="2026-12-24")
        await scene.starts(ana)
        assert ANSWER not in scene.screen(ana).labels
        await scene.signs(scene.jordi)
        (of_jordi,) = (await held_of(scene, scene.jordi)).consents
        assert of_jordi["text_version"] == "2026-12-24"
        for signed, is_said in (("2026-11-30", True), ("2026-12-24", False), (None, False)):
            now, *_ = version_pages(scene.words, scene.services.petition, "es", signed)
            assert ("La que aceptaste es del" in now) is is_said

        await goes_on_with(scene, folder, version="2026-12-24", asks_again_since="2026-12-24")
        for person, asked in ((ana, True), (scene.jordi, False)):
            await scene.starts(person)
            assert (ANSWER in scene.screen(person).labels) is asked
        home = scene.screen(ana).text
        assert f"Los textos han cambiado desde que firmaste. {CHANGED}" in home
        assert "Tu firma vale igual, aunque no contestes." in home
        await scene.taps(ana, ANSWER)
        asked_about = scene.screen(ana).text
        assert f"• Desde la versión del 30 de noviembre de 2026: {CHANGED}" in asked_about
        chosen = (
            "• Sin mi nombre\n• Novedades de esta petición (máximo 3)\n"
            "• Noticias de otras acciones"
        )
        assert f"Lo que elegí no cambia:\n{chosen}" in asked_about
        assert "Hecho: tu firma vale con los textos de ahora." in await scene.taps(ana, ACCEPT)
        assert ANSWER not in scene.screen(ana).labels
        held = await held_of(scene, ana)
        assert held.signature is not None
        assert (held.signature["text_version"], held.signature["name"]) == ("2026-12-24", None)
        first, later = held.consents
        assert first == before
        assert (later["purposes"], later["text_version"]) == ("new_texts", "2026-12-24")
        assert chosen in later["text"]
        await scene.says(ana, "/mydata")
        shown = scene.screen(ana).text
        assert "Noticias de otras acciones: sí" in shown, "the choices are those of before"
        receipt = await receipt_of(scene, ana)
        assert "Versión del texto que aceptaste: 30 de noviembre de 2026" in receipt
        assert "Para que tu firma valga con los textos que cambiaron después." in receipt
        assert receipt.count("Para que tu firma se entregue sin tu nombre.") == 2


async def test_who_consents_to_new_texts_keeps_their_name_and_consents_to_what_they_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_scene(tmp_path) as scene:
        ana, folder = scene.ana, tmp_path / "petition"
        await scene.signs(ana, with_name=True)
        await goes_on_with(scene, folder, version="2026-12-24", asks_again_since="2026-12-24")
        await scene.goes(ana, "/start", ANSWER)
        await goes_on_with(scene, folder, version="2026-12-25", asks_again_since="2026-12-25")
        assert "los de ahora son del 25 de diciembre" in await scene.taps(ana, ACCEPT)
        assert len((await held_of(scene, ana)).consents) == 1, "these words she had not read"
        assert "Hecho: tu firma vale con los textos de ahora." in await scene.taps(ana, ACCEPT)
        held = await held_of(scene, ana)
        assert held.signature is not None
        assert (held.signature["name"], held.consents[-1]["with_name"]) == ("Ana García", 1)
        assert held.consents[-1]["text_version"] == "2026-12-25"
        # Nobody is told that it is done who answered while it was handed over.
        await goes_on_with(scene, folder, version="2026-12-26", asks_again_since="2026-12-26")
        await scene.goes(ana, "/start", ANSWER)
        storage, clock = scene.storage, scene.services.clock

        async def handed_over_first(answer: Proceed, *given: Any) -> object:
            await storage.write(close_petition, revision=0, actor=1, at=clock())
            await storage.write(record_handover, clock().date(), at=clock(), without_name=1)
            return await answer(*given)

        call_instead(monkeypatch, answer_texts, handed_over_first)
        assert "Hecho" not in await scene.taps(ana, KEEP)


async def test_who_keeps_what_they_signed_is_not_asked_twice(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        ana, folder = scene.ana, tmp_path / "petition"
        await scene.signs(ana)
        since = {"version": "2026-12-24", "asks_again_since": "2026-12-24"}
        await goes_on_with(scene, folder, **since)
        await scene.goes(ana, "/start", ANSWER, "🔒 Privacidad", "Volver", KEEP)
        assert "Hecho: tu firma vale con los textos que firmaste." in scene.screen(ana).text
        assert ANSWER not in scene.screen(ana).labels
        held = await held_of(scene, ana)
        assert held.signature is not None
        assert (held.signature["text_version"], len(held.consents)) == ("2026-11-30", 1)
        assert "preferiste mantener los que firmaste" in await scene.says(ana, "/mydata")
        stats = await scene.storage.read(signature_statistics, scene.now)
        assert (stats.total, stats.with_name) == (1, 1)


TAKEN, REFUSED = "El bot ya usa los textos", "el bot no los usa"
Change = Callable[[str, str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "petition"
    shutil.copytree(BUNDLED, copy)
    return copy


@pytest.fixture
def change(folder: Path) -> Change:
    """Replaces a passage as some editors save: a new file takes the place of the old one."""

    def changed(file: str, old: str, new: str) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        saved = folder / f"{file}~"
        saved.write_text(text.replace(old, new), encoding="utf-8")
        saved.replace(folder / file)

    return changed


@pytest_asyncio.fixture
async def edited(
    scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    """The scene, on a petition folder that the test can change."""
    monkeypatch.setattr("handlers.petition_texts.LOOK_SECONDS", 0.05)
    await scene.goes_on_with(folder=folder)
    await scene.starts(scene.marta)
    yield scene


def told(scene: Scene, what: str) -> int:
    """How many messages to the admin say this."""
    return sum(what in message.text for message in scene.marta.messages)


def was_told(scene: Scene, what: str, times: int, _: Message) -> bool:
    return told(scene, what) == times


async def is_taken(edited: Scene, times: int) -> str:
    """What the admins read once so many changes are in use."""
    await edited.marta.sees_one(partial(was_told, edited, TAKEN, times))
    return edited.marta.messages[-1].text


async def test_what_is_corrected_holds_without_a_restart_and_the_admins_are_told_once(
    edited: Scene, folder: Path, change: Change
) -> None:
    """Who has read the earlier consent reads the new one before signing."""
    ana = edited.ana
    ana.start()
    await ana.sees("Ni una expulsión")
    change("es.toml", 'title = "Ni una expulsión', 'title = "Ninguna expulsión')
    assert await is_taken(edited, 1) == (
        "✅ El bot ya usa los textos que hay en la carpeta.\n\n"
        "Han cambiado y no tienen problemas. Si ha cambiado lo que se acepta al firmar, quien "
        "estaba a punto de hacerlo tendrá que leerlo otra vez."
    )
    ana.start()
    await ana.sees("Ninguna expulsión")
    change("es.toml", "# El título.", "# El título")  # a note, which nobody reads
    await edited.signs(edited.jordi)
    assert (told(edited, TAKEN), told(edited, REFUSED)) == (1, 0)
    await edited.taps(ana, "✍️ Firmar con mi nombre", "Usar «Ana García»")
    change("petition.toml", 'version = "2026-11-30"', 'version = "2026-12-01"')
    await is_taken(edited, 2)
    assert "El texto ha cambiado desde que lo leíste." in await edited.consents(ana)
    await edited.consents(ana)
    (consent,) = (await held_of(edited, ana)).consents
    assert consent["text_version"] == "2026-12-01"
    zone = 'time_zone = "Europe/Madrid"'
    change("petition.toml", zone, 'time_zone = "America/Bogota"\ncloses_on = "2998-12-31"')
    await is_taken(edited, 3)
    edited.mallory.start()
    await edited.mallory.sees("31 December 2998 at 23:59")
    until = 'closes_on = "2998-12-31"'
    change("petition.toml", until, "# no date")
    await is_taken(edited, 4)
    assert "December 2998" not in await edited.starts(edited.mallory)
    change("petition.toml", "# no date", until)
    await is_taken(edited, 5)
    aside = folder.with_name("aside")
    for here, there in ((folder, aside), (aside, folder)):
        await asyncio.to_thread(here.rename, there)
        await asyncio.sleep(1)
    services = edited.services
    services.clock = lambda: datetime(2999, 1, 2, tzinfo=UTC)  # its date has come
    change("es.toml", 'short_description = "', 'short_description = "Firma. ')
    await is_taken(edited, 6)
    change("petition.toml", until, 'closes_on = "2999-12-31"')
    await is_taken(edited, 7)
    assert (await services.storage.read(petition_state)).is_closed, "it is not moved"
    assert told(edited, REFUSED) == 0
    assert edited.world.profile.text("short_description", "es").startswith("Firma. ")


async def test_a_text_with_a_mistake_is_not_used_and_the_admins_read_what_is_wrong(
    edited: Scene, folder: Path, change: Change
) -> None:
    """What was left before is no hindrance: the contacts of the scene's petition are examples."""
    title, zone = 'title = "Ni una', 'time_zone = "Europe/Madrid"'
    goes_on = "\n\nEl bot sigue con los de antes"
    fails = (
        f"{goes_on}, y leerá los nuevos en cuanto estén bien. Si se reinicia mientras tanto, no "
    )
    marked = f"{goes_on}. Corrígelos antes de reiniciarlo: si la petición ya tiene firmas, "
    petition, spanish = "petition.toml", "es.toml"
    for times, (file, old, new, said, ends) in enumerate(
        (
            (spanish, title, 'title = "<b>Ni una', "title: Telegram lo rechazaría", fails),
            (
                spanish,
                title,
                'title = "[[ESCRIBE AQUÍ: qué pides]] Ni una',
                "title: queda una marca de la plantilla",
                marked,
            ),
            (petition, 'slug = "andry"', 'slug = "otra"', "slug: el bot está en marcha con", ""),
            (petition, zone, f'{zone}\ncloses_on = "2025-12-31"', "closes_on: este día ya", ""),
            (petition, zone, f"{zone}\nx = {'[' * 3000}", petition, ""),
            (petition, zone, f"{zone}\nx = {'1' * 5000}", petition, ""),
        ),
        start=1,
    ):
        change(file, old, new)
        await edited.marta.sees_one(partial(was_told, edited, REFUSED, times))
        notice = edited.marta.messages[-1].text
        assert "Tienen 1 problema:" in notice
        assert f"{file}: {said}" in notice if said != file else file in notice
        assert ends in notice
        edited.ana.start()
        await edited.ana.sees("Ni una expulsión")
        assert "ESCRIBE" not in edited.ana.chat.transcript()
        change(file, new, old)
    for name in ("card.es.png", "card.en.png"):
        (folder / name).unlink()
    await edited.marta.sees_one(partial(was_told, edited, REFUSED, 7))
    edited.jordi.start()
    await edited.jordi.sees("Ni una expulsión")  # without its picture
    change(spanish, "# El título.", "# El título")
    await asyncio.sleep(1)
    assert told(edited, REFUSED) == 7, "of one problem once"
    await edited.signs(edited.ana)
    for name in ("card.es.png", "card.en.png"):
        shutil.copy(BUNDLED / name, folder / name)
    await is_taken(edited, 1)  # what they were told last is not so any more
    change(spanish, title, 'title = "Ni una sola')
    await is_taken(edited, 2)
    edited.jordi.start()
    await edited.jordi.sees("Ni una sola expulsión")
    # An example that was there at the start, and was replaced, is one more that comes.
    change(petition, "datos@example.org", "datos@rio.org")
    await is_taken(edited, 3)
    change(petition, "datos@rio.org", "datos@example.org")
    await edited.marta.sees_one(partial(was_told, edited, REFUSED, 8))


async def test_a_text_that_does_not_fit_the_published_is_unused(
    edited: Scene, change: Change
) -> None:
    marta = edited.marta
    await edited.goes(marta, "/closing", "✏️ En español: el mensaje final")
    await edited.says(marta, "x" * 2800)
    await edited.taps(marta, "👁 Ver antes de publicar", "Publicar")
    change("es.toml", 'closed = """', 'closed = """' + "Esta acción. " * 100)
    await marta.sees(REFUSED)
    await edited.closes()
    edited.jordi.start()
    await edited.jordi.sees("xxx")
