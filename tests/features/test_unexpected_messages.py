"""What people do that no form expects."""

import pytest

from tests.support.scene import Scene


@pytest.mark.parametrize("kind", ["sticker", "photo", "voice"])
async def test_media_get_a_kind_answer_wherever_one_is(scene: Scene, kind: str) -> None:
    ana = scene.ana
    ana.start()
    await scene.settled()
    ana.send_kind(kind)
    await scene.settled()
    assert "solo entiende texto y botones" in scene.screen(ana).text
    await scene.taps(ana, scene.words.label("✍️ Firmar la petición"))
    ana.send_kind(kind)
    await scene.settled()
    assert "escribe tu nombre en un mensaje de texto" in scene.screen(ana).text


async def test_text_out_of_place_shows_the_way_on(scene: Scene) -> None:
    scene.ana.send("hola")
    await scene.settled()
    shown = scene.screen(scene.ana)
    assert "elige uno de los de abajo" in shown.text
    assert scene.words.label("✍️ Firmar la petición") in shown.labels


async def test_an_unknown_command_points_to_help(scene: Scene) -> None:
    scene.ana.send("/sign_me_up")
    await scene.settled()
    assert "/help" in scene.screen(scene.ana).text


async def test_an_edited_message_changes_nothing_and_is_answered(scene: Scene) -> None:
    written = scene.ana.send("hola")
    await scene.settled()
    scene.ana.edit(written, "/withdraw")
    await scene.settled()
    assert "editar un mensaje no cambia nada" in scene.screen(scene.ana).text


async def test_a_stale_button_shows_the_present_screen(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    screen = scene.screen(ana)
    old = next(b.data for row in screen.buttons for b in row if "Firmar" in b.label)
    await scene.taps(ana, words.label("📖 Leer el llamamiento"))
    await ana.tap_data(screen.id, old or "").answered()
    await scene.settled()
    assert "Página 1 de 4" in scene.screen(ana).text


async def test_a_double_tap_signs_once(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    await scene.taps(ana, f"⚪ {words.label('Con mi nombre')}")
    taps = [ana.tap(words.label("✍️ Consiento y firmo")) for _ in range(3)]
    for tap in taps:
        await tap.answered()
    await scene.settled()
    assert (
        "con la tuya: <b>1</b>" in scene.screen(ana).text
        or "con la tuya: 1" in scene.screen(ana).text
    )
    scene.marta.send("/stats")
    await scene.marta.sees("Firmas: 1")


async def test_the_living_message_comes_back_when_it_was_deleted(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    first = scene.screen(ana)
    tap = ana.tap(words.label("📖 Leer el llamamiento"))
    ana.delete(first)
    await tap.answered()
    await scene.settled()
    assert "Página 1 de 4" in scene.screen(ana).text
    scene.simulator.calls.clear()


async def test_in_a_group_there_is_one_line_and_a_private_link(scene: Scene) -> None:
    group = scene.world.group("Barrio", members=[scene.ana])
    scene.ana.send_in(group, "/start@peticion_bot")
    await scene.settled()
    said = [m for m in group.messages.values() if m.from_bot]
    assert len(said) == 1
    assert said[0].text == "La petición se lee y se firma en un chat privado."
    assert said[0].labels == ["Abrir el chat privado"]
    assert said[0].buttons[0][0].url == "https://t.me/peticion_bot?start=group"
    scene.ana.send_in(group, "hola a todos")
    await scene.settled()
    assert len([m for m in group.messages.values() if m.from_bot]) == 1


async def test_who_blocks_the_bot_stops_nothing(scene: Scene) -> None:
    ana = scene.ana
    ana.start()
    await scene.settled()
    ana.block()
    await scene.settled()
    await scene.signs(scene.jordi)
    ana.start()
    await scene.settled()
    assert scene.petition.texts_in("es").title in scene.screen(ana).text


async def test_over_a_slow_line_nothing_is_handled_twice(scene: Scene) -> None:
    scene.simulator.faults.latency = 0.1
    scene.simulator.faults.spared = frozenset()
    for person in (scene.ana, scene.jordi, scene.sean):
        await scene.signs(person)
    scene.simulator.faults.clear()
    assert len(scene.simulator.calls.of("sendMessage")) == 3
