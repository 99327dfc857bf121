"""Simulated people: who comes, what they do at a screen, and how much of it a phone shows."""

from dataclasses import replace
from random import Random
from typing import Any

from bot.petition.stages import Action, Stage
from bot.tryout.visitors import screens
from bot.tryout.visitors.people import Traits, careful_reader, draw_people
from bot.tryout.visitors.screens import SeenScreen
from bot.tryout.visitors.visitor import Leave, Reason, Step, TapButton, Visitor
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
    read = {each.language: each.reads for each in first if each.reads}
    assert sorted(read["pt-br"] - {"en"}) == ["es", "pt"]
    assert sorted(read[None]) == ["en", "es"]


def screen(stage: Stage, *taps: str) -> SeenScreen:
    chat = Chat(World(BOT, lambda: 0.0), 7, "private")
    by_action: dict[Action, dict[str, str]] = {}
    for tap in taps:
        action, argument = tap.split(":")
        by_action.setdefault(Action(action), {})[argument] = f"1:{tap}"
    return SeenScreen(Message(id=1, chat=chat, by=BOT, date=0, text="…"), stage, by_action)


HOME = screen(Stage.HOME, "named:", "unnamed:", "read:", "languages:", "privacy:")


def visitor(**traits: Any) -> Visitor:
    """Somebody who is shown the petition in Spanish, with these traits."""
    world = World(BOT, lambda: 0.0)
    return Visitor.enter(world, replace(careful_reader("es"), **traits), Random(1), "es")  # noqa: S311


def act(seen: SeenScreen, person: Visitor, *, high: float = 1.0) -> object:
    return person.next_act(seen, high)


def test_people_leave_where_a_rule_says_so_and_it_is_known_why() -> None:
    assert act(HOME, visitor(screenfuls=2.0), high=2.1) == Leave(Reason.TOO_LONG)
    arabic = visitor(reads=frozenset({"ar"}))
    assert act(HOME, arabic) == TapButton("1:languages:")
    assert act(screen(Stage.HOME, "named:"), arabic) == Leave(Reason.LANGUAGE)
    choice = screen(Stage.LANGUAGE, "speak:es", "speak:en")
    assert act(choice, arabic) == Leave(Reason.LANGUAGE)
    catalan = visitor(language="ca", reads=frozenset({"ca", "en"}))
    assert act(HOME, catalan) == TapButton("1:languages:")
    assert act(choice, catalan) == TapButton("1:speak:en")
    assert act(screen(Stage.HOME, "read:"), visitor()) == Leave(Reason.CLOSED)
    unwilling = visitor(consents=False)
    assert act(screen(Stage.CONSENT, "confirm:x"), unwilling) == Leave(Reason.NO_CONSENT)
    assert (unwilling.furthest, unwilling.gives_name) == (Step.CONSENT, False)


def test_whoever_mistypes_a_name_tries_the_next_one_and_then_gives_up() -> None:
    person = visitor(typed=("@ana", "Ana\nGarcía"))
    asked = screen(Stage.NAME, "profile:", "privacy:", "home:")
    assert [act(asked, person) for _ in range(3)] == [
        "@ana",
        "Ana\nGarcía",
        Leave(Reason.NAME_REFUSED),
    ]
    assert (person.refused, person.gives_name) == (2, True)


def test_whoever_answered_in_place_of_a_name_changes_it_at_the_consent() -> None:
    person = visitor(typed=("hola", "Ana García"))
    asked = screen(Stage.NAME, "profile:", "privacy:", "home:")
    consent = screen(Stage.CONSENT, "confirm:x", "sign:", "home:")
    assert [act(seen, person) for seen in (asked, consent, asked, consent)] == [
        "hola",
        TapButton("1:sign:"),
        "Ana García",
        TapButton("1:confirm:x"),
    ]
    assert person.refused == 0


def test_the_appeal_is_read_to_its_last_page_and_not_back() -> None:
    person = visitor()
    assert act(HOME, person) == TapButton("1:read:")
    for number, taps in enumerate((("read:1",), ("read:0", "read:2"), ("read:1",))):
        seen = screen(Stage.APPEAL, *taps, "named:", "unnamed:")
        wanted = f"1:read:{number + 1}" if number < 2 else "1:named:"
        assert act(seen, person) == TapButton(wanted)
    assert act(HOME, person) == TapButton("1:named:")


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
