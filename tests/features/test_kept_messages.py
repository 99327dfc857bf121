"""What a person wants to keep stays in the chat; the next screen comes below it."""

from pathlib import Path

import pytest

from simulator.faults import Fault
from simulator.person import Person
from tests.support.scene import Scene, a_scene


def from_bot(person: Person) -> list[str]:
    """The first line of each text of the bot in the chat."""
    return [
        m.text.partition("\n")[0] for m in person.messages if m.from_bot and m.text and not m.photo
    ]


def buttons_of(person: Person, line: str) -> tuple[str, ...]:
    return next(tuple(m.labels) for m in person.messages if m.text.startswith(line))


async def test_the_thanks_stay_when_ana_looks_at_something_else(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    await scene.signs(ana)
    assert len(from_bot(ana)) == 1, "until then it was the one message"
    thanks = from_bot(ana)[-1]
    await scene.taps(ana, words.label("Ver mi firma"))
    await scene.taps(ana, words.label("📖 Leer el llamamiento"))
    title = scene.petition.texts_in("es").title
    assert from_bot(ana) == [thanks, title]
    assert buttons_of(ana, thanks) == ()
    assert ana.messages[-1].text.startswith(title)


@pytest.mark.parametrize("command", ["/start", "/mydata", "/help", "hola", "/nada"])
async def test_the_thanks_stay_whatever_is_asked_for_below_them(
    scene: Scene, command: str
) -> None:
    await scene.signs(scene.ana)
    thanks = from_bot(scene.ana)[-1]
    for _ in range(2):
        scene.ana.send(command)
        await scene.settled()
        assert from_bot(scene.ana).index(thanks) == 0
        assert len(from_bot(scene.ana)) == 2
        assert scene.ana.messages[-1].buttons, "and the answer comes below the command"


async def test_what_stop_and_withdraw_answered_stays(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    await scene.signs(ana)
    thanks = from_bot(ana)[-1]
    ana.send("/stop")
    await scene.settled()
    muted, withdrawn = "No te escribiremos más.", "Tu firma está retirada"
    assert from_bot(ana)[-1].startswith(muted)
    await scene.taps(ana, words.label("Ver mi firma"))
    ana.send("/withdraw")
    await scene.taps(ana, words.label("Retirar mi firma y borrar mis datos"))
    await scene.taps(ana, words.label("Volver"))
    ana.send("/help")
    await scene.settled()
    kept = from_bot(ana)[:-1]
    assert kept[0] == thanks
    assert [kept[1].startswith(muted), kept[2].startswith(withdrawn)] == [True, True]
    assert len(kept) == 3
    assert all(buttons_of(ana, line) == () for line in kept)


async def test_an_answer_that_is_only_repeated_stands_there_once(scene: Scene) -> None:
    await scene.signs(scene.ana)
    for _ in range(2):
        scene.ana.send("/stop")
        await scene.settled()
    lines = from_bot(scene.ana)
    assert len(lines) == 2, "the thanks, and one answer to /stop"
    assert lines[-1].startswith("No te escribiremos más.")


async def test_who_wants_messages_again_right_after_stop_reads_that_they_come(
    scene: Scene,
) -> None:
    await scene.signs(scene.ana)
    scene.ana.send("/stop")
    await scene.settled()
    await scene.taps(scene.ana, scene.words.label("🔔 Volver a recibir mensajes"))
    assert "te lo contaremos en este chat" in scene.screen(scene.ana).text
    scene.ana.send("/mydata")
    await scene.taps(scene.ana, scene.words.label("Volver"))
    assert "No te escribiremos más" not in scene.screen(scene.ana).text


@pytest.mark.parametrize("command", ["/help", "/mydata"])
async def test_no_way_back_brings_a_kept_message_a_second_time(scene: Scene, command: str) -> None:
    await scene.signs(scene.ana)
    thanks = from_bot(scene.ana)[-1]
    scene.ana.send(command)
    await scene.taps(scene.ana, scene.words.label("Volver"))
    assert from_bot(scene.ana).count(thanks) == 1
    assert "Ya has firmado" in scene.screen(scene.ana).text


async def test_the_withdrawal_is_answered_though_ana_writes_on_at_once(scene: Scene) -> None:
    await scene.signs(scene.ana)
    scene.ana.send("/withdraw")
    await scene.settled()
    scene.simulator.faults.freeze()
    scene.ana.tap(scene.words.label("Retirar mi firma y borrar mis datos"))
    scene.ana.send("/start")
    scene.simulator.faults.thaw()
    await scene.settled()
    assert any(line.startswith("Tu firma está retirada") for line in from_bot(scene.ana))
    assert scene.ana.messages[-1].text.startswith(scene.petition.texts_in("es").title)


async def test_buttons_that_telegram_did_not_take_away_at_first_go_later(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.signs(scene.ana)
        thanks = from_bot(scene.ana)[-1]
        scene.simulator.faults.next("editMessageReplyMarkup", *[Fault.ERROR] * 4)
        await scene.taps(scene.ana, scene.words.label("Ver mi firma"))

        def are_gone() -> bool | None:
            return buttons_of(scene.ana, thanks) == () or None

        assert await scene.ana.chat.notifier.wait_for(are_gone, 10)
        assert len(from_bot(scene.ana)) == 2
