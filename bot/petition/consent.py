"""The exact text that a supporter agreed to, and the hash that identifies it."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from bot.petition.petition import Petition
from bot.petition_folder.schema import EarlierVersion, Texts
from telegram_text.markup import escape


def consent_text(texts: Texts, about_name: str | None, choices: Iterable[str] = ()) -> str:
    """Returns the text of the consent, with what is agreed to about the name, if one is given.

    That has `{name}` in place of the supporter's name, so the text is the same for everybody: it
    is stored once and holds no personal data. The screen shows it with the name filled in, and
    the choices, which are labels without their boxes, on buttons.
    """
    offered = "".join(f"\n• {escape(choice)}" for choice in choices)
    agreed = texts.consent if about_name is None else f"{about_name}\n\n{texts.consent}"
    return f"{agreed}\n\n{texts.news}{offered}"


def notice_text(texts: Texts) -> str:
    """Returns the privacy notice, with both its layers."""
    return "\n\n".join((texts.privacy_short, *texts.privacy))


def notice_mark(petition: Petition) -> str:
    """Returns what tells that the privacy notice has changed, in whichever language it is read."""
    texts = map(petition.texts_in, petition.languages)
    return _mark(tuple(part for each in texts for part in (each.privacy_short, *each.privacy)))


@lru_cache  # they are made anew for every signer, of the same texts
def _mark(notice: tuple[str, ...]) -> str:
    return consent_sha256("\n\n".join(notice)).hex()[:16]


@lru_cache
def consent_sha256(text: str) -> bytes:
    """Returns the SHA-256 of a consent text's UTF-8 bytes, 32 bytes."""
    return hashlib.sha256(text.encode()).digest()


def asks_again(petition: Petition, signed: str, kept: str | None) -> bool:
    """Returns whether somebody is asked again about the texts, which have changed.

    Those who do not answer lose nothing: they stand by what they signed, and are not written to.
    `signed` is the version that they consented to last, `kept` the one at which they said to keep
    that; None if they never did.
    """
    since = petition.asks_again_since
    return since is not None and signed < since and (kept is None or kept < since)


def changes_since(petition: Petition, version: str) -> tuple[EarlierVersion, ...]:
    """Returns the versions from this one on that were changed since, the newest first."""
    return tuple(each for each in petition.earlier_versions if each.date >= version)
