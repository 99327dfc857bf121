"""Telegram for `petition-bot init`: whose a token is, and who opens the link for an admin."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from bot.cli.init_setup import Setup
from bot.console import confirms, draw_link, run_to_end, say
from bot.setup.admin_code import LASTS_SECONDS, AdminCode, Candidate
from bot.setup.bot_calls import BotCalls, BotIdentity, open_bot_calls
from bot.text.terminal_language import label, terminal_words
from bot.text.translations import Catalogs, Words

T = TypeVar("T")


def identity_of(setup: Setup, token: str, *, is_new: bool) -> BotIdentity:
    """Returns whose a token is; a new one must not be in use by another program."""

    async def asked(calls: BotCalls) -> BotIdentity:
        if is_new:
            await calls.require_alone()
        return await calls.identity()

    return _call(setup, token, asked)


def find_admin(setup: Setup, token: str, username: str) -> Candidate | None:
    """Shows a link, and returns who opened it and was confirmed; None if that is nobody."""
    found = _call(setup, token, lambda calls: _opened(calls, username))
    if found is None:
        minutes = terminal_words().duration(LASTS_SECONDS)
        say(label("Han pasado {minutes} y nadie ha abierto el enlace.", minutes=minutes))
        if not confirms(label("¿Hago otro enlace?"), default=True):
            raise typer.Abort
        return None
    who = f"{found.name} (@{found.username})" if found.username else found.name
    say("", label("Ha abierto el enlace: {who}, id {id}.", who=who, id=found.user_id))
    if not confirms(label("¿Es quien va a administrar el bot?"), default=None):
        say(
            label(
                "Entonces no se guarda. Ese enlace ya no sirve a nadie; haz el siguiente donde"
                " nadie más vea la pantalla."
            )
        )
        return None
    welcome = _words_of(found).text(
        "Listo, {name}: administras este bot. Cuando esté en marcha, escribe /help para ver lo que"
        " puedes hacer.",
        name=found.name,
    )
    _call(setup, token, lambda calls: calls.write_to(found.user_id, welcome))
    return found


async def _opened(calls: BotCalls, username: str) -> Candidate | None:
    """Shows a link, and returns who opened it; None when nobody did in time."""
    code, words = AdminCode(time.monotonic()), terminal_words()
    link = code.link(username)
    say("", link, "")
    draw_link(link)
    say(label("Esperando a que se abra el enlace… (Ctrl-C para dejarlo)"))
    found = await calls.wait_for(code, lambda why: say(why.said(words), style="yellow"))
    if found is not None:
        greeting = _words_of(found).text(
            "Hola, {name}. Para terminar, quien está preparando este bot tiene que confirmar en su"
            " pantalla que eres tú.",
            name=found.name,
        )
        await calls.write_to(found.user_id, greeting)
    return found


def _words_of(person: Candidate) -> Words:
    return Catalogs.load().words(person.language)


def _call(setup: Setup, token: str, work: Callable[[BotCalls], Awaitable[T]]) -> T:
    """Works with the bot of a token, at Telegram as `run` finds it; raises what the calls do."""

    async def called() -> T:
        connection = setup.connection
        async with open_bot_calls(token, connection.api_url, connection.proxy) as calls:
            return await work(calls)

    return run_to_end(called())
