"""Ana, Jordi and Seán sign."""

import re
from pathlib import Path
from shutil import copytree

import pytest

from bot.petition.petition import BUNDLED
from simulator import Message
from simulator.faults import Fault
from storage import Statement
from tests.support.scene import Scene, a_scene


async def test_ana_reads_everything_and_signs_in_one_message(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    ana.start("boletin")
    await scene.settled()
    assert scene.petition.texts_in("es").title in scene.screen(ana).text
    first = scene.screen(ana).id
    await scene.taps(ana, words.label("📖 Leer el llamamiento"))
    await scene.taps(ana, words.label("Siguiente ›"))
    assert "Página 2 de 4" in scene.screen(ana).text
    await scene.taps(ana, words.label("‹ Anterior"))
    assert "Página 1 de 4" in scene.screen(ana).text
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    assert "¿Con qué nombre quieres firmar?" in scene.screen(ana).text
    await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    assert "Ana García" in scene.screen(ana).text
    await scene.consents(ana)
    assert "con la tuya: 1" in scene.screen(ana).text
    assert scene.screen(ana).id == first


async def test_a_typed_name_and_every_attempt_at_it_leave_the_chat(scene: Scene) -> None:
    jordi, words = scene.jordi, scene.words
    jordi.start()
    await scene.settled()
    await scene.taps(jordi, words.label("✍️ Firmar la petición"))
    for bad in ("x", "=1+1", "http://example.org"):
        jordi.send(bad)
        await scene.settled()
        assert "⚠️" in scene.screen(jordi).text
        assert scene.screen(jordi) is jordi.messages[-1]
    jordi.send("Jordi Puig i Gal·la")
    await scene.settled()
    assert "Jordi Puig i Gal·la" in scene.screen(jordi).text
    assert [m.text for m in jordi.messages if not m.from_bot] == ["/start"]


async def test_who_has_signed_copies_the_link_and_who_follows_it_meets_the_petition(
    scene: Scene,
) -> None:
    await scene.signs(scene.ana)
    copied = scene.ana.tap(scene.words.label("🔗 Copiar el enlace")).copied
    assert copied is not None
    assert copied.startswith("https://t.me/")
    scene.jordi.start(copied.partition("?start=")[2])
    await scene.taps(scene.jordi, scene.words.label("✍️ Firmar la petición"))


async def test_the_button_that_signs_is_green_and_the_one_that_takes_it_back_is_red(
    scene: Scene,
) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    assert styles(scene.screen(ana)) == {words.label("✍️ Firmar la petición"): "success"}
    await scene.signs(ana)
    assert styles(scene.screen(ana)) == {}
    ana.send("/withdraw")
    await scene.settled()
    erase = words.label("Retirar mi firma y borrar mis datos")
    assert styles(scene.screen(ana)) == {erase: "danger"}


async def test_nothing_on_the_consent_looks_chosen_before_it_is(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    before = scene.screen(ana).labels
    assert not any("✅" in label for label in before), "a tick says that something is chosen"
    chosen = f"⬜ {words.label('Noticias de otras acciones')}"
    await scene.taps(ana, chosen)
    after = [label.replace("✅", "⬜") for label in scene.screen(ana).labels if "✅" in label]
    assert after == [chosen]


def styles(message: Message) -> dict[str, str]:
    """The colours of the buttons that have one."""
    return {b.label: b.style for row in message.buttons for b in row if b.style is not None}


async def test_news_are_off_until_chosen_and_can_be_turned_off_again(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    off, on = (
        f"⬜ {words.label('Noticias de otras acciones')}",
        f"✅ {words.label('Noticias de otras acciones')}",
    )
    await scene.taps(ana, off)
    await scene.taps(ana, on)
    await scene.taps(ana, off)
    await scene.consents(ana)
    ana.send("/mydata")
    await scene.settled()
    assert "Noticias de otras acciones: sí" in scene.screen(ana).text


async def test_what_was_chosen_is_said_in_the_thanks_and_ended_in_mydata(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    await scene.signs(ana, updates=True, news=True)
    thanks = scene.screen(ana).text
    for said in (
        "También has elegido recibir:",
        "• Novedades de esta petición (3 como mucho)",
        *("• Noticias de otras acciones", "Puedes dejarlo cuando quieras en /mydata."),
    ):
        assert said in thanks
    ana.send("/mydata")
    await scene.taps(ana, words.label("No recibir novedades de esta petición"))
    shown = scene.screen(ana).text
    assert "Novedades de esta petición: no" in shown
    assert "Noticias de otras acciones: sí" in shown
    assert "Te escribiremos para contarte cómo acaba la petición." in shown


async def test_who_ticks_nothing_reads_that_nothing_else_was_chosen(scene: Scene) -> None:
    await scene.signs(scene.sean)
    assert "You have not chosen to get other messages." in scene.screen(scene.sean).text


async def test_what_is_promised_of_the_updates_stands_in_the_text_too(scene: Scene) -> None:
    """A phone cuts a long button, and with it the number."""
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    assert "Novedades: 3 mensajes como mucho." in scene.screen(ana).text


async def test_both_choices_are_off_until_ticked_and_can_be_unticked(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    assert scene.screen(ana).labels[2:4] == [
        scene.updates_box(words),
        "⬜ Noticias de otras acciones",
    ]
    await scene.taps(ana, scene.updates_box(words))
    assert scene.screen(ana).labels[2:4] == [
        scene.updates_box(words, "✅"),
        "⬜ Noticias de otras acciones",
    ]
    await scene.taps(ana, scene.updates_box(words, "✅"))
    await scene.consents(ana)
    assert "No has elegido recibir otros mensajes." in scene.screen(ana).text
    ana.send("/mydata")
    await scene.settled()
    assert "Novedades de esta petición: no" in scene.screen(ana).text


async def test_who_has_signed_sees_that_and_not_the_form(scene: Scene) -> None:
    await scene.signs(scene.ana)
    scene.ana.start()
    await scene.settled()
    shown = scene.screen(scene.ana)
    assert "Ya has firmado" in shown.text
    assert scene.words.label("✍️ Firmar la petición") not in shown.labels


async def test_sean_signs_in_english_and_is_counted_in_english(scene: Scene) -> None:
    await scene.signs(scene.sean)
    assert "with yours: 1" in scene.screen(scene.sean).text


async def test_whose_language_the_petition_lacks_is_asked_once_which_one_they_prefer(
    scene: Scene,
) -> None:
    yusuf = scene.world.person("Yusuf", language="ar")
    yusuf.start("newsletter")
    await scene.settled()
    asked = scene.screen(yusuf)
    assert asked.text == (
        "¿En qué idioma quieres seguir?\nIn which language would you like to continue?"
    )
    assert asked.labels == ["Español", "English"]
    await scene.taps(yusuf, "English")
    petition = scene.screen(yusuf)
    assert scene.petition.texts_in("en").title in petition.text
    assert [bool(m.photo) for m in yusuf.messages if m.from_bot] == [True, False]
    yusuf.start()
    await scene.settled()
    assert scene.petition.texts_in("en").title in scene.screen(yusuf).text
    yusuf.send("/language")
    await scene.settled()
    assert scene.screen(yusuf).labels == ["Español", "• English", "Back"]


async def test_who_passes_over_the_question_for_the_language_is_not_asked_again(
    scene: Scene,
) -> None:
    yusuf = scene.world.person("Yusuf", language="ar")
    yusuf.start()
    await scene.settled()
    yusuf.start()
    await scene.settled()
    assert scene.petition.texts_in("es").title in scene.screen(yusuf).text


@pytest.mark.parametrize("language", ["es", "es-419", "en-GB", None])
async def test_nobody_else_is_asked_for_their_language(scene: Scene, language: str | None) -> None:
    somebody = scene.world.person("Luz", language=language)
    somebody.start()
    await scene.settled()
    title = scene.petition.texts_in(language).title
    assert title in scene.screen(somebody).text


async def test_a_petition_in_one_language_offers_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "petition"
    copytree(BUNDLED, folder)
    (folder / "en.toml").unlink()
    written = folder / "petition.toml"
    english = re.compile(r'^(?:\S+\.)?en = (?:\[.*?^\]|".*?")\n', re.MULTILINE | re.DOTALL)
    written.write_text(english.sub("", written.read_text()))
    async with a_scene(tmp_path) as scene:
        await scene.stop_bot()
        scene.settings = scene.settings.model_copy(update={"folder": folder})
        await scene.start_bot()
        yusuf = scene.world.person("Yusuf", language="ar")
        yusuf.start()
        await scene.settled()
        assert scene.petition.texts_in("es").title in scene.screen(yusuf).text
        assert scene.words.label("🌐 Idioma · Language") not in scene.screen(yusuf).labels
        assert scene.words.label("🔒 Privacidad") in scene.screen(yusuf).labels


async def test_taking_the_signature_back_is_two_taps_and_leaves_nothing(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    await scene.signs(ana)
    ana.send("/withdraw")
    await scene.settled()
    await scene.taps(ana, words.label("Retirar mi firma y borrar mis datos"))
    assert "Tu firma está retirada" in scene.screen(ana).text
    ana.send("/mydata")
    await scene.settled()
    assert "No has firmado esta petición." in scene.screen(ana).text
    await scene.signs(ana)
    assert "con la tuya: 1" in scene.screen(ana).text


async def test_one_can_take_ones_data_away_as_a_file(scene: Scene) -> None:
    await scene.signs(scene.ana, news=True)
    scene.ana.send("/mydata")
    await scene.taps(scene.ana, scene.words.label("📄 Recibir el archivo"))
    assert any(m.document for m in scene.ana.messages)


async def test_cancel_forgets_the_name_that_was_not_signed_with(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    ana.send("Ana Secreta")
    await scene.settled()
    ana.send("/cancel")
    await scene.settled()
    assert "no has firmado" in scene.screen(ana).text
    ana.send("/mydata")
    await scene.settled()
    assert "Ana Secreta" not in ana.chat.transcript()


@pytest.mark.parametrize("command", ["/help", "/privacy", "/language"])
async def test_a_side_trip_leads_back_to_where_one_was(scene: Scene, command: str) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    ana.send(command)
    await scene.settled()
    await scene.taps(ana, words.label("Volver"))
    assert "¿Con qué nombre quieres firmar?" in scene.screen(ana).text


async def test_what_must_be_known_before_the_name_is_read_without_a_tap(scene: Scene) -> None:
    for person, words, country in (
        (scene.ana, scene.words, "al gobierno de Estados Unidos, fuera del Espacio Económico"),
        (
            scene.sean,
            scene.english,
            "to the government of the United States, outside the",
        ),
    ):
        person.start()
        await scene.settled()
        await scene.taps(person, words.label("✍️ Firmar la petición"))
        shown = scene.screen(person)
        folded = next(e for e in shown.entities if e.type == "expandable_blockquote")
        units = shown.text.encode("utf-16-le")
        start, end = 2 * folded.offset, 2 * (folded.offset + folded.length)
        visible = (units[:start] + units[end:]).decode("utf-16-le")
        language = person.user.language or ""
        for said in (scene.petition.controller.name[language], country, "/mydata", "/withdraw"):
            assert said in visible
        for folded_away in ("example.org", "14"):
            assert folded_away in shown.text
            assert folded_away not in visible


async def test_who_is_asked_again_for_the_name_reads_the_question_alone(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    notice = "Antes de firmar: tus datos"
    assert notice in scene.screen(ana).text
    for mistake in ("L", "http://example.org"):
        ana.send(mistake)
        await scene.settled()
        assert notice not in scene.screen(ana).text
        assert "¿Con qué nombre quieres firmar?" in scene.screen(ana).text
    await scene.taps(ana, words.label("🔒 Privacidad"))
    await scene.taps(ana, words.label("Volver"))
    ana.send("Ana María")
    await scene.settled()
    await scene.taps(ana, words.label("Cambiar el nombre"))
    assert notice not in scene.screen(ana).text
    await scene.taps(ana, words.label("Volver"))
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    assert notice in scene.screen(ana).text


async def test_who_wrote_before_the_notice_was_shown_is_shown_it(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    scene.simulator.faults.freeze()
    ana.tap(words.label("✍️ Firmar la petición"))
    ana.send("L")
    scene.simulator.faults.thaw()
    await scene.settled()
    assert "Antes de firmar: tus datos" in scene.screen(ana).text
    assert "demasiado corto" in scene.screen(ana).text


async def test_the_consent_names_the_message_under_which_it_was_given(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    seen = scene.screen(ana).id
    assert scene.app is not None
    services = scene.app.application.services
    supporter = services.keyring.reference(services.petition.slug, ana.id)
    # A bot that was killed before it could put down that it had sent a new message.
    await services.storage.conversations.set_screen(
        supporter, message_id=ana.messages[0].id, screen_digest=None
    )
    await scene.consents(ana)
    kept = await services.storage.database.read(Statement("SELECT message_id FROM consents"))
    assert [row["message_id"] for row in kept] == [seen]


async def test_how_long_the_form_took_counts_from_the_first_question_and_not_after_leaving_it(
    scene: Scene,
) -> None:
    ana, words = scene.ana, scene.words
    assert scene.app is not None
    storage = scene.app.application.services.storage
    earlier = Statement("UPDATE conversations SET form_started_at = form_started_at - 40000")
    ana.start()
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    await storage.database.write(earlier)
    await scene.taps(ana, words.label("Volver"))  # what was begun then does not count
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    await storage.database.write(earlier)
    await scene.taps(ana, words.label("🔒 Privacidad"))
    await scene.taps(ana, words.label("Volver"))
    await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    await scene.taps(ana, words.label("Cambiar el nombre"))
    await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    await scene.consents(ana)
    (signed,) = await storage.database.read(Statement("SELECT form_seconds FROM signatures"))
    assert 40 <= signed["form_seconds"] < 80
    (left,) = await storage.database.read(
        Statement("SELECT form_started_at FROM conversations WHERE stage = 'thanks'")
    )
    assert left["form_started_at"] is None


async def test_a_signer_who_cancels_while_a_deletion_waits_does_not_read_that_she_has_not_signed(
    scene: Scene,
) -> None:
    await scene.signs(scene.ana)
    scene.simulator.faults.next("deleteMessage", Fault.ERROR, Fault.ERROR, Fault.ERROR)
    scene.ana.send("/help Ana García")
    await scene.settled()
    scene.ana.send("/cancel")
    said = await scene.ana.sees("No había nada que cancelar.")
    assert "no has firmado" not in said.text
    scene.simulator.calls.clear()
