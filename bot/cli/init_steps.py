"""The steps of `petition-bot init`, in their order; each keeps what is known already."""

import shlex
from pathlib import Path

from bot import file_locations
from bot.cli.init_admins import ask_for_admins, choose_admins, choose_threshold
from bot.cli.init_key import key_path, place_key, require_usable_key
from bot.cli.init_petition import (
    ask_for_controller,
    change_folder,
    missing_of_petition,
    name_controller,
    take_folder,
)
from bot.cli.init_profile import ask_for_profile, checked_name, show_profile
from bot.cli.init_questions import NotAccepted, Questions, problem_of
from bot.cli.init_state import KEY_FILE, TOKEN, Setup, as_argument, shown
from bot.cli.init_telegram import identity_of
from bot.console import CannotDo, explain, out, say
from bot.petition_folder.check import find_problems
from bot.petition_folder.read import read_folder
from bot.petition_folder.unready import unready_problems
from bot.settings import checked_token, load_settings
from bot.setup.bot_calls import BotIdentity, TokenRefused, Unreachable
from bot.text.translations import Words


def set_up(setup: Setup) -> None:
    """Takes every step.

    Raises:
        CannotDo, StorageError, SettingsInvalid, OSError: the message says why; what was written
            before is in `setup.written`.
    """
    words = setup.words
    if setup.questions is None:
        _require_answers(setup)
    else:
        out.print(
            words.label(
                "Vamos a preparar tu bot, paso a paso. Con Intro aceptas lo que está entre"
                " corchetes. Con Ctrl-C lo dejas cuando quieras: lo ya escrito se conserva."
            ),
            markup=False,
        )
    identity = _take_token(setup)
    choose_admins(setup, identity)
    choose_threshold(setup)
    folder = take_folder(setup)
    name_controller(setup, folder)
    show_profile(setup, identity, folder)
    place_key(setup)
    if kept := setup.keep_environment():
        say(words.label("✓ Del entorno quedan también escritos: {names}.", names=", ".join(kept)))
    setup.write()
    if setup.questions is not None and setup.was_complete and setup.changes_nothing:
        identity, folder = _offer_changes(setup, setup.questions, identity, folder)
    _conclude(setup, identity, folder)


def _offer_changes(
    setup: Setup, questions: Questions, identity: BotIdentity, folder: Path
) -> tuple[BotIdentity, Path]:
    """Changes what is asked for, where everything is there already; returns bot and folder."""
    words = setup.words
    explain(
        words.label("Todo está ya preparado"),
        words.label(
            "¿Qué quieres cambiar? 1: el token. 2: añadir a quien administre. 3: la carpeta de la"
            " petición. 4: quién responde de las firmas. 5: nombre y foto del bot. Con Intro,"
            " nada."
        ),
    )

    def check(answer: str) -> str:
        if answer and answer not in "12345":
            raise NotAccepted(words.label("Escribe un número del 1 al 5, o pulsa Intro."))
        return answer

    while choice := questions.ask(words.label("Número"), check):
        if choice == "1":
            identity = _ask_for_token(setup, questions)
        elif choice == "2":
            ask_for_admins(setup, questions, identity)
        elif choice == "3":
            folder = change_folder(setup, questions)
        elif choice == "4":
            ask_for_controller(setup, questions, folder)
        else:
            ask_for_profile(setup, questions, identity, folder)
            identity = identity_of(setup, setup.known[TOKEN], is_new=False)
    return identity, folder


def _require_answers(setup: Setup) -> None:
    """Names at once everything that is missing, where nothing can be asked; raises CannotDo."""
    words, given, known = setup.words, setup.given, setup.known
    missing: list[str] = []
    if not given.token_file and TOKEN not in known:
        missing.append(
            words.label(
                "Falta el token: --token-file ARCHIVO, o PETITION_BOT_TOKEN en el entorno."
            )
        )
    if not given.admins and "PETITION_ADMIN_IDS" not in known:
        missing.append(
            words.label("Falta quién administra el bot: --admin ID, una vez por persona.")
        )
    admins = given.admins or known.get("PETITION_ADMIN_IDS", "").split(",")
    if given.approval_above is not None and len({*admins}) < 2:
        missing.append(
            words.label("Para --approval-above hacen falta dos personas que administren: --admin.")
        )
    missing += missing_of_petition(setup)
    name = given.bot_name
    if name is not None and (problem := problem_of(checked_name(words), name)):
        missing.append(f"--bot-name: {problem}")
    if missing:
        raise CannotDo("\n".join(missing))
    require_usable_key(setup, key_path(given.key_file or known.get(KEY_FILE)))


# The token


def _take_token(setup: Setup) -> BotIdentity:
    """Settles the token, and returns whose it is."""
    words, questions = setup.words, setup.questions
    token = _token_of(setup)
    if token is None:
        return _ask_for_token(setup, setup.asked())
    try:
        identity = identity_of(setup, token, is_new=setup.in_file.get(TOKEN) != token)
    except (TokenRefused, Unreachable) as error:
        is_final = isinstance(error, Unreachable) or setup.given.token_file is not None
        if questions is None or is_final:
            raise CannotDo(trouble(words, error)) from None
        say(trouble(words, error), style="yellow")
        return _ask_for_token(setup, questions)
    was_there = setup.in_file.get(TOKEN) == token
    setup.keep(TOKEN, token)
    _say_whose(setup, identity, was_there=was_there)
    return identity


def _token_of(setup: Setup) -> str | None:
    path, words = setup.given.token_file, setup.words
    known = setup.known.get(TOKEN)
    if path is not None:
        try:
            known = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise CannotDo(words.label("No se puede leer {path}.", path=shown(path))) from None
    if known is None:
        return None
    try:
        return checked_token(known)
    except ValueError:
        raise CannotDo(_not_a_token(words)) from None


def _ask_for_token(setup: Setup, questions: Questions) -> BotIdentity:
    words = setup.words
    explain(
        words.label("El token del bot"),
        words.label(
            "Lo da @BotFather en Telegram: escríbele /newbot, o /token si el bot"
            " ya existe. Pégalo aquí; no se verá nada mientras lo pegas."
        ),
    )

    def check(answer: str) -> tuple[str, BotIdentity]:
        try:
            token = checked_token(answer)
            return token, identity_of(setup, token, is_new=setup.in_file.get(TOKEN) != token)
        except ValueError:
            raise NotAccepted(_not_a_token(words)) from None
        except (TokenRefused, Unreachable) as error:
            raise NotAccepted(trouble(words, error)) from None

    token, identity = questions.ask(words.label("Token"), check, hidden=True)
    setup.keep(TOKEN, token)
    _say_whose(setup, identity, was_there=False)
    return identity


def _say_whose(setup: Setup, identity: BotIdentity, *, was_there: bool) -> None:
    if was_there:
        setup.say_kept(setup.words.label("El token de @{bot}", bot=identity.username))
        return
    say(
        setup.words.label(
            "✓ Telegram conoce el token: es de «{name}», @{bot}.",
            name=identity.name,
            bot=identity.username,
        )
    )


def _not_a_token(words: Words) -> str:
    return words.label(
        "Eso no es un token. Tiene cifras, dos puntos y luego letras, como"
        " 123456789:AAF… Cópialo entero del mensaje de @BotFather."
    )


def trouble(words: Words, error: TokenRefused | Unreachable) -> str:
    """Returns what to do where Telegram does not know a token, or does not answer."""
    if isinstance(error, TokenRefused):
        return words.label(
            "Telegram no conoce ese token. Cópialo otra vez de @BotFather (/token), entero."
        )
    if error.reason is not None:
        return words.label(
            "No se puede hablar con Telegram. {reason} Si tu red no deja pasar Telegram, indica un"
            " proxy en PETITION_PROXY.",
            reason=error.reason.said(words),
        )
    return words.label(
        "No se puede hablar con Telegram ({reason}). Comprueba que hay conexión y prueba otra vez."
        " Si tu red no deja pasar Telegram, indica un proxy en PETITION_PROXY.",
        reason=error,
    )


# The end


def _conclude(setup: Setup, identity: BotIdentity, folder: Path) -> None:
    """Checks everything as `run` does, and says what to do next."""
    words = setup.words
    load_settings(env_file=setup.env_file)
    for name in setup.overridden:
        say(
            words.label(
                "{name} tiene además otro valor en el entorno, y es ese el que vale mientras"
                " esté.",
                name=name,
            ),
            style="yellow",
        )
    say("", words.label("✓ Los ajustes están en {path}.", path=shown(setup.env_file)))
    if setup.env_file != file_locations.env_file().absolute():
        path = shlex.quote(str(setup.env_file))
        command = f"export {file_locations.ENV_FILE_NAMED}={path}"
        say(words.label("  Para que se lea desde aquí: {command}", command=command))
    where, read = as_argument(folder), read_folder(folder)
    problems = find_problems(folder)
    is_ready = not problems and not any(unready_problems(read))
    if problems:
        say(
            words.label("Con la petición como está no se puede empezar; el paso 2 dice por qué."),
            style="yellow",
        )
    say(
        "",
        words.label("Y ahora, con @{bot}:", bot=identity.username),
        words.label("  1. Mira cómo queda la petición: petition-bot preview {where}", where=where)
        if is_ready
        else words.label(
            "  1. Escribe la petición y mira cómo queda: petition-bot preview {where}", where=where
        ),
        words.label("  2. Comprueba que no falta nada: petition-bot check {where}", where=where),
        words.label(
            "  3. Ensáyala en Telegram: petition-bot run --rehearsal. Y cuando quieras abrirla:"
            " petition-bot run"
        ),
    )
