"""Whoever signs chooses whether their name is handed over, or their signature only counted."""

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from shutil import copytree
from typing import Any

from bot.app import open_app
from bot.petition.petition import BUNDLED
from handlers.screens.signing import seen_words
from simulator.person import Person
from storage.personal_data import Held
from tests.support.scene import Scene, a_scene

CONFIRM = "✍️ Consiento y firmo"
WITH, WITHOUT = "Con mi nombre", "Sin mi nombre"


async def held_of(scene: Scene, person: Person) -> Held:
    return await scene.services.storage.personal_data.of(person.id)


def choice_in(held: Held) -> tuple[Any, list[Any]]:
    """What the signature and its consents say."""
    signature: Mapping[str, Any] = held.signature or {}
    return signature.get("with_name"), [each["with_name"] for each in held.consents]


async def test_ana_who_taps_too_early_is_told_what_is_missing_and_loses_nothing(
    scene: Scene,
) -> None:
    """Of the two one is chosen at most, and who leaves the form is asked again."""
    ana = scene.ana
    await scene.to_the_consent(ana)
    await scene.taps(ana, "⬜ Noticias de otras acciones")
    before = scene.screen(ana)
    shown = (before.text, before.labels)
    answer = await ana.tap(CONFIRM).answered()
    await scene.settled()
    assert answer.alert
    assert answer.text == (
        "Falta una elección: si tu firma se entrega con tu nombre o sin él. Toca una de las dos "
        "opciones y después «✍️ Consiento y firmo»."
    )
    assert (await held_of(scene, ana)).signature is None
    assert (scene.screen(ana).text, scene.screen(ana).labels) == shown
    await scene.taps(ana, f"⚪ {WITH}")
    assert scene.screen(ana).labels[:2] == [f"✅ {WITH}", f"⚪ {WITHOUT}"]
    await scene.taps(ana, "Volver")
    await scene.to_the_consent(ana)
    assert scene.screen(ana).labels[:2] == [f"⚪ {WITH}", f"⚪ {WITHOUT}"]
    await scene.taps(ana, f"⚪ {WITH}")
    await scene.taps(ana, f"⚪ {WITHOUT}")
    assert scene.screen(ana).labels[:2] == [f"⚪ {WITH}", f"✅ {WITHOUT}"]
    await scene.taps(ana, "⬜ Noticias de otras acciones")
    # The button of a consent that offered no choice, and said other words, signs nothing.
    shown_now = scene.screen(ana)
    present = next(b.data for row in shown_now.buttons for b in row if b.label == CONFIRM)
    former = f"{(present or '').rpartition(':')[0]}:{'0' * 16}"
    await ana.tap_data(shown_now.id, former).answered()
    await scene.settled()
    assert (
        "El texto ha cambiado desde que lo leíste. Léelo otra vez, por favor, antes de firmar."
        in scene.screen(ana).text
    )
    assert (await held_of(scene, ana)).signature is None
    await scene.taps(ana, CONFIRM)
    assert "con la tuya: 1" in scene.screen(ana).text
    assert "• Noticias de otras acciones" in scene.screen(ana).text
    assert choice_in(await held_of(scene, ana)) == (0, [0])


async def test_what_was_chosen_is_kept_with_the_signature_and_said_wherever_it_is_seen(
    scene: Scene,
) -> None:
    """Both count and are told the end, and admins see how many of each there are."""
    people = (
        (scene.ana, True, "Tu firma se entregará con tu nombre."),
        (scene.jordi, False, "Tu firma se entregará sin tu nombre, y cuenta igual."),
    )
    for number, (person, with_name, said) in enumerate(people, start=1):
        await scene.signs(person, with_name=with_name)
        thanks = scene.screen(person).text
        assert said in thanks
        assert f"con la tuya: {number}" in thanks
        held = await held_of(scene, person)
        assert choice_in(held) == (int(with_name), [int(with_name)])
        assert "• Con mi nombre\n• Sin mi nombre" in held.consents[0]["text"]
        for agreed in (
            "consiento explícitamente que:\n\n• si elijo «Con mi nombre», se entregue mi nombre",
            "en Estados Unidos, fuera del EEE, con menos protección;",
            "para registrarla, entregarla y contarme cómo termina.",
        ):
            assert agreed in held.consents[0]["text"]
        for command in ("/start", "/mydata"):
            assert said in await scene.says(person, command), command
    scene.marta.send("/stats")
    counts = "Con su nombre: 1. Sin su nombre: 1."
    assert counts in (await scene.marta.sees("Firmas: 2")).text
    scene.marta.send("/close")
    question = await scene.with_button(scene.marta, "Sí, cerrar la petición")
    assert f"2 personas han firmado.\n{counts}" in question.text
    await scene.taps(scene.marta, "Sí, cerrar la petición")
    assert counts in (await scene.marta.sees("La petición está cerrada.")).text
    for person, _, said in people:
        assert said in await scene.says(person, "/start")
    await scene.broadcasts(2)
    assert [scene.told(person) for person in (scene.ana, scene.jordi)] == [1, 1]


GIVE, REMOVE = "Entregar mi firma con mi nombre", "Entregar mi firma sin mi nombre"


async def test_it_is_changed_both_ways_in_mydata_and_giving_the_name_is_a_consent_of_its_own(
    scene: Scene,
) -> None:
    ana = scene.ana
    await scene.signs(ana, with_name=False, news=True)
    await scene.says(ana, "/mydata")
    await scene.taps(ana, GIVE)
    seen, asked = scene.screen(ana).id, scene.screen(ana).text
    assert "Yo, Ana García, consiento explícitamente" in asked
    assert "fuera del Espacio Económico Europeo: sabrá que firmé" in asked
    assert choice_in(await held_of(scene, ana)) == (0, [0]), "asking changes nothing"
    await scene.taps(ana, "✍️ Consiento que se entregue")
    assert "Hecho: tu firma se entregará con tu nombre." in scene.screen(ana).text
    held = await held_of(scene, ana)
    assert choice_in(held) == (1, [0, 1])
    assert held.consents[1]["message_id"] == seen
    assert seen_words(held.consents[1]["text"]) == scene.petition.texts_in("es").name_consent
    assert "Noticias de otras acciones: sí" in scene.screen(ana).text
    await scene.taps(ana, REMOVE)
    shown = scene.screen(ana).text
    assert "Hecho: tu firma se entregará sin tu nombre." in shown
    assert choice_in(await held_of(scene, ana))[0] == 0
    assert "Noticias de otras acciones: sí" in shown
    await scene.taps(ana, GIVE)
    await scene.taps(ana, scene.words.label("Volver"))
    assert "Tu firma se entregará sin tu nombre, y cuenta igual." in scene.screen(ana).text


async def test_once_it_was_handed_over_it_cannot_be_changed_and_the_screen_says_so(
    scene: Scene,
) -> None:
    await scene.signs(scene.ana)
    await scene.closes()
    scene.ana.send("/mydata")
    tapped = await scene.with_button(scene.ana, REMOVE)
    database = Path(scene.settings.database_url.partition(":///")[2])
    with closing(sqlite3.connect(database)) as beside:
        beside.execute("VACUUM INTO ?", (f"{database}.copy",))
    data = next(b.data for row in tapped.buttons for b in row if b.label == REMOVE)
    services = scene.services
    await services.storage.handovers.record(
        services.clock().date(), at=services.clock(), without_name=1
    )
    await scene.ana.tap_data(tapped.id, data or "").answered()
    await scene.settled()
    shown = scene.screen(scene.ana)
    assert "tu firma se contó sin tu nombre. Ya no se puede cambiar." in shown.text
    assert not {GIVE, REMOVE} & set(shown.labels)
    assert choice_in(await held_of(scene, scene.ana)) == (1, [1])
    # Nor is it changed by a backup from before, on which what people asked for is done again.
    await scene.stop_bot()
    await asyncio.to_thread(Path(f"{database}.copy").replace, database)
    async with open_app(scene.settings, clocks=scene.clocks, restored=True) as app:
        restored = app.application.services.storage
        assert await restored.handovers.active() is not None
        assert choice_in(await restored.personal_data.of(scene.ana.id)) == (1, [1])


async def test_where_the_petition_proposes_one_that_holds_unless_the_other_is_chosen(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "petition"
    copytree(BUNDLED, folder)
    written = folder / "petition.toml"
    asks = 'handed_over = "ask"\nnames_go_to = "US"'
    text = written.read_text()
    assert asks in text
    async with a_scene(tmp_path) as scene:
        for proposed, people in (
            ("with_name", (scene.ana, scene.jordi)),
            ("without_name", (scene.world.person("Luz", last_name="Sol"), scene.marta)),
        ):
            await scene.stop_bot()
            proposes = f'handed_over = "{proposed}"\nnames_go_to = "ES"'
            written.write_text(text.replace(asks, proposes))
            scene.settings = scene.settings.model_copy(update={"folder": folder})
            await scene.start_bot()
            with_name = int(proposed == "with_name")
            for person, chosen in zip(people, (with_name, 1 - with_name), strict=True):
                await scene.to_the_consent(person)
                if chosen != with_name:
                    await scene.taps(person, f"⚪ {WITH if chosen else WITHOUT}")
                await scene.taps(person, CONFIRM)
                assert choice_in(await held_of(scene, person)) == (chosen, [chosen])
