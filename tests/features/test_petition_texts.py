"""The petition folder changes while people sign and the bot runs."""

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bot.petition.petition import BUNDLED
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
    await scene.stop_bot()
    scene.settings = scene.settings.model_copy(update={"folder": folder})
    await scene.start_bot()
    scene.marta.start()
    await scene.settled()
    yield scene


def told(scene: Scene, what: str) -> int:
    """How many messages to the admin say this."""
    return sum(what in message.text for message in scene.marta.messages)


async def test_a_corrected_text_is_read_without_a_restart_and_the_admins_are_told_once(
    edited: Scene, change: Change
) -> None:
    ana = edited.ana
    ana.start()
    await ana.sees("Ni una expulsión")
    change("es.toml", 'title = "Ni una expulsión', 'title = "Ninguna expulsión')
    assert (await edited.marta.sees(TAKEN)).text == (
        "✅ El bot ya usa los textos que hay en la carpeta.\n\n"
        "Han cambiado y no tienen problemas. Si ha cambiado lo que se acepta al firmar, quien "
        "estaba a punto de hacerlo tendrá que leerlo otra vez."
    )
    ana.start()
    await ana.sees("Ninguna expulsión")
    change("es.toml", "# El título.", "# El título")  # a note, which nobody reads
    await edited.signs(edited.jordi)
    assert told(edited, TAKEN) == 1
    assert told(edited, REFUSED) == 0


async def test_a_text_with_a_mistake_is_not_used_and_the_admins_read_what_is_wrong(
    edited: Scene, change: Change
) -> None:
    change("es.toml", 'title = "Ni una', 'title = "<b>Ni una')
    notice = await edited.marta.sees(REFUSED)
    assert "Tienen 1 problema:" in notice.text
    assert "es.toml: title: Telegram lo rechazaría" in notice.text
    assert notice.text.endswith(
        "\n\nEl bot sigue con los de antes, y leerá los nuevos en cuanto estén bien. Si se "
        "reinicia mientras tanto, no arrancará."
    )
    edited.ana.start()
    await edited.ana.sees("Ni una expulsión")
    change("es.toml", 'title = "<b>Ni una', 'title = "Ni una sola')
    await edited.marta.sees(TAKEN)
    edited.jordi.start()
    await edited.jordi.sees("Ni una sola expulsión")
    assert (told(edited, TAKEN), told(edited, REFUSED)) == (1, 1)


async def test_words_of_the_template_are_not_used_and_what_was_left_before_is_no_hindrance(
    edited: Scene, change: Change
) -> None:
    """The contacts of the scene's petition are examples, as those of one that is live may be."""
    change("es.toml", 'title = "Ni una', 'title = "[[ESCRIBE AQUÍ: qué pides]] Ni una')
    notice = await edited.marta.sees(REFUSED)
    assert "es.toml: title: queda una marca de la plantilla" in notice.text
    assert notice.text.endswith(
        "\n\nEl bot sigue con los de antes. Corrígelos antes de reiniciarlo: si la petición ya "
        "tiene firmas, empezaría a usarlos tal como están."
    )
    edited.ana.start()
    await edited.ana.sees("Ni una expulsión")
    assert "ESCRIBE" not in "".join(message.text for message in edited.ana.messages)
    change("es.toml", 'title = "[[ESCRIBE AQUÍ: qué pides]] Ni una', 'title = "Ni una sola')
    await edited.marta.sees(TAKEN)


async def test_who_has_read_the_earlier_consent_reads_the_new_one_before_signing(
    edited: Scene, change: Change
) -> None:
    ana, words = edited.ana, edited.words
    ana.start()
    await edited.settled()
    await edited.taps(ana, words.label("✍️ Firmar la petición"))
    await edited.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    await edited.taps(ana, "⚪ Con mi nombre")
    change("petition.toml", 'version = "2026-11-26"', 'version = "2026-11-27"')
    await edited.marta.sees(TAKEN)
    await edited.consents(ana)
    assert "El texto ha cambiado desde que lo leíste." in edited.screen(ana).text
    await edited.consents(ana)
    (consent,) = (await held_of(edited, ana)).consents
    assert consent["text_version"] == "2026-11-27"


async def test_another_petition_needs_another_start(edited: Scene, change: Change) -> None:
    change("petition.toml", 'slug = "andry"', 'slug = "otra"')
    notice = await edited.marta.sees(REFUSED)
    assert "petition.toml: slug: el bot está en marcha con la petición andry" in notice.text
    await edited.signs(edited.ana)


async def test_a_new_closing_date_and_a_new_time_zone_hold_at_once(
    edited: Scene, change: Change
) -> None:
    change(
        "petition.toml",
        'time_zone = "Europe/Madrid"',
        'time_zone = "America/Bogota"\ncloses_on = "2999-12-31"',
    )
    await edited.marta.sees(TAKEN)
    edited.ana.start()
    await edited.ana.sees("Se puede firmar hasta el 31 de diciembre de 2999, 23:59.")
    change("petition.toml", 'closes_on = "2999-12-31"', "")
    await edited.marta.sees_one(lambda _: told(edited, TAKEN) == 2)
    edited.jordi.start()
    await edited.settled()
    assert "Se puede firmar hasta" not in edited.screen(edited.jordi).text


async def test_the_profile_of_the_bot_follows(edited: Scene, change: Change) -> None:
    change("es.toml", 'short_description = "', 'short_description = "Firma. ')
    await edited.marta.sees(TAKEN)
    assert edited.world.profile.text("short_description", "es").startswith("Firma. ")


async def test_a_text_that_does_not_fit_beside_what_was_published_is_not_used(
    edited: Scene, change: Change
) -> None:
    marta = edited.marta
    marta.send("/closing")
    await edited.taps(marta, "✏️ El mensaje final, en español")
    marta.send("x" * 2800)
    await edited.settled()
    await edited.taps(marta, "👁 Ver antes de publicar")
    await edited.taps(marta, "Publicar")
    change("es.toml", 'closed = """', 'closed = """' + "Esta acción. " * 100)
    await marta.sees(REFUSED)
    await edited.closes()
    edited.jordi.start()
    await edited.jordi.sees("xxx")


async def test_a_date_that_is_past_closes_nothing(edited: Scene, change: Change) -> None:
    zone = 'time_zone = "Europe/Madrid"'
    change("petition.toml", zone, f'{zone}\ncloses_on = "2025-12-31"')
    notice = await edited.marta.sees(REFUSED)
    assert "petition.toml: closes_on: este día ya ha pasado" in notice.text
    await edited.signs(edited.ana)


@pytest.mark.parametrize("value", ["[" * 3000, "1" * 5000])
async def test_a_value_that_python_does_not_read_is_told(
    edited: Scene, folder: Path, value: str
) -> None:
    file = folder / "petition.toml"
    file.write_text(f"{file.read_text()}\nx = {value}")
    await edited.marta.sees(REFUSED)


async def test_without_its_picture_the_petition_is_still_shown(
    edited: Scene, folder: Path
) -> None:
    for name in ("card.es.png", "card.en.png"):
        (folder / name).unlink()
    await edited.marta.sees(REFUSED)
    edited.ana.start()
    await edited.ana.sees("Ni una expulsión")
