"""Whatever callback data arrives, the tap is answered and nothing fails."""

import random
from collections.abc import Iterator

from bot.petition.stages import Action
from handlers.screens.buttons import AdminAction, AdminTap, DraftStep, DraftTap, read_tap
from simulator.person import Person
from storage.personal_data import Held, everything_held
from tests.support.admin_scene import AdminScene
from tests.support.scene import Scene

# A callback's text is Telegram's to deliver, so it has at most 64 bytes.
ODD = (
    *("", ":", ".", "::", "0", "00", "-1", "7", "٣", "²", "1e9", "9" * 12, "9" * 40, "x", "é"),
    *("es", "en", "xx", "all", "news", "news.", "news.es", "update", "closing", "1.2.3", "\x00"),
    *("00" * 16, f"{'00' * 16}.5", f"{'00' * 16}.-5", "send:-:0", "close:1", "close:x", "draft:a"),
)


async def none_fails(scene: Scene, person: Person, data: Iterator[str]) -> None:
    for each in data:
        shown = [m.id for m in person.messages if m.from_bot]
        assert await person.tap_data(shown[-1], each).answered(5) is not None, each
        await scene.settled()
        assert scene.app.dispatch.counts.passed_over == 0, each


def of_supporters() -> Iterator[str]:
    for action in (*Action, "nothing"):
        for version, argument in zip("13x", random.Random(action).sample(ODD, 3), strict=True):  # noqa: S311
            yield f"{version}:{action}:{argument}"[:64]


def of_admins() -> Iterator[str]:
    for action in (*AdminAction, "nothing"):
        for argument in random.Random(action).sample(ODD, 2):  # noqa: S311 - repeatable
            yield f"adm:{action}:{argument}"[:64]


async def test_no_forged_button_of_a_screen_fails(admin: AdminScene) -> None:
    await admin.scene.starts(admin.scene.ana)
    await none_fails(admin.scene, admin.scene.ana, of_supporters())


async def test_no_forged_button_of_an_admins_message_fails(admin: AdminScene) -> None:
    await admin.says("/broadcast")
    await none_fails(admin.scene, admin.marta, of_admins())


def shown_to(scene: Scene, person: Person) -> set[str]:
    """What the buttons of a person's screen carry, without its version."""
    data = {b.data or "" for row in scene.screen(person).buttons for b in row}
    return {each.partition(":")[2] for each in data}


async def held(scene: Scene, person: Person) -> Held:
    return await scene.storage.read(everything_held, person.id)


async def test_mallory_who_taps_what_ana_was_shown_changes_nothing_of_hers(scene: Scene) -> None:
    ana, mallory = scene.ana, scene.mallory
    await scene.to_the_consent(ana)
    seen = shown_to(scene, ana)
    await scene.consents(ana)
    for command in ("/mydata", "/withdraw"):
        await scene.says(ana, command)
        seen |= shown_to(scene, ana)
    before = await held(scene, ana)
    await scene.to_the_name(mallory)
    await scene.says(mallory, "Mallory Ó Briain")
    for data in sorted(seen, key=lambda data: (not data.startswith("confirm:"), data)):
        screen = scene.screen(mallory)
        version = (screen.buttons[0][0].data or "").partition(":")[0]
        await scene.answered(mallory.tap_data(screen.id, f"{version}:{data}"))
    assert {data.partition(":")[0] for data in seen} >= {"confirm", "erase", "mute", "noname"}
    assert await held(scene, ana) == before
    assert (await held(scene, mallory)).signature is None, "to words that she was not shown"


async def test_no_step_of_a_draft_fails_where_it_is_not_offered(admin: AdminScene) -> None:
    admin.expected.append("message to delete not found")
    for number, step in enumerate(DraftStep):
        await admin.begins()
        if number % 2:
            await admin.says("Hola a todas")
        drawn_for = _draft_tap(admin)
        tap = DraftTap(drawn_for.key, drawn_for.version, step, ("all", "xx")[number // 2 % 2])
        data = f"adm:{AdminAction.DRAFT}:{tap}"[:64]
        await none_fails(admin.scene, admin.marta, iter([data]))


def _draft_tap(admin: AdminScene) -> DraftTap:
    """What the newest button of the draft in preparation carries."""
    for button in (button for row in admin.panel.buttons for button in row):
        tap = read_tap(button.data)
        draft_tap = DraftTap.read(tap.argument) if isinstance(tap, AdminTap) else None
        if draft_tap is not None:
            return draft_tap
    raise AssertionError(admin.marta.chat.transcript())
