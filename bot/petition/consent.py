"""The exact text that a supporter agreed to, and the hash that identifies it."""

import hashlib

from bot.petition_folder.schema import Texts


def consent_text(texts: Texts) -> str:
    """Returns the text of the consent screen, with `{name}` in place of the supporter's name.

    Without the name the text is the same for everybody, so it is stored once and holds no
    personal data. The screen shows it with the name filled in.
    """
    return f"{texts.consent}\n\n{texts.news}"


def consent_sha256(text: str) -> bytes:
    """Returns the SHA-256 of a consent text's UTF-8 bytes, 32 bytes."""
    return hashlib.sha256(text.encode()).digest()
