"""People sign with their name or without giving it; of who gives none, none is kept."""

import asyncio
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.app import open_app
from bot.petition.petition import BUNDLED
from handlers.screens.signing import seen_words
from simulator.person import Person
from storage.handovers import active_handover, record_handover
from storage.keyring import Keyring
from storage.person_requests import PersonNoticeKind, carry_out_request
from storage.personal_data import Held, everything_held
from telegram_text.markup import parse
from tests.features.test_changed_texts import held_of
from tests.support.scene import Scene, a_scene, data_of

CONFIRM = "✍️ Consiento y firmo"
WITH, WITHOUT = "✍️ Firmar con mi nombre", "✍️ Firmar sin dar mi nombre"
NOTICE = "Responsable: la sección española de Amnistía Internacional."


def choice_in(held: Held) -> tuple[Any, list[Any]]:
    """What the signature and its consents say."""
    signature: Mapping[str, Any] = held.signature or {}
    return signature.get("name") is not None, [each["with_name"] for each in held.consents]


async def test_the_first_tap_is_the_choice_and_who_signs_without_a_name_is_asked_for_none(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In three screens and two taps; what is typed meanwhile is no name and is not kept."""
    ana, jordi = scene.ana, scene.jordi
    sealed: list[str] = []
    seal = Keyring.seal

    def noted(keyring: Keyring, plain: str, **place: Any) -> bytes:
        sealed.append(plain)
        return seal(keyring, plain, **place)

    monkeypatch.setattr(Keyring, "seal", noted)
    with capture_logs() as logged:
        await scene.starts(ana)
        assert scene.screen(ana).labels[:2] == [WITH, WITHOUT]
        await scene.taps(ana, WITHOUT)
        asked = scene.screen(ana)
        assert NOTICE in asked.text
        assert "Firmo esta petición y consiento explícitamente" in asked.text
        assert "Ana" not in asked.text
        said = await scene.says(ana, "Ana García")
        assert "Para firmar sin dar tu nombre, pulsa «✍️ Consiento y firmo». " in said
        assert "Lo que has escrito no se ha guardado." in said
        # The button of a consent that said other words signs nothing.
        shown = scene.screen(ana)
        former = f"{data_of(shown, CONFIRM).rpartition(':')[0]}:{'0' * 16}"
        await scene.answered(ana.tap_data(shown.id, former))
        again = "ha cambiado desde que lo leíste. Léelo otra vez, por favor, antes de firmar."
        assert again in scene.screen(ana).text
        assert (await held_of(scene, ana)).signature is None
        assert "con la tuya: 1" in await scene.taps(ana, CONFIRM)
        held = await held_of(scene, ana)
        assert choice_in(held) == (False, [0])
        assert (held.signature or {})["name"] is None
        consented = seen_words(held.consents[0]["text"])
        assert consented.startswith(scene.petition.texts_in("es").consent)
    # Nowhere is her name: not in what is encrypted, nor in a file, the log or the chat.
    assert scene.storage.journal.read().entries == ()
    files = b"".join(each.read_bytes() for each in (tmp_path / "data").iterdir())
    assert b"CREATE TABLE signatures" in files
    assert "García".encode() not in files
    assert "García" not in f"{sealed} {logged} {ana.chat.transcript()}"
    # Who begins with a name and goes back chooses anew, and what was typed is gone.
    await scene.to_the_name(jordi)
    await scene.says(jordi, "Jordi Secret")
    await scene.taps(jordi, "Volver")
    assert scene.screen(jordi).labels[:2] == [WITH, WITHOUT]
    await scene.taps(jordi, WITHOUT, "Volver", WITH)
    assert NOTICE in scene.screen(jordi).text, "it is read before each name"
    assert "¿Con qué nombre quieres firmar?" in scene.screen(jordi).text
    await scene.taps(jordi, "Usar «Jordi Puig»", CONFIRM)
    held = await held_of(scene, jordi)
    assert choice_in(held) == (True, [1])
    assert (held.signature or {})["name"] == "Jordi Puig"


async def test_what_was_chosen_is_kept_and_said_wherever_it_is_seen(scene: Scene) -> None:
    """Both count and are told the end, and admins see how many of each there are."""
    people = (
        (scene.ana, True, "Tu firma se entregará con tu nombre."),
        (scene.jordi, False, "Tu firma se entregará sin tu nombre, y cuenta igual."),
    )
    for number, (person, with_name, said) in enumerate(people, start=1):
        assert f"con la tuya: {number}" in await scene.signs(person, with_name=with_name)
        held = await held_of(scene, person)
        assert choice_in(held) == (with_name, [int(with_name)])
        about_name = (
            "consiento explícitamente que se guarde mi nombre y se entregue con mi firma",
            "fuera del Espacio Económico Europeo: sabrá que firmé y podrá usarlo con menos "
            "protección.",
        )
        for agreed in about_name:
            assert (agreed in held.consents[0]["text"]) is with_name
        assert "para contarla, entregarla y decirme el resultado." in held.consents[0]["text"]
        for command in ("/start", "/mydata"):
            assert said in await scene.says(person, command), command
    assert "Nombre: no guardamos ninguno." in scene.screen(scene.jordi).text
    assert "Corregir mi nombre" not in scene.screen(scene.jordi).labels
    scene.marta.send("/stats")
    counts = "Con su nombre: 1. Sin su nombre: 1."
    assert counts in (await scene.marta.sees("Firmas: 2")).text
    scene.marta.send("/close")
    question = await scene.marta.with_button("Sí, cerrar la petición")
    assert f"2 personas han firmado.\n{counts}" in question.text
    await scene.taps(scene.marta, "Sí, cerrar la petición")
    assert counts in (await scene.marta.sees("La petición está cerrada.")).text
    for person, _, said in people:
        assert said in await scene.says(person, "/start")
    await scene.broadcasts(2)
    assert [scene.told(person) for person in (scene.ana, scene.jordi)] == [1, 1]


GIVE, REMOVE = "Entregar mi firma con mi nombre", "Borrar mi nombre de la firma"
CONSENT = "✍️ Consiento que se entregue"


async def test_a_name_is_given_later_with_its_own_consent_and_erased(scene: Scene) -> None:
    scene.simulator.limits.on = False
    ana = scene.ana
    await scene.signs(ana, with_name=False, news=True)
    await scene.goes(ana, "/mydata", GIVE)
    asked = scene.screen(ana).text
    assert NOTICE in asked, "what happens to a name is read before it is given"
    assert "¿Con qué nombre quieres que se entregue tu firma?" in asked
    assert "demasiado corto" in await scene.says(ana, "x")
    said = await scene.says(ana, "Ana Typed")
    assert "Yo, Ana Typed, consiento explícitamente" in said
    assert "fuera del Espacio Económico Europeo: sabrá que firmé" in said
    assert "pulsa «✍️ Consiento que se entregue»" in await scene.says(ana, "Ana Otra")
    assert "Yo, Ana Typed" in scene.screen(ana).text, "no text changes it"
    await scene.taps(ana, "Cambiar el nombre", "Usar «Ana García»")
    seen = scene.screen(ana).id
    held = await held_of(scene, ana)
    assert choice_in(held) == (False, [0]), "asking changes nothing"
    assert "Hecho: tu firma se entregará con tu nombre." in await scene.taps(ana, CONSENT)
    held = await held_of(scene, ana)
    assert choice_in(held) == (True, [0, 1])
    assert (held.signature or {})["name"] == "Ana García"
    assert held.consents[1]["message_id"] == seen
    assert seen_words(held.consents[1]["text"]) == scene.petition.texts_in("es").name_consent
    assert "Noticias de otras acciones: sí" in scene.screen(ana).text
    await scene.taps(ana, REMOVE)
    shown = scene.screen(ana).text
    assert "Hecho: hemos borrado tu nombre. Tu firma sigue contando." in shown
    held = await held_of(scene, ana)
    assert choice_in(held)[0] is False
    assert (held.signature or {})["name"] is None
    assert "Noticias de otras acciones: sí" in shown
    # Who leaves the question, in whichever way, has given nothing.
    for leave in ("/cancel", "/start", "Volver"):
        await scene.goes(ana, "/mydata", GIVE)
        await scene.says(ana, "Ana Secreta")
        if leave.startswith("/"):
            await scene.says(ana, leave)
        else:
            await scene.taps(ana, leave)
        assert (await scene.conversation(ana)).name is None, leave
    assert "Tu firma se entregará sin tu nombre, y cuenta igual." in scene.screen(ana).text
    assert not {"Secreta", "Typed", "Otra"} & set(ana.chat.transcript().split())


async def test_once_it_was_handed_over_it_cannot_be_changed(scene: Scene) -> None:
    await scene.signs(scene.ana)
    await scene.closes()
    scene.ana.send("/mydata")
    tapped = await scene.ana.with_button(REMOVE)
    database = Path(scene.settings.database_url.partition(":///")[2])
    with closing(sqlite3.connect(database)) as beside:
        beside.execute("VACUUM INTO ?", (f"{database}.copy",))
    services = scene.services
    await services.storage.write(
        record_handover, services.clock().date(), at=services.clock(), without_name=1
    )
    await scene.answered(scene.ana.tap_data(tapped.id, data_of(tapped, REMOVE)))
    shown = scene.screen(scene.ana)
    assert "tu firma se contó sin tu nombre. Ya no se puede cambiar." in shown.text
    assert not {GIVE, REMOVE} & set(shown.labels)
    assert choice_in(await held_of(scene, scene.ana)) == (1, [1])
    # Nor is it changed by a backup from before, on which what people asked for is done again.
    await scene.stop_bot()
    await asyncio.to_thread(Path(f"{database}.copy").replace, database)
    async with open_app(scene.settings, clocks=scene.clocks, restored=True) as app:
        restored = app.services.storage
        assert await restored.read(active_handover) is not None
        assert choice_in(await restored.read(everything_held, scene.ana.id)) == (1, [1])


async def test_nobody_is_asked_for_a_name_that_cannot_be_given_any_more(scene: Scene) -> None:
    """Jordi has the button in front of him, and Luz the question, when it is handed over."""
    scene.simulator.limits.on = False
    jordi, luz = scene.jordi, scene.world.person("Luz", last_name="Paz", language="es")
    for person in (jordi, luz, scene.ana):
        await scene.signs(person, with_name=person is scene.ana)
    await scene.goes(luz, "/mydata", GIVE)
    await scene.sends(luz, "photo")
    assert "Escribe el nombre en un mensaje de texto nuevo, por favor." in scene.screen(luz).text
    await scene.says(jordi, "/mydata")
    assert GIVE in scene.screen(jordi).labels
    # Who has the use of the data restricted gives no name, and can have theirs erased.
    for person, offered in ((luz, {GIVE}), (scene.ana, {REMOVE})):
        await scene.says(person, "/mydata")
        assert offered == {GIVE, REMOVE} & set(scene.screen(person).labels)
        await scene.taps(person, "Otros derechos", "Limitar el uso de mis datos")
        await scene.says(person, "/mydata")
        assert offered - {GIVE} == {GIVE, REMOVE} & set(scene.screen(person).labels)
    await scene.taps(scene.ana, REMOVE)
    assert choice_in(await held_of(scene, scene.ana))[0] is False
    await scene.closes()
    storage, clock = scene.storage, scene.services.clock
    await storage.write(record_handover, clock().date(), at=clock(), without_name=3)
    await scene.answered(jordi.tap(GIVE))
    assert "Ya no se puede cambiar." in scene.screen(jordi).text
    assert "¿Con qué nombre" not in scene.screen(jordi).text


async def test_where_one_way_is_offered_the_others_buttons_lead_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "petition"
    copytree(BUNDLED, folder)
    written = folder / "petition.toml"
    asks = 'handed_over = "ask"\nnames_go_to = "US"'
    text = written.read_text()
    assert asks in text
    async with a_scene(tmp_path) as scene:
        luz = scene.world.person("Luz", last_name="Sol")
        for offered, person, label in (
            ("with_name", scene.jordi, WITH),
            ("without_name", luz, WITHOUT),
        ):
            for each in (scene.ana, scene.sean):  # they have the choice on their screens
                each.start()
            await scene.settled()
            await scene.stop_bot()
            only = f'handed_over = "{offered}"\nnames_go_to = "ES"'
            written.write_text(text.replace(asks, only))
            await scene.goes_on_with(folder=folder)
            await scene.starts(person)
            assert [each for each in scene.screen(person).labels if "Firmar" in each] == [label]
            if offered == "with_name":
                assert "¿Con qué nombre quieres firmar?" in await scene.taps(scene.ana, WITHOUT)
                await scene.signs(person)
            else:
                await scene.signs(person, with_name=False)
                await scene.says(person, "/mydata")
                assert GIVE not in scene.screen(person).labels
                await scene.taps(scene.sean, "✍️ Sign with my name")
                asked = scene.screen(scene.sean)
                assert "I sign this petition and explicitly consent" in asked.text
                assert "Seán" not in asked.text + "".join(asked.labels)
            is_named = offered == "with_name"
            assert choice_in(await held_of(scene, person)) == (is_named, [int(is_named)])


FOLDED = re.compile("<blockquote expandable>.*?</blockquote>", re.DOTALL)


async def test_it_takes_few_screens_few_taps_and_few_words(scene: Scene) -> None:
    """Counted from what Telegram received, from /start to the thanks; sharing is first there."""
    scene.simulator.limits.on = False
    luz, tom = scene.world.person("Luz"), scene.world.person("Tom", language="en")
    for person, with_name in (
        (scene.ana, True),
        (scene.sean, True),
        (luz, False),
        (tom, False),
    ):
        scene.simulator.calls.clear()
        await scene.signs(person, with_name=with_name)
        calls = scene.simulator.calls
        screens = [str(each.params["text"]) for each in calls if "reply_markup" in each.params]
        assert len(screens) == 3 + with_name
        (picture,) = calls.of("sendPhoto")
        shown = [str(picture.params["caption"])]
        shown += [parse(FOLDED.sub("", each)).text for each in screens]
        words = [re.findall(r"\w[\w/’'.,@:-]*", each) for each in shown]
        assert len(calls.of("answerCallbackQuery")) <= 4
        assert sum(map(len, words)) <= 260
        assert len(words[-1]) <= 30
        assert scene.screen(person).buttons[0][0].url


TYPED = "Zenobia Secreta"
ASKS = 'handed_over = "ask"\nnames_go_to = "US"'


async def restarts(
    scene: Scene, folder: Path, file: str = "", old: str = "", new: str = ""
) -> None:
    """The bot goes on with this folder, in which something was replaced."""
    await scene.stop_bot()
    if file:
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), "utf-8")
    await scene.goes_on_with(folder=folder)


async def takes_no_names(scene: Scene, folder: Path) -> None:
    await restarts(scene, folder, "petition.toml", ASKS, 'handed_over = "without_name"')


async def to_the_consent_to_a_name(scene: Scene, person: Person) -> None:
    """Signs without a name, and types one to give it later."""
    await scene.signs(person, with_name=False)
    await scene.goes(person, "/mydata", GIVE)
    await scene.says(person, TYPED)


async def name_of(scene: Scene, person: Person) -> object:
    signature = (await held_of(scene, person)).signature
    assert signature is not None
    return signature["name"]


async def test_a_petition_without_names_takes_none_half_given(tmp_path: Path) -> None:
    folder = Path(copytree(BUNDLED, tmp_path / "petition"))
    async with a_scene(tmp_path) as scene:
        scene.simulator.limits.on = False
        ana, jordi = scene.ana, scene.jordi
        await to_the_consent_to_a_name(scene, ana)
        await scene.to_the_name(jordi)
        await scene.says(jordi, TYPED)
        await takes_no_names(scene, folder)
        await scene.answered(ana.tap(CONSENT))
        assert await name_of(scene, ana) is None
        # Nor does a forged button ask for one.
        shown = scene.screen(ana)
        version = next(b.data for row in shown.buttons for b in row if b.data).partition(":")[0]
        await scene.answered(ana.tap_data(shown.id, f"{version}:name?:"))
        assert "¿Con qué nombre" not in scene.screen(ana).text
        assert TYPED not in await scene.goes(jordi, "/privacy", "Volver")
        for person in (ana, jordi):
            assert (await scene.conversation(person)).name is None
        await scene.taps(jordi, CONFIRM)
        assert await name_of(scene, jordi) is None


async def test_who_objects_by_letter_meanwhile_gives_no_name(scene: Scene) -> None:
    ana, storage = scene.ana, scene.storage
    await to_the_consent_to_a_name(scene, ana)
    await storage.write(
        carry_out_request,
        PersonNoticeKind.OBJECTED,
        1,
        "a letter",
        scene.now,
    )
    await scene.answered(ana.tap(CONSENT))
    assert "se entregará con tu nombre" not in scene.screen(ana).text
    assert await name_of(scene, ana) is None


async def test_a_notice_that_changed_is_shown_before_a_name_is_given_later(tmp_path: Path) -> None:
    folder = Path(copytree(BUNDLED, tmp_path / "petition"))
    changed = "<b>Responde de ellos:</b>"
    async with a_scene(tmp_path) as scene:
        await restarts(scene, folder)
        await to_the_consent_to_a_name(scene, scene.ana)
        await restarts(scene, folder, "es.toml", "<b>Responsable:</b>", changed)
        await scene.taps(scene.ana, CONSENT)
        shown = scene.screen(scene.ana).text
        assert "El texto ha cambiado" in shown
        assert shown.index("Responde de ellos:") < shown.index(f"Yo, {TYPED}, consiento")
        assert await name_of(scene, scene.ana) is None
        await scene.taps(scene.ana, CONSENT)
        assert await name_of(scene, scene.ana) == TYPED
