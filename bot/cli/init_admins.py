"""Finds out who administers the bot: by a link that is opened in Telegram, or by ids."""

import time

from bot.cli.init_questions import NotAccepted, Questions
from bot.cli.init_state import ADMINS, APPROVAL, TOKEN, Setup
from bot.cli.init_telegram import alone
from bot.console import draw_link, explain, run_to_end, say
from bot.setup.admin_code import LASTS_SECONDS, AdminCode, Candidate
from bot.setup.bot_calls import BotIdentity
from bot.text.translations import Catalogs, Words


def choose_admins(setup: Setup, identity: BotIdentity) -> None:
    """Settles who administers the bot."""
    words = setup.words
    named = _joined(sorted(setup.given.admins or _ids(setup.known.get(ADMINS, ""))))
    if not named:
        ask_for_admins(setup, setup.asked(), identity)
        return
    setup.keep(ADMINS, named)
    if setup.given.admins:
        say(words.label("✓ Administran el bot: {ids}.", ids=named))
    else:
        setup.say_kept(words.label("Quién administra el bot ({ids})", ids=named))


def ask_for_admins(setup: Setup, questions: Questions, identity: BotIdentity) -> None:
    """Asks for admins by links, beside those who are known, and keeps each at once."""
    words = setup.words
    explain(
        words.label("Quién administra el bot"),
        words.label(
            "Esa persona podrá cerrar la petición y escribir a quienes"
            " firmen, desde su Telegram. Abre este enlace con su teléfono, o escanea el código, y"
            " pulsa «Iniciar». Vale una sola vez y durante diez minutos."
        ),
    )
    admins = sorted(_ids(setup.known.get(ADMINS, "")))
    while True:
        candidate = _await_candidate(setup, questions, identity)
        if candidate is not None and _is_confirmed(setup, questions, candidate):
            admins = [*(one for one in admins if one != candidate.user_id), candidate.user_id]
            setup.keep(ADMINS, _joined(admins))
            _welcome(setup, candidate)
        if not admins:
            continue
        # Two decide on a breach, and on what goes to many.
        if not questions.agrees(
            words.label("¿Añadir a otra persona que también administre?"), default=len(admins) < 2
        ):
            return


def choose_threshold(setup: Setup) -> None:
    """Settles for how many recipients a message needs the approval of a second admin."""
    words, given = setup.words, setup.given.approval_above
    if given is not None:
        setup.keep(APPROVAL, str(given))
    if setup.questions is None or setup.was_complete or APPROVAL in setup.known:
        return
    if len(_ids(setup.known.get(ADMINS, ""))) < 2:
        say_that_nobody_else_reads(words)
        return
    explain(
        words.label("Lo que se envía a mucha gente"),
        words.label(
            "Puede esperar a que lo apruebe otra de las personas que administran: así nadie"
            " escribe a quienes firmaron sin que alguien más lo haya leído."
        ),
    )
    most = setup.questions.ask(
        words.label("A más de cuántas personas (0: siempre)"),
        lambda answer: _checked_number(words, answer),
        default="100",
    )
    setup.keep(APPROVAL, most)


def say_that_nobody_else_reads(words: Words) -> None:
    """Says what it means that one person alone administers the bot."""
    say(
        words.label(
            "Con una sola persona, nadie más revisa lo que se envía, tampoco el aviso de una"
            " brecha de seguridad. Para añadir a otra: petition-bot init."
        ),
        style="yellow",
    )


def _checked_number(words: Words, answer: str) -> str:
    if not (answer.isascii() and answer.isdecimal() and len(answer) < 10):
        raise NotAccepted(words.label("Escribe un número entero, como 100."))
    return answer


def _await_candidate(
    setup: Setup, questions: Questions, identity: BotIdentity
) -> Candidate | None:
    """Shows a link, and returns who opened it; None when nobody did in time."""
    words = setup.words
    code = AdminCode(time.monotonic())
    link = code.link(identity.username)

    async def waited() -> Candidate | None:
        async with alone(setup, setup.known[TOKEN]) as calls:
            say("", link, "")
            draw_link(link)
            say(words.label("Esperando a que se abra el enlace… (Ctrl-C para dejarlo)"))
            found = await calls.wait_for(code, lambda why: say(why.said(words), style="yellow"))
            if found is not None:
                greeted = _language_of(found)
                await calls.write_to(
                    found.user_id,
                    greeted.text(
                        "Hola, {name}. Para terminar, quien está preparando este bot tiene que"
                        " confirmar en su pantalla que eres tú.",
                        name=found.name,
                    ),
                )
            return found

    found = run_to_end(waited())
    if found is None:
        minutes = words.duration(LASTS_SECONDS)
        say(words.label("Han pasado {minutes} y nadie ha abierto el enlace.", minutes=minutes))
        if not questions.agrees(words.label("¿Hago otro enlace?"), default=True):
            raise KeyboardInterrupt
    return found


def _is_confirmed(setup: Setup, questions: Questions, found: Candidate) -> bool:
    words = setup.words
    shown = f"{found.name} (@{found.username})" if found.username else found.name
    say("", words.label("Ha abierto el enlace: {who}, id {id}.", who=shown, id=found.user_id))
    if questions.agrees(words.label("¿Es quien va a administrar el bot?"), default=None):
        return True
    say(
        words.label(
            "Entonces no se guarda. Ese enlace ya no sirve a nadie; haz el siguiente donde nadie"
            " más vea la pantalla."
        )
    )
    return False


def _welcome(setup: Setup, admin: Candidate) -> None:
    async def welcomed() -> None:
        async with setup.open_calls(setup.known[TOKEN]) as calls:
            await calls.write_to(
                admin.user_id,
                _language_of(admin).text(
                    "Listo, {name}: administras este bot. Cuando esté en marcha, escribe /help"
                    " para ver lo que puedes hacer.",
                    name=admin.name,
                ),
            )

    run_to_end(welcomed())
    say(setup.words.label("✓ {name} administra el bot.", name=admin.name))


def _language_of(person: Candidate) -> Words:
    return Catalogs.load().words(person.language)


def _ids(text: str) -> frozenset[int]:
    parts = [part.strip() for part in text.split(",")]
    return frozenset(int(part) for part in parts if part.isascii() and part.isdecimal())


def _joined(ids: list[int]) -> str:
    return ",".join(map(str, ids))
