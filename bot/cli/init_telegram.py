"""Telegram for `petition-bot init`: whose a token is, and who opens the link for an admin."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.cli.init_setup import Setup
from bot.console import CannotDo, confirms, draw_link, run_to_end, say
from bot.setup.admin_code import LASTS_SECONDS, AdminCode, Candidate
from bot.setup.bot_calls import BotCalls, BotIdentity, open_bot_calls
from bot.text.terminal_language import label, terminal_words
from bot.text.translations import Catalogs

T = TypeVar("T")


def identity_of(setup: Setup, token: str, *, is_new: bool) -> BotIdentity:
    """Returns whose a token is; a new one must not be in use by another program."""

    async def asked(calls: BotCalls) -> BotIdentity:
        if is_new:
            await calls.require_alone()
        return await calls.identity()

    return _call(setup, token, asked)


def find_admin(setup: Setup, token: str, username: str) -> Candidate | None:
    """Shows a link, and returns who opened it; None if they are not who administers the bot."""
    code, words = AdminCode(time.monotonic()), terminal_words()
    link = code.link(username)
    say("", link, "")
    draw_link(link)
    say(label("Esperando a que se abra el enlace… (Ctrl-C para dejarlo)"))
    found = _call(
        setup,
        token,
        lambda calls: calls.wait_for(code, lambda why: say(why.said(words), style="yellow")),
    )
    if found is None:
        raise CannotDo.because(
            "Han pasado {minutes} y nadie ha abierto el enlace. Para otro: petition-bot init",
            minutes=words.duration(LASTS_SECONDS),
        )
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
    welcome = (
        Catalogs.load()
        .words(found.language)
        .text(
            "Listo, {name}: administras este bot. Cuando esté en marcha, escribe /help para ver lo"
            " que puedes hacer.",
            name=found.name,
        )
    )
    _call(setup, token, lambda calls: calls.write_to(found.user_id, welcome))
    return found


def _call(setup: Setup, token: str, work: Callable[[BotCalls], Awaitable[T]]) -> T:
    """Works with the bot of a token, at Telegram as `run` finds it; raises what the calls do."""

    async def called() -> T:
        connection = setup.connection
        async with open_bot_calls(token, connection.api_url, connection.proxy) as calls:
            return await work(calls)

    return run_to_end(called())
