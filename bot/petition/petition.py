"""The petition that the bot runs on, as its folder was when it was read."""

from datetime import UTC, date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.petition_folder.check import problems_of
from bot.petition_folder.placeholders import fill_all, placeholder_values
from bot.petition_folder.read import Folder, read_folder
from bot.petition_folder.schema import (
    Controller,
    FrozenModel,
    PetitionFile,
    RetentionTable,
    Texts,
    in_language,
)
from bot.text.locale_regions import nearest
from bot.text.problems import PetitionInvalid
from bot.text.translations import Catalogs

_END_OF_DAY = time(23, 59)
_WITH_NAME = {"with_name": True, "without_name": False, "ask": None}

BUNDLED = Path(__file__).parent.parent / "bundled_petitions" / "andry"


class Image(FrozenModel):
    """A picture and the credit shown with it, which may be empty."""

    file: Path
    credit: str


class EarlierVersion(FrozenModel):
    """An earlier version of the texts: its date, and what changed after it, by language."""

    date: str
    changed: dict[str, str]


class Petition(FrozenModel):
    """One petition: what it demands of whom, in each of its languages, the source language first.

    People who signed under a version before `asks_again_since` are asked about the present texts.
    `with_name` is what the consent proposes: that a signature is handed over with its name (True)
    or counted without it (False); None proposes neither, and everybody chooses.

    The texts are filled in except for what depends on a person or a moment: `{name}` in the
    consent, and how many signed, as `{count}` or in words as `{people}`, in the thanks and the
    texts after closing.
    """

    folder: Path
    slug: str
    version: str
    earlier_versions: tuple[EarlierVersion, ...]
    asks_again_since: str | None
    time_zone: str
    source_language: str
    closes_at: datetime | None
    closing_is_draft: bool
    goals: tuple[int, ...]
    addressee: dict[str, str]
    demands: dict[str, tuple[str, ...]]
    images: dict[str, Image]
    controller: Controller
    retention: RetentionTable
    updates_at_most: int
    with_name: bool | None
    texts: dict[str, Texts]

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
        return self.images.get(self.language_for(language))


def load_petition(folder: Path) -> Petition:
    """Reads a petition from its folder.

    Raises:
        PetitionInvalid: the folder has problems, which the exception lists.
    """
    return petition_of(read_folder(folder))


def petition_of(read: Folder) -> Petition:
    """Returns the petition of a folder that was read; raises as `load_petition` does."""
    problems = problems_of(read)
    if problems:
        raise PetitionInvalid(problems)
    file = PetitionFile.model_validate(read.petition)
    return Petition(
        folder=read.path,
        slug=file.slug,
        version=file.version,
        earlier_versions=tuple(
            EarlierVersion(date=earlier.date, changed=_spread(earlier.changed, read))
            for earlier in file.earlier_versions
        ),
        asks_again_since=file.asks_again_since,
        time_zone=file.time_zone,
        source_language=file.source_language,
        closes_at=_end_of(file.closes_on, file.time_zone),
        closing_is_draft=file.closing_is_draft,
        goals=file.goals,
        addressee=_spread(file.addressee, read),
        demands=_spread(file.demands, read),
        images=_images(file, read),
        controller=file.controller,
        retention=file.retention,
        updates_at_most=file.updates_at_most,
        with_name=_WITH_NAME[file.handed_over],
        texts={language: _texts(file, read, language) for language in read.languages},
    )


def _end_of(day: str | None, zone: str) -> datetime | None:
    """Returns the last minute of a day in the petition's zone, in UTC."""
    if day is None:
        return None
    there = datetime.combine(date.fromisoformat(day), _END_OF_DAY, ZoneInfo(zone))
    return there.astimezone(UTC)


def _spread(texts: dict[str, Any], read: Folder) -> dict[str, Any]:
    return {language: in_language(texts, language) for language in read.languages}


def _images(petition: PetitionFile, read: Folder) -> dict[str, Image]:
    if petition.image is None:
        return {}
    files, credit = petition.image.file, petition.image.credit or {}
    return {
        language: Image(
            file=read.path / in_language(files, language),
            credit=in_language(credit, language) or "",
        )
        for language in read.languages
    }


def _texts(petition: PetitionFile, read: Folder, language: str) -> Texts:
    values = placeholder_values(petition, language)
    table = read.texts[language]
    return Texts.model_validate({key: fill_all(text, values) for key, text in table.items()})
