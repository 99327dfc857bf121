"""What a person wants to keep stays in the chat; the next screen comes below it."""

from pathlib import Path

from simulator.faults import Fault
from simulator.person import Person
from tests.support.scene import Scene, a_scene

ERASE = "Retirar mi firma y borrar mis datos"


def from_bot(person: Person) -> list[str]:
    """The first line of each text of the bot in the chat."""
    return [
        m.text.partition("\n")[0] for m in person.messages if m.from_bot and m.text and not m.photo
    ]


def buttons_of(person: Person, line: str) -> tuple[str, ...]:
    return next(tuple(m.labels) for m in person.messages if m.text.startswith(line))


async def test_the_thanks_stay_when_ana_looks_at_something_else(scene: Scene) -> None:
    scene.simulator.limits.on = False
    ana, title = scene.ana, scene.petition.texts_in("es").title
    await scene.signs(ana)
    (thanks,) = kept = from_bot(ana)  # until then it was the one message
    place = scene.screen(ana).id
    await ana.tap_data(place, "1:home:").answered()  # of a screen before
    await scene.settled()
    assert (scene.screen(ana).id, from_bot(ana)) == (place, kept)
    await scene.taps(ana, "Ver mi firma")
    await scene.taps(ana, "📖 Leer el llamamiento")
    assert from_bot(ana) == [thanks, title]
    assert buttons_of(ana, thanks) == ()
    assert ana.messages[-1].text.startswith(title)
    # So does what /stop answered, whatever is asked for below it; no way back brings it again.
    for asked, way_back in (
        ("/start", None),
        ("/mydata", "Volver"),
        ("/help", "Volver"),
        ("hola", None),
        ("/nada", None),
    ):
        for _ in range(2):  # only repeated, it stands there once
            await scene.says(ana, "/stop")
        assert from_bot(ana)[:-1] == kept
        kept = from_bot(ana)
        assert kept[-1].startswith("No te escribiremos más.")
        for _ in range(2):
            await scene.says(ana, asked)
            assert from_bot(ana)[:-1] == kept
            assert ana.messages[-1].buttons, "and the answer comes below the command"
        if way_back is not None:
            await scene.taps(ana, way_back)
            assert "Ya has firmado" in scene.screen(ana).text
            assert from_bot(ana)[:-1] == kept
    await scene.says(ana, "/stop")
    await scene.taps(ana, "🔔 Volver a recibir mensajes")
    assert "te lo contaremos en este chat" in scene.screen(ana).text
    kept = from_bot(ana)[:-1]
    await scene.withdraws(ana)
    await scene.taps(ana, "Volver")
    await scene.says(ana, "/help")
    assert from_bot(ana)[:-2] == kept
    assert from_bot(ana)[-2].startswith("Tu firma está retirada")
    assert all(buttons_of(ana, line) == () for line in from_bot(ana)[:-1])


async def test_buttons_that_telegram_did_not_take_away_at_first_go_later(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        ana = scene.ana
        await scene.signs(ana)
        thanks = from_bot(ana)[-1]
        scene.simulator.faults.next("editMessageReplyMarkup", *[Fault.ERROR] * 4)
        await scene.taps(ana, "Ver mi firma")

        def are_gone() -> bool | None:
            return buttons_of(ana, thanks) == () or None

        assert await ana.chat.notifier.wait_for(are_gone, 10)
        assert len(from_bot(ana)) == 2
        # The withdrawal is answered though she writes on at once.
        await scene.says(ana, "/withdraw")
        scene.simulator.faults.freeze()
        ana.tap(ERASE)
        ana.send("/start")
        scene.simulator.faults.thaw()
        await scene.settled()
        title = scene.petition.texts_in("es").title
        withdrawn = "Tu firma está retirada y tus datos, borrados."
        assert from_bot(ana) == [thanks, withdrawn, title]
