"""Who wants to be left alone is, without blocking the bot and without losing the signature."""

from __future__ import annotations

from tests.features.scene import Scene


async def test_after_stop_nothing_more_comes_and_the_signature_counts(scene: Scene) -> None:
    await scene.signs(scene.ana)
    luz = scene.world.person("Luz", last_name="Paz", language="es")
    await scene.signs(luz)
    scene.ana.send("/stop")
    await scene.settled()
    assert "No te escribiremos más" in scene.living(scene.ana).text
    assert "Pediste que no te escribiéramos" in scene.living(scene.ana).text
    await scene.closes()
    await scene.broadcasts(1)
    assert (scene.told(scene.ana), scene.told(luz)) == (0, 1)
    scene.ana.send("/start")
    await scene.settled()
    assert "Tu firma fue la número 1" in scene.living(scene.ana).text


async def test_who_wants_messages_again_is_told_what_was_missed(scene: Scene) -> None:
    await scene.signs(scene.ana)
    luz = scene.world.person("Luz", last_name="Paz", language="es")
    await scene.signs(luz)
    scene.ana.send("/stop")
    await scene.settled()
    await scene.closes()
    await scene.broadcasts(1)
    await scene.taps(scene.ana, scene.words.label("🔔 Volver a recibir mensajes"))
    assert await scene.ana.chat.bell.until(lambda: scene.told(scene.ana) or None, 10)
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
    assert "Noticias de otras acciones: sí" in scene.living(scene.ana).text
    await scene.taps(scene.ana, scene.words.label("No recibir noticias de otras acciones"))
    assert "Noticias de otras acciones: no" in scene.living(scene.ana).text
    await scene.closes()
    await scene.broadcasts(1)
    assert scene.told(scene.ana) == 1


async def test_stop_without_a_signature_says_that_nothing_will_come(scene: Scene) -> None:
    scene.ana.send("/stop")
    await scene.settled()
    assert "no te escribiremos" in scene.living(scene.ana).text
