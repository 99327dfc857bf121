"""People can stop all messages without blocking the bot or losing their signature."""

import pytest
from telegram.error import BadRequest

from handlers.screens.buttons import NO_MORE
from storage import Kind
from tests.features.test_invalidated import invalidated
from tests.support.scene import Scene, fails

HEARD = "Hecho: no te enviaremos más noticias de otras acciones."
COUNTS = "Tu firma sigue contando."


async def test_after_stop_nothing_more_comes_and_the_signature_counts(scene: Scene) -> None:
    await scene.signs(scene.ana)
    luz = scene.world.person("Luz", last_name="Paz", language="es")
    await scene.signs(luz)
    scene.ana.send("/stop")
    await scene.settled()
    assert "No te escribiremos más" in scene.screen(scene.ana).text
    assert "Solo lo haríamos para avisarte si una brecha" in scene.screen(scene.ana).text
    await scene.closes()
    await scene.broadcasts(1)
    assert (scene.told(scene.ana), scene.told(luz)) == (0, 1)
    scene.ana.send("/start")
    await scene.settled()
    assert "Tú también firmaste. Gracias." in scene.screen(scene.ana).text


async def test_who_wants_messages_again_is_told_what_was_missed(scene: Scene) -> None:
    await scene.signs(scene.ana)
    luz = scene.world.person("Luz", last_name="Paz", language="es")
    await scene.signs(luz)
    scene.ana.send("/stop")
    await scene.settled()
    await scene.closes()
    await scene.broadcasts(1)
    await scene.taps(scene.ana, scene.words.label("🔔 Volver a recibir mensajes"))
    assert await scene.ana.chat.notifier.wait_for(lambda: scene.told(scene.ana) or None, 10)
    assert scene.told(luz) == 1


async def test_who_turns_messages_off_and_on_before_the_end_is_told_once(scene: Scene) -> None:
    await scene.signs(scene.ana)
    scene.ana.send("/mydata")
    await scene.settled()
    await scene.taps(scene.ana, scene.words.label("🔕 No recibir más mensajes"))
    await scene.taps(scene.ana, scene.words.label("🔔 Volver a recibir mensajes"))
    await scene.closes()
    await scene.broadcasts(1)
    assert scene.told(scene.ana) == 1


async def test_news_are_refused_and_the_rest_stays(scene: Scene) -> None:
    await scene.signs(scene.ana, news=True)
    scene.ana.send("/mydata")
    await scene.settled()
    assert "Noticias de otras acciones: sí" in scene.screen(scene.ana).text
    await scene.taps(scene.ana, scene.words.label("No recibir noticias de otras acciones"))
    assert "Noticias de otras acciones: no" in scene.screen(scene.ana).text
    await scene.closes()
    await scene.broadcasts(1)
    assert scene.told(scene.ana) == 1


async def test_stop_without_a_signature_says_that_nothing_will_come(scene: Scene) -> None:
    scene.ana.send("/stop")
    await scene.settled()
    assert "no te escribiremos" in scene.screen(scene.ana).text


async def test_who_wants_no_news_hears_that_it_is_done_though_telegram_fails_at_first(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.signs(scene.ana, news=True)
    fails(monkeypatch, scene, "answer_callback_query", 2)
    answer = await scene.ana.tap_data(scene.screen(scene.ana).id, NO_MORE[Kind.NEWS]).answered()
    assert (answer.text, answer.alert) == (f"{HEARD} {COUNTS}", True)


async def test_who_wants_no_news_reads_that_it_is_done_when_it_is_too_late_for_a_window(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert scene.app is not None

    async def too_late(*_: object, **__: object) -> None:
        raise BadRequest("Query is too old and response timeout expired or query id is invalid")

    await scene.signs(scene.ana, news=True)
    monkeypatch.setattr(type(scene.app.application.bot), "answer_callback_query", too_late)
    scene.ana.tap_data(scene.screen(scene.ana).id, NO_MORE[Kind.NEWS])
    await scene.ana.sees(f"{HEARD} {COUNTS}")


async def test_who_wants_no_news_is_shown_besides_what_was_owed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.signs(scene.ana, news=True)
    fails(monkeypatch, scene, "send_message", 1)
    scene.ana.send("/help")
    await scene.settled()
    answer = await scene.ana.tap_data(scene.screen(scene.ana).id, NO_MORE[Kind.NEWS]).answered()
    assert HEARD in answer.text
    await scene.ana.sees("Ayuda")


async def test_who_wants_no_news_just_after_signing_is_thanked_all_the_same(scene: Scene) -> None:
    words = scene.words
    scene.ana.start()
    await scene.settled()
    await scene.taps(scene.ana, words.label("✍️ Firmar la petición"))
    await scene.taps(scene.ana, words.label("Usar «{name}»", name="Ana García"))
    await scene.taps(scene.ana, f"⚪ {words.label('Con mi nombre')}")
    scene.simulator.faults.freeze()
    signs = scene.ana.tap(words.label("✍️ Consiento y firmo"))
    refuses = scene.ana.tap_data(scene.screen(scene.ana).id, NO_MORE[Kind.NEWS])
    scene.simulator.faults.thaw()
    for tap in (signs, refuses):
        await tap.answered()
    await scene.settled()
    assert "con la tuya: 1" in scene.screen(scene.ana).text


async def test_whose_signature_does_not_count_or_is_withdrawn_does_not_read_that_it_counts(
    scene: Scene,
) -> None:
    await scene.signs(scene.ana, news=True)
    await invalidated(scene, [1])
    scene.ana.send("/stop")
    await scene.settled()
    assert "Tu firma sigue contando" not in scene.screen(scene.ana).text
    scene.ana.send("/withdraw")
    await scene.taps(scene.ana, scene.words.label("Retirar mi firma y borrar mis datos"))
    place = scene.screen(scene.ana).id
    assert (await scene.ana.tap_data(place, NO_MORE[Kind.NEWS]).answered()).text == HEARD
