"""The petition that the bot runs on, as its folder was when it was read.

And the exact text that a supporter agrees to, and the hash that identifies it.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ConfigDict

from bot.petition_folder.field_types import FrozenModel
from bot.petition_folder.placeholders import fill_all
from bot.petition_folder.read import Folder, read_folder
from bot.petition_folder.schema import EarlierVersion, PetitionFile, Texts, in_language
from bot.text.problems import PetitionInvalid
from bot.text.translations import Catalogs, nearest
from telegram_text.markup import escape

_END_OF_DAY = time(23, 59)
_WITH_NAME = {"with_name": True, "without_name": False, "ask": None}

BUNDLED = Path(__file__).parent.parent / "bundled_petitions" / "andry"


class Image(FrozenModel):
    """A picture and the credit shown with it, which may be empty."""

    file: Path
    credit: str


class Petition(PetitionFile):
    """One petition: what it demands of whom, in each of its languages, the source language first.

    People who signed under a version before `asks_again_since` are asked about the present texts.

    The texts are filled in except for what depends on a person or a moment: `{name}` in what is
    agreed to about the name, and how many signed, as `{count}` or in words as `{people}`, in the
    thanks and the texts after closing.
    """

    model_config = ConfigDict(use_attribute_docstrings=False)  # which takes a while to read

    folder: Path
    texts: dict[str, Texts]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which its days are told."""
        return ZoneInfo(self.time_zone)

    @property
    def closes_at(self) -> datetime | None:
        """The last minute of its last day in its zone, in UTC."""
        if self.closes_on is None:
            return None
        day = date.fromisoformat(self.closes_on)
        return datetime.combine(day, _END_OF_DAY, self.zone).astimezone(UTC)

    @property
    def with_name(self) -> bool | None:
        """Whether people sign with their names or without them; with None they choose."""
        return _WITH_NAME[self.handed_over]

    @property
    def contact(self) -> str:
        """How to write to the controller: the first that there is of mail, form and address."""
        controller = self.controller
        return controller.email or controller.web_form or controller.address or ""

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of the petition, the source language first."""
        return tuple(self.texts)

    def language_for(self, wanted: str | None) -> str:
        """Returns the petition's language nearest to the wanted one, or the source language."""
        return nearest(wanted, self.texts) or self.source_language

    def as_rehearsal(self, catalogs: Catalogs) -> "Petition":
        """Returns the same petition under another short name, for a rehearsal of it.

        What is shared says that it is one, as people read it in other chats than the bot's.
        """
        shared = {}
        for language, texts in self.texts.items():
            words = catalogs.words(language)
            share = words.label("Esto es un ensayo: {text}", text=texts.share)
            shared[language] = texts.model_copy(update={"share": share})
        return self.model_copy(update={"slug": f"{self.slug}-rehearsal", "texts": shared})

    def texts_in(self, language: str | None) -> Texts:
        """Returns the texts in the nearest language."""
        return self.texts[self.language_for(language)]

    def image_in(self, language: str | None) -> Image | None:
        """Returns the picture in the nearest language, or None."""
        if self.image is None:
            return None
        read = self.language_for(language)
        file = self.folder / in_language(self.image.file, read)
        return Image(file=file, credit=in_language(self.image.credit or {}, read) or "")


def load_petition(folder: Path) -> Petition:
    """Reads a petition from its folder.

    Raises:
        PetitionInvalid: the folder has problems, which the exception lists.
    """
    return petition_of(read_folder(folder))


def petition_of(read: Folder) -> Petition:
    """Returns the petition of a folder that was read; raises as `load_petition` does."""
    if read.problems:
        raise PetitionInvalid(read.problems)

    def spread(texts: dict[str, Any]) -> dict[str, Any]:
        return {language: in_language(texts, language) for language in read.languages}

    petition = read.petition
    said = dict(petition) | {
        "addressee": spread(petition.addressee),
        "demands": spread(petition.demands),
        "earlier_versions": tuple(
            each.model_copy(update={"changed": spread(each.changed)})
            for each in petition.earlier_versions
        ),
        "texts": {
            language: texts.model_copy(
                update={key: fill_all(text, read.values[language]) for key, text in texts}
            )
            for language, texts in read.texts.items()
        },
    }
    # All of it was validated when it was read.
    return Petition.model_construct(folder=read.path, **said)


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
