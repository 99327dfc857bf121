"""People keep a receipt for what they agreed to, and stand by it when the texts change."""

import hashlib
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from bot.petition.petition import BUNDLED
from simulator.person import Person
from storage.consents import answer_texts
from storage.handovers import record_handover
from storage.personal_data import Held, everything_held
from storage.petitions import close_petition
from storage.signatures import signature_statistics
from tests.support.scene import Scene, a_scene
from tests.support.storage_calls import Proceed, call_instead

CHANGED = "Se pide también que se les indemnice."
ANSWER, ACCEPT, KEEP = "Leer y decidir", "✍️ Consiento", "Mantener lo que firmé"


async def held_of(scene: Scene, person: Person) -> Held:
    return await scene.storage.read(everything_held, person.id)


async def receipt_of(scene: Scene, person: Person) -> str:
    """What the button of /mydata's other rights brings."""
    person.send("/mydata")
    await scene.taps(person, scene.words.label("Otros derechos"))
    await scene.taps(person, scene.words.label("🧾 Recibir el justificante"))
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
    ana.send("/mydata")
    await scene.taps(ana, words.label("Entregar mi firma con mi nombre"))
    await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
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
        await scene.taps(ana, ACCEPT)
        assert "Hecho: tu firma vale con los textos de ahora." in scene.screen(ana).text
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
        ana.start()
        await scene.taps(ana, ANSWER)
        await goes_on_with(scene, folder, version="2026-12-25", asks_again_since="2026-12-25")
        await scene.taps(ana, ACCEPT)
        assert "los de ahora son del 25 de diciembre" in scene.screen(ana).text
        assert len((await held_of(scene, ana)).consents) == 1, "these words she had not read"
        await scene.taps(ana, ACCEPT)
        assert "Hecho: tu firma vale con los textos de ahora." in scene.screen(ana).text
        held = await held_of(scene, ana)
        assert held.signature is not None
        assert (held.signature["name"], held.consents[-1]["with_name"]) == ("Ana García", 1)
        assert held.consents[-1]["text_version"] == "2026-12-25"
        # Nobody is told that it is done who answered while it was handed over.
        await goes_on_with(scene, folder, version="2026-12-26", asks_again_since="2026-12-26")
        ana.start()
        await scene.taps(ana, ANSWER)
        storage, clock = scene.storage, scene.services.clock

        async def handed_over_first(answer: Proceed, *given: Any) -> object:
            await storage.write(close_petition, revision=0, actor=1, at=clock())
            await storage.write(record_handover, clock().date(), at=clock(), without_name=1)
            return await answer(*given)

        call_instead(monkeypatch, answer_texts, handed_over_first)
        await scene.taps(ana, KEEP)
        assert "Hecho" not in scene.screen(ana).text


async def test_who_keeps_what_they_signed_is_not_asked_twice(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        ana, folder = scene.ana, tmp_path / "petition"
        await scene.signs(ana)
        since = {"version": "2026-12-24", "asks_again_since": "2026-12-24"}
        await goes_on_with(scene, folder, **since)
        ana.start()
        await scene.taps(ana, ANSWER)
        await scene.taps(ana, scene.words.label("🔒 Privacidad"))
        await scene.taps(ana, scene.words.label("Volver"))
        await scene.taps(ana, KEEP)
        assert "Hecho: tu firma vale con los textos que firmaste." in scene.screen(ana).text
        assert ANSWER not in scene.screen(ana).labels
        held = await held_of(scene, ana)
        assert held.signature is not None
        assert (held.signature["text_version"], len(held.consents)) == ("2026-11-30", 1)
        await scene.says(ana, "/mydata")
        assert "preferiste mantener los que firmaste" in scene.screen(ana).text
        stats = await scene.storage.read(signature_statistics, scene.now)
        assert (stats.total, stats.with_name) == (1, 1)
