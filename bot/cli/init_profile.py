"""What people see of the bot before they open it: its name and its picture."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.cli.init_questions import NotAccepted, Questions
from bot.cli.init_state import TOKEN, Setup
from bot.console import explain, run_to_end, say
from bot.setup.bot_calls import LONGEST_BOT_NAME, BotCalls, BotIdentity, Unreachable
from bot.setup.bot_picture import draw_picture
from bot.text.translations import Words


def show_profile(setup: Setup, identity: BotIdentity) -> None:
    """Sets what was given of name and picture; asks for both while the bot is being set up."""
    given, words = setup.given, setup.words
    if given.bot_name is not None:
        _set_name(setup, identity, given.bot_name)
    if given.bot_picture:
        _set_picture(setup)
    if given.bot_name is not None or given.bot_picture:
        return
    if setup.questions is None or setup.was_complete:
        setup.say_kept(words.label("El nombre «{name}» y la foto del bot", name=identity.name))
        return
    ask_for_profile(setup, setup.questions, identity)


def ask_for_profile(setup: Setup, questions: Questions, identity: BotIdentity) -> None:
    """Asks for name and picture, and proposes ones that do not name the cause."""
    words = setup.words
    explain(
        words.label("Nombre y foto del bot"),
        words.label(
            "Están en la lista de chats de quienes firman, y los ve quien mire la pantalla por"
            " encima del hombro. Por eso propongo unos que no nombran la causa. Tampoco debería"
            " nombrarla @{bot}, que no se puede cambiar: si lo hace, pide otro bot a @BotFather.",
            bot=identity.username,
        ),
    )
    proposed = words.label("Avisos")
    if identity.name == proposed:
        name = identity.name
    elif questions.agrees(
        words.label("¿Cambio el nombre «{old}» por «{new}»?", old=identity.name, new=proposed),
        default=True,
    ):
        name = proposed
    else:
        name = questions.ask(
            words.label("Nombre del bot"), _checked_name(words), default=identity.name
        )
    _set_name(setup, identity, name)
    if questions.agrees(
        words.label("¿Le pongo de foto un dibujo, un globo de diálogo con tres puntos?"),
        default=True,
    ):
        _set_picture(setup)


def name_problem(words: Words, name: str) -> str | None:
    """Returns why Telegram would not take a name for a bot, or None if it would."""
    try:
        _checked_name(words)(name)
    except NotAccepted as error:
        return str(error)
    return None


def _checked_name(words: Words) -> Callable[[str], str]:
    def check(answer: str) -> str:
        if not 0 < len(answer.strip()) <= LONGEST_BOT_NAME:
            raise NotAccepted(
                words.label(
                    "El nombre de un bot tiene de 1 a {longest} letras.", longest=LONGEST_BOT_NAME
                )
            )
        return answer.strip()

    return check


def _set_name(setup: Setup, identity: BotIdentity, name: str) -> None:
    words = setup.words
    if name == identity.name:
        setup.say_kept(words.label("El nombre «{name}»", name=name))
        return
    if _done(setup, lambda calls: calls.set_name(name)):
        say(words.label("✓ El bot se llama «{name}».", name=name))


def _set_picture(setup: Setup) -> None:
    picture = draw_picture()
    if _done(setup, lambda calls: calls.set_picture(picture)):
        say(setup.words.label("✓ El bot tiene su foto."))


def _done(setup: Setup, change: Callable[[BotCalls], Awaitable[None]]) -> bool:
    """Returns whether Telegram took a change; the bot works without it, so it is only said."""

    async def changed() -> None:
        async with setup.open_calls(setup.known[TOKEN]) as calls:
            await change(calls)

    try:
        run_to_end(changed())
    except Unreachable as error:
        say(
            setup.words.label(
                "Telegram no lo acepta ahora ({reason}). El bot funciona igual; para intentarlo"
                " otra vez: petition-bot init --bot-name NOMBRE --bot-picture",
                reason=error,
            ),
            style="yellow",
        )
        return False
    return True
