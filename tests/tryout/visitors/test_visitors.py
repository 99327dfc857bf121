"""Simulated people: who comes, what they do at a screen, and how much of it a phone shows."""

from random import Random
from typing import Any

from bot.petition.stages import Action, Stage
from bot.tryout.visitors import screens
from bot.tryout.visitors.screens import SeenScreen
from bot.tryout.visitors.visitor import TapButton, Traits, Visitor, draw_people
from simulator.chats import Chat, Message, User
from simulator.world import World
from telegram_text.markup import parse

BOT = User(1, "Petición", is_bot=True)


def test_the_same_seed_draws_the_same_people() -> None:
    def drawn(seed: int) -> list[Traits]:
        return list(draw_people(Random(seed), 300, ("es", "en")))  # noqa: S311

    first, again, other = drawn(1), drawn(1), drawn(2)
    assert first == again
    assert first != other
    assert {each.language for each in first} > {"es", "en", "ca", "ar", None}
    assert any(len(each.typed) > 1 for each in first)


def screen(stage: Stage, *taps: str) -> SeenScreen:
    chat = Chat(World(BOT, lambda: 0.0), 7, "private")
    by_action: dict[Action, dict[str, str]] = {}
    for tap in taps:
        action, argument = tap.split(":")
        by_action.setdefault(Action(action), {})[argument] = f"1:{tap}"
    return SeenScreen(Message(id=1, chat=chat, by=BOT, date=0, text="…"), stage, by_action)


HOME = screen(Stage.HOME, "named:", "unnamed:", "read:", "languages:", "privacy:")


def visitor(**traits: Any) -> Visitor:
    """Somebody who reads Spanish, with these traits."""
    world = World(BOT, lambda: 0.0)
    return Visitor.enter(world, Traits("Ana", "García", "es", **traits), Random(1))  # noqa: S311


def test_the_visit_ends_with_the_signature_or_where_none_can_be_given() -> None:
    choice = screen(Stage.LANGUAGE, "speak:es", "speak:en")
    assert visitor().next_act(choice) == TapButton("1:speak:es")
    late, signer, lost = visitor(), visitor(), visitor()
    assert late.next_act(screen(Stage.HOME, "read:")) is None
    assert signer.next_act(screen(Stage.THANKS, "home:")) is None
    assert lost.next_act(screen(Stage.CONSENT, "home:")) is None
    assert [each.has_signed for each in (late, signer, lost)] == [False, True, False]
    assert [each.is_stuck for each in (late, signer, lost)] == [False, False, True]


def test_whoever_mistypes_a_name_or_answers_in_its_place_goes_on_to_the_right_one() -> None:
    person = visitor(typed=("@ana", "hola", "Ana García"))
    asked = screen(Stage.NAME, "profile:", "privacy:", "home:")
    consent = screen(Stage.CONSENT, "confirm:x", "sign:", "home:")
    assert [person.next_act(seen) for seen in (asked, asked, consent, asked, consent)] == [
        "@ana",
        "hola",
        TapButton("1:sign:"),
        "Ana García",
        TapButton("1:confirm:x"),
    ]


def test_the_appeal_is_read_to_its_last_page_and_not_back() -> None:
    person = visitor()
    assert person.next_act(HOME) == TapButton("1:read:")
    for number, taps in enumerate((("read:1",), ("read:0", "read:2"), ("read:1",))):
        seen = screen(Stage.APPEAL, *taps, "named:", "unnamed:")
        wanted = f"1:read:{number + 1}" if number < 2 else "1:named:"
        assert person.next_act(seen) == TapButton(wanted)
    assert person.next_act(HOME) == TapButton("1:named:")


def message(html: str, rows: int = 0) -> Message:
    shown = parse(html)
    keyboard = [[{"text": "Firmar", "callback_data": "1:sign:"}]] * rows
    return Message(
        id=1,
        chat=Chat(World(BOT, lambda: 0.0), 7, "private"),
        by=BOT,
        date=0,
        text=shown.text,
        entities=shown.entities,
        markup={"inline_keyboard": keyboard},
    )


def test_a_phone_wraps_lines_folds_quotes_and_has_less_room_while_one_types() -> None:
    assert screens.lines("Hola") == 1
    assert screens.lines("Hola\n\nadiós") == 3
    assert 4 < screens.lines("palabra " * 20) < screens.lines("palabra " * 40) < 12
    assert screens.lines("x" * 200) > 4
    assert screens.lines("一" * 40) == 3
    assert screens.lines("שלום " * 5) == 1
    quote = message(f"<blockquote expandable>{'palabra ' * 80}</blockquote>\nHola")
    assert screens.height(quote) == screens.height(message("1\n2\n3\n4"))
    assert screens.height(message("Hola", rows=3)) == screens.height(message("Hola")) + 3 * 48
    assert screens.screenfuls(quote, typing=True) > 1.5 * screens.screenfuls(quote)
