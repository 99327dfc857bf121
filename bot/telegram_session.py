"""Builds the session to Telegram as the settings and the environment say: proxy, certificates.

Whatever talks to Telegram builds its session here, so that nothing leaves the machine another way.
"""

import os
import re
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import getproxies

from pydantic import SecretStr

from bot.proxy_choice import choose_proxy
from bot.settings import SettingsInvalid
from bot.text.problems import Sentence
from bot.text.terminal_language import label
from bot.transport import SharedSession

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")  # how OpenSSL finds a certificate in a folder


def shared_session(
    api_url: str,
    proxy: SecretStr | None = None,
    tell: Callable[[Sentence], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> SharedSession:
    """Returns the session for all calls to a Bot API server; it has to be opened.

    Args:
        api_url: the server's address.
        proxy: the setting of this name; None lets `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`
            decide, which never hold for a server on this machine.
        tell: gets the reason when there is no connection, whenever that changes.
        clock: the session's monotonic clock.

    Raises:
        SettingsInvalid: the proxy's address or the certificates cannot be used.
    """
    if api_url.startswith("https:"):
        _require_certificates()
    setting = None if proxy is None else proxy.get_secret_value()
    try:
        proxied = choose_proxy(api_url, setting, getproxies())
        return SharedSession(proxy=proxied, tell=tell, clock=clock)
    except ValueError:
        pass
    # Raised outside of the handler, as the sentence says all: the address may hold a password.
    raise SettingsInvalid.because(
        "El proxy de HTTPS_PROXY, HTTP_PROXY o ALL_PROXY no vale. Se espera: "
        "http://servidor:puerto o socks5://servidor:puerto, nunca https://. Para ir sin "
        "proxy: PETITION_PROXY=none"
    )


def _require_certificates() -> None:
    """Refuses a bundle that cannot be used: OpenSSL would trust nobody, and not say why."""
    file, folders = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
        except ssl.SSLError:
            raise SettingsInvalid.because(
                "SSL_CERT_FILE: {path} no tiene certificados en formato PEM.", path=file
            ) from None
        except OSError as error:
            raise SettingsInvalid.because(
                "SSL_CERT_FILE: {path} no se puede leer: {why}.",
                path=file,
                why=label(error.strerror or "The system refused"),
            ) from None
    elif folders and not any(map(_has_certificates, folders.split(os.pathsep))):
        raise SettingsInvalid.because(
            "SSL_CERT_DIR: {path} no tiene certificados con los nombres por los que se "
            "buscan; los pone: openssl rehash {path}",
            path=folders,
        )


def _has_certificates(folder: str) -> bool:
    try:
        return any(_HASHED.fullmatch(entry.name) for entry in Path(folder).iterdir())
    except OSError:
        return False
