"""What exactly a supporter agreed to: the words they saw, and the mark that identifies them."""

import hashlib

from bot.petition_folder.schema import Texts


def consent_text(texts: Texts, *, news_offered: bool = True) -> str:
    """The words of the consent screen, with `{name}` where each supporter's name stood.

    Without the name it is the same text for everybody, so it is kept once and no consent text
    holds personal data. The screen shows it as it is here, with the name filled in.
    """
    if not news_offered:
        return texts.consent
    return f"{texts.consent}\n\n{texts.news}"


def consent_sha256(text: str) -> bytes:
    """The mark of a consent text: SHA-256 of its UTF-8 bytes, 32 bytes."""
    return hashlib.sha256(text.encode()).digest()
