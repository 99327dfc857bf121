"""What people read of the versions of the texts: the newest, and what each changed."""

from collections.abc import Sequence
from datetime import date

from bot.petition.consent import changes_since
from bot.petition.petition import Petition
from bot.petition_folder.schema import EarlierVersion
from bot.text.text_limits import SCREENFUL
from bot.text.translations import Words
from handlers.screens.screen import lines, paragraphs, sentences
from telegram_text.markup import Html, length


def version_date(words: Words, version: str) -> str:
    """Returns the date of a version in words."""
    try:
        return words.date(date.fromisoformat(version))
    except ValueError:
        return version  # stored by hand, or by a test


def version_pages(
    words: Words, petition: Petition, language: str, signed: str | None
) -> Sequence[Html]:
    """Returns the pages that say which version the texts have, and what changed between versions.

    `signed` is the version that the reader consented to; None without a signature.
    """
    now = words.text(
        "<b>Versión de los textos</b>\n\nLa de ahora es del {date}.",
        date=version_date(words, petition.version),
    )
    if signed is not None and signed != petition.version:
        mine = words.text(
            "La que aceptaste es del {date}, y tu firma sigue valiendo con ella: sus palabras "
            "están en el archivo de /mydata.",
            date=version_date(words, signed),
        )
        now = sentences(now, mine)
    heading = words.text("<b>Qué ha cambiado</b>")
    pages = [now]
    for line in change_lines(words, petition.earlier_versions, language):
        begun, last = lines(heading, line), pages[-1]
        longer = lines(last, line) if heading in last else paragraphs(last, begun)
        if length(longer) <= SCREENFUL:
            pages[-1] = longer
        else:
            pages.append(begun)
    return pages


def change_lines(words: Words, changed: Sequence[EarlierVersion], language: str) -> Sequence[Html]:
    """Returns a line for each version, with what was changed after it."""
    return [
        words.text(
            "• Desde la versión del {date}: {change}",
            date=version_date(words, each.date),
            change=each.changed[language],
        )
        for each in changed
    ]


def change_to_answer(petition: Petition, signed: str, language: str) -> str | None:
    """Returns what changed in the version about which is asked; None if nobody wrote it."""
    since = petition.asks_again_since or ""
    before = [each for each in changes_since(petition, signed) if each.date < since]
    return before[0].changed[language] if before else None
