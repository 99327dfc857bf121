"""`petition-bot run`, and what it asks of a petition before real people meet it."""

import shlex
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated

import structlog
import typer

from bot.console import (
    NEEDS_A_PERSON,
    CannotDo,
    R,
    draw_link,
    err,
    out,
    run_to_end,
    say,
    say_in_terminal,
    tell,
)
from bot.high_water_mark import petition_signed_with
from bot.intake.polling import TokenUnknown
from bot.logs import configure_logging
from bot.monitoring.readiness import ALONE, STUCK
from bot.petition.petition import BUNDLED, load_petition, petition_of
from bot.petition_folder.read import read_folder
from bot.petition_folder.unready import unready_problems
from bot.settings import Settings
from bot.setup import BotCalls, Unreachable
from bot.telegram_session import shared_session
from bot.text.problems import Sentence
from bot.text.terminal_language import label, terminal_words
from bot.text.translations import mark
from storage.database_contents import reached_in

_log = structlog.stdlib.get_logger()


def run(
    restored_backup: Annotated[
        bool,
        typer.Option(
            "--restored-backup",
            help="Has puesto a mano una copia anterior de la base de datos: repite lo que la gente"
            " pidió desde entonces, y no envía nada hasta que alguien que administra lo mire.",
        ),
    ] = False,
    rehearsal: Annotated[
        bool,
        typer.Option(
            "--rehearsal",
            help="Ensaya la petición en Telegram: cada mensaje dice que es un ensayo, nada cuenta,"
            " y al final se borran los nombres.",
        ),
    ] = False,
) -> None:
    """Runs the bot with the settings from the environment or the file .env."""
    settings = Settings.load()
    # In a terminal a person looks: what the log has beside warnings is not for them.
    is_quiet = err.is_terminal and "log_level" not in settings.model_fields_set
    level = "WARNING" if is_quiet else settings.log_level
    token = settings.bot_token.get_secret_value()
    configure_logging(level, secrets=[token], said=said_of_event if is_quiet else None)
    # Imported here: it takes a moment to load, and other commands do not need it.
    from bot.process import run_until_stopped

    if rehearsal and restored_backup:
        raise CannotDo.because("--rehearsal y --restored-backup no van juntas.")
    if rehearsal:
        _require_rehearsable(settings)
    else:
        _require_ready(settings)
    if settings.approval_above is None and not rehearsal:
        # Not a warning, which a terminal would show beside the sentence.
        _log.info("nobody_approves", total=len(settings.admin_ids))
        say(nobody_approves(len(settings.admin_ids)), style="yellow")
    bot = run_until_stopped(
        settings,
        restored=restored_backup,
        rehearsal=rehearsal,
        tell=say_in_terminal,
        started=_say_started,
    )
    run_to_end(bot)
    if rehearsal:
        tell(
            "El ensayo ha terminado y sus firmas están borradas. En los chats quedan los "
            "mensajes, con botones que ya no hacen nada."
        )


def _require_ready(settings: Settings) -> None:
    """Refuses a petition that is not for real people; one that they have signed is warned about.

    To stop that one would take from its signers what they were promised, as to withdraw.

    Raises PetitionInvalid or StorageError if its folder or the database cannot be read.
    """
    read = read_folder(settings.folder or BUNDLED)
    slug = petition_of(read).slug
    problems = unready_problems(read)
    if not problems:
        return
    listed = [f"  {problem.said(terminal_words())}" for problem in problems]
    reached = run_to_end(reached_in(settings.database_url, slug))
    if reached is not None and reached.number > 0:
        _log.warning("petition_not_ready", total=len(problems))
        said = label("Aviso: la petición {slug} tiene firmas y sigue en marcha, pero:", slug=slug)
        say(said, *listed, *how_to_finish(settings), style="yellow")
        return
    said = label(
        "La petición de {folder} todavía no está lista para personas de verdad:", folder=read.path
    )
    rehearsal = label("Para ensayarla tal como está: petition-bot run --rehearsal")
    refusal = "\n".join((said, *listed, *how_to_finish(settings), rehearsal))
    raise CannotDo(refusal, code=NEEDS_A_PERSON)


def nobody_approves(admins: int) -> str:
    """Returns what it means that no second admin approves, which is allowed, and what to do."""
    if admins == 1:
        return label(
            "Con una sola persona, nadie más revisa lo que se envía, tampoco el aviso de una"
            " brecha de seguridad. Para añadir a otra, quita PETITION_ADMIN_IDS de los ajustes y"
            " ejecuta petition-bot init: cada persona abre un enlace."
        )
    return label(
        "Salvo el aviso de una brecha de seguridad, cualquiera de las {n} personas que "
        "administran puede enviar un mensaje a quienes firmaron sin que nadie más lo lea. Para "
        "que lo apruebe otra cuando llegue a más de 100 personas: PETITION_APPROVAL_ABOVE=100",
        n=admins,
    )


def _require_rehearsable(settings: Settings) -> None:
    """Says that a rehearsal begins, and what it is; refuses that of a petition with signatures.

    Signers would meet the rehearsal in the same chat, and could not withdraw meanwhile; and
    what people write to a bot that runs elsewhere would come here.

    Raises PetitionInvalid or StorageError if its folder or the database cannot be read.
    """
    slug = load_petition(settings.folder or BUNDLED).slug
    reached = run_to_end(reached_in(settings.database_url, slug))
    signed = slug if reached is not None and reached.number > 0 else None
    if signed is None and settings.key_file is not None:
        # Nor of another that this bot ran, from whatever folder: its chats are the bot's.
        signed = petition_signed_with(settings.bot_id, settings.key_file)
    if signed is not None:
        raise CannotDo.because(
            "La petición {slug} ya tiene firmas, y quien la firmó encontraría el ensayo en su "
            "chat sin poder retirarse. Ensáyala con otro bot: en otra carpeta, pon en un "
            "archivo .env su token y PETITION_DATABASE_URL={url}, y ejecuta allí: petition-bot "
            "run --rehearsal",
            slug=signed,
            url="sqlite+aiosqlite:///ensayo.db",
        )
    # With no connection the bot itself waits, and it says what is wrong with the token.
    with suppress(TokenUnknown, Unreachable):
        with_bot(settings, settings.bot_token.get_secret_value(), BotCalls.require_alone)
    tell(
        "Ensayo de la petición {slug}, en el Telegram de verdad. Cada mensaje dice que es un "
        "ensayo. Ninguna firma cuenta, y los nombres se borran cuando termina. Para terminarlo: "
        "Ctrl-C.",
        slug=slug,
    )


def with_bot(
    settings: Settings,
    token: str,
    work: Callable[[BotCalls], Awaitable[R]],
    tell: Callable[[Sentence], None] = lambda _: None,
) -> R:
    """Works with the bot of a token, at Telegram as `run` finds it; raises what the work does.

    While it goes on, `tell` gets the reason when there is no connection, whenever that changes.
    """

    async def worked() -> R:
        async with shared_session(settings, tell) as session:
            return await work(BotCalls(session, settings.api_url, token))

    return run_to_end(worked())


def _say_started(name: str, username: str) -> None:
    """Says which bot runs; in a terminal also how to reach it, to stop it, and to keep its log."""
    link = f"https://t.me/{username}"
    tell("{name} está en marcha: {link}", name=name, link=link)
    if not out.is_terminal:
        return
    draw_link(link)
    tell(
        "Para pararlo, pulsa Ctrl-C. Aquí solo salen los avisos. Para guardar el registro entero: "
        "petition-bot run 2>> petition.log"
    )


# What a terminal says of an event, by a part of its name, the first that fits; nothing where a
# sentence with its reason is said already, or where the bot mends it by itself.
_EVENTS = {
    "petition_not_ready": "",
    "no_connection": "",
    "telegram_unavailable": "",
    "too_many_requests": "",
    "update_outdated": "",
    "lease_lost_records_first": mark(
        "El bot ha perdido su turno. Antes de empezar de nuevo, anota lo que ya había enviado."
    ),
    "lease_lost": mark(
        "La base de datos no contestó a tiempo, o atiende ya otro bot. Este empieza de nuevo."
    ),
    "for_database": mark("La base de datos no contesta. El bot espera y lo intenta otra vez."),
    "token_denied": mark("Telegram no acepta ahora el token. El bot lo intenta otra vez."),
    "unknown_setting": mark(
        "El bot no conoce un ajuste que empieza por PETITION_. ¿Está bien escrito?"
    ),
    "backup": mark("No consta ninguna copia de seguridad reciente: petition-bot backup"),
    "power_cut_loses_commits": mark(
        "Con los ajustes de PostgreSQL, un corte de luz pierde firmas que ya se agradecieron."
    ),
    "standby_not_in_step": STUCK.source,
    "no_synchronous_standby": ALONE.source,
    "petition_folder": mark(
        "La carpeta de la petición no se puede usar tal como está, y siguen los textos de antes. "
        "Para ver por qué: petition-bot check"
    ),
    "webhook_removed": mark(
        "Los mensajes del bot iban a otro servidor, por un webhook. Ya está quitado."
    ),
    "webhook_changed": mark(
        "Alguien ha quitado o cambiado el webhook del bot. Ya está puesto otra vez."
    ),
    "webhook_not_set": mark("Telegram no acepta ahora el webhook. El bot lo intenta otra vez."),
    "webhook_f": "",
    "may_cost_stars": mark("Según los ajustes, enviar un mensaje puede costar estrellas."),
    "journal_repeated": mark("Se ha repetido lo que la gente pidió después de la copia."),
    "damaged": mark("Una parte de lo guardado está dañada. Ten a mano la última copia."),
    "journal": mark("No se puede escribir el diario que guarda lo que la gente pide."),
    "erasure_held": mark(
        "Toca borrar firmas de quienes no saben todavía cómo ha terminado. El bot espera, y lo ha "
        "dicho a quienes administran."
    ),
    "": mark("Algo no ha salido bien, y el bot sigue. Más, en el registro: {event}"),
}


def said_of_event(event: str) -> str:
    """Says in the terminal what the log says with the name of an event."""
    said = next(said for part, said in _EVENTS.items() if part in event)
    return label(said, event=event) if said else ""


def how_to_finish(settings: Settings) -> list[str]:
    """Returns which commands help; the bundled petition is nobody's to change."""
    if settings.folder is None:
        return [
            label("Es la petición que viene de ejemplo. Para empezar la tuya: petition-bot init")
        ]
    folder = shlex.quote(str(settings.folder))
    return [
        label("Para corregirla viéndola: petition-bot preview {folder}", folder=folder),
        label("Para ver qué le falta: petition-bot check {folder}", folder=folder),
    ]
