"""Builds the session to Telegram as the settings and the environment say, with their proxy.

Whatever talks to Telegram builds its session here, so that nothing leaves the machine another way.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from urllib.request import getproxies

from bot.proxy_choice import choose_proxy
from bot.settings import PetitionSettings, SettingsInvalid
from bot.text.problems import Sentence
from bot.transport.session import SharedSession


def shared_session(
    settings: PetitionSettings,
    tell: Callable[[Sentence], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> SharedSession:
    """Returns the session for all calls to the Bot API server; it has to be opened.

    Without a proxy in the settings `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` decide, which never
    hold for a server on this machine. `tell` gets the reason when there is no connection, whenever
    that changes, and `clock` is the session's monotonic clock.

    Raises:
        SettingsInvalid: the proxy's address cannot be used.
    """
    setting = None if settings.proxy is None else settings.proxy.get_secret_value()
    with suppress(ValueError):
        proxied = choose_proxy(settings.api_url, setting, getproxies())
        return SharedSession(proxy=proxied, tell=tell, clock=clock)
    # Raised outside of the handler, as the sentence says all: the address may hold a password.
    raise SettingsInvalid.because(
        "El proxy de HTTPS_PROXY, HTTP_PROXY o ALL_PROXY no vale. Se espera: "
        "http://servidor:puerto o socks5://servidor:puerto, nunca https://. Para ir sin "
        "proxy: PETITION_PROXY=none"
    )
