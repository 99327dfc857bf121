"""What people see of the bot before they open it: its name and its picture."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.cli.init_questions import NotAccepted, Questions
from bot.cli.init_state import TOKEN, Setup, shown
from bot.console import explain, run_to_end, say
from bot.petition_folder.edit import NotEditable, changed
from bot.petition_folder.read import Table, read_folder
from bot.petition_folder.template import TEMPLATE
from bot.setup.bot_calls import LONGEST_BOT_NAME, BotCalls, BotIdentity, MethodMissing, Unreachable
from bot.setup.bot_picture import draw_picture
from bot.text.translations import Words
from storage.private_files import write_file

_DESCRIPTIONS = ("description", "short_description")


def show_profile(setup: Setup, identity: BotIdentity, folder: Path) -> None:
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
    ask_for_profile(setup, setup.questions, identity, folder)


def ask_for_profile(
    setup: Setup, questions: Questions, identity: BotIdentity, folder: Path
) -> None:
    """Asks for name, picture and description, and proposes ones that do not name the cause."""
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
            words.label("Nombre del bot"), checked_name(words), default=identity.name
        )
    _set_name(setup, identity, name)
    if questions.agrees(
        words.label("¿Le pongo de foto un dibujo, un globo de diálogo con tres puntos?"),
        default=True,
    ):
        _set_picture(setup)
    _ask_for_description(setup, questions, folder)


def _ask_for_description(setup: Setup, questions: Questions, folder: Path) -> None:
    """Proposes the template's descriptions, where a petition's folder has others."""
    words, read = setup.words, read_folder(folder)
    proposed = read_folder(TEMPLATE).texts
    shared = [language for language in read.languages if language in proposed]
    if all(_described(read.texts[each]) == _described(proposed[each]) for each in shared):
        return
    explain(
        words.label("Descripción del bot"),
        words.label(
            "Se lee antes de abrirlo: «{now}» Propongo una que no nombra la causa: «{new}»",
            now=read.texts[shared[0]].get("short_description", ""),
            new=proposed[shared[0]]["short_description"],
        ),
    )
    if not questions.agrees(
        words.label("¿La cambio en la carpeta de la petición?"), default=False
    ):
        return
    for language in shared:
        file = folder / f"{language}.toml"
        text = file.read_text(encoding="utf-8")
        try:
            for key in _DESCRIPTIONS:
                text = changed(text, (key,), proposed[language][key].strip())
        except NotEditable:
            say(words.label("En {path} tendrás que cambiarla tú.", path=shown(file)))
            continue
        write_file(file, text.encode(), like=file)
    say(words.label("✓ La descripción no nombra la causa."))


def _described(texts: Table) -> list[str]:
    return [str(texts.get(key, "")).strip() for key in _DESCRIPTIONS]


def checked_name(words: Words) -> Callable[[str], str]:
    """Returns a check that takes what Telegram takes as a name for a bot."""

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
        is_old = isinstance(error, MethodMissing)
        words = setup.words
        say(
            words.label(
                "Telegram no lo acepta ahora ({reason}). El bot funciona igual; para intentarlo"
                " otra vez: petition-bot init --bot-name NOMBRE --bot-picture",
                reason=words.label(
                    "el servidor del Bot API es de una versión anterior, que no sabe hacerlo"
                )
                if is_old
                else error,
            ),
            style="yellow",
        )
        return False
    return True
