"""The petition folder changes while people sign and the bot runs."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from bot.petition.petition import BUNDLED
from simulator.chats import Message
from storage.petitions import petition_state
from tests.features.test_changed_texts import held_of
from tests.support.scene import Scene

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
    ana, words = edited.ana, edited.words
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
    await edited.taps(ana, words.label("✍️ Firmar con mi nombre"))
    await edited.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    change("petition.toml", 'version = "2026-11-30"', 'version = "2026-12-01"')
    await is_taken(edited, 2)
    await edited.consents(ana)
    assert "El texto ha cambiado desde que lo leíste." in edited.screen(ana).text
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
    await edited.starts(edited.mallory)
    assert "December 2998" not in edited.screen(edited.mallory).text
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


async def test_a_text_that_does_not_fit_the_published_is_unused(
    edited: Scene, change: Change
) -> None:
    marta = edited.marta
    marta.send("/closing")
    await edited.taps(marta, "✏️ El mensaje final, en español")
    await edited.says(marta, "x" * 2800)
    await edited.taps(marta, "👁 Ver antes de publicar")
    await edited.taps(marta, "Publicar")
    change("es.toml", 'closed = """', 'closed = """' + "Esta acción. " * 100)
    await marta.sees(REFUSED)
    await edited.closes()
    edited.jordi.start()
    await edited.jordi.sees("xxx")
