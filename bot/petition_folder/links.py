"""Finds links that lead nowhere, by their form alone: nothing is asked of the network."""

import re
from urllib.parse import urlsplit

from bot.text.problems import Sentence
from telegram_text.markup import link

# Domains reserved for examples (RFC 2606 and RFC 6761): nobody can be reached there.
EXAMPLE = re.compile(
    r"(^|[@./])(example\.(com|net|org|edu)|[a-z0-9-]+\.(example|invalid|test|localhost))\b",
    re.IGNORECASE,
)
# What stands for https://, also mistyped or twice: https//, http:/, htps://, https;//.
_SCHEME = re.compile(r"(?:(?:h+t*p+s?|t+ps?)(?:[:;.]*/+:?|:(?=\w)))+", re.IGNORECASE)
_FOREIGN_ENDING = re.compile(r"[.,;:!…»”’\"']+$")


def link_fault(address: str) -> Sentence | None:
    """Returns what is wrong with a web address without placeholders, and what to type instead."""
    bare = address.strip()
    if not bare:
        return Sentence("el enlace está vacío: escribe la dirección entre las comillas")
    scheme, _, behind = bare.partition(":")
    if scheme.lower() in ("mailto", "tel") or re.fullmatch(r"[^@/\s]+@[^@/\s]+", bare):
        return Sentence(
            "Telegram no abre enlaces de correo ni de teléfono: escribe {instead} sin enlace, y "
            "se podrá tocar",
            instead=behind or bare,
        )
    if bare.lower().startswith("tg://user"):
        return Sentence(
            "{address} no le funciona a todo el mundo: escribe https://t.me/ y el nombre de "
            "usuario",
            address=bare,
        )
    if re.search(r"\s", bare) or bare != address:
        return Sentence(
            "{address} lleva espacios: cópiala otra vez de la barra del navegador", address=address
        )
    instead = with_scheme(_FOREIGN_ENDING.sub("", bare))
    if instead != bare and link(instead) is not None:
        return Sentence(
            "el enlace {address} está mal escrito: escribe {instead}",
            address=bare,
            instead=instead,
        )
    return _nobodys(bare)


def with_scheme(address: str) -> str:
    """Returns a web address with https:// before it, also for one mistyped."""
    written = _SCHEME.match(address)
    if written and written[0].lower() not in ("http://", "https://"):
        return f"https://{address[written.end() :]}"
    if re.match(r"[a-z][a-z0-9+.-]*://", address, re.IGNORECASE):
        return re.sub(r"^(https?://(?:www\.)?t\.me/)@", r"\1", address)
    return f"https://{address}" if re.match(r"[^\s/]+\.[^\s/]+", address) else address


def _nobodys(address: str) -> Sentence | None:
    """Returns that nobody, or not everybody, gets to an address that is well written."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if EXAMPLE.search(host):
        return Sentence("{address} es un ejemplo: pon la dirección de verdad", address=address)
    if host in ("t.me", "telegram.me") and not parts.path.strip("/"):
        return Sentence("a {address} le falta el nombre: https://t.me/nombre", address=address)
    return None
