"""The petition that a new one is begun from: nobody's, with marks where words are missing."""

import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.petition_folder.edit import changed
from bot.petition_folder.files import PETITION_FILE
from bot.petition_folder.new_language import without_language
from bot.petition_folder.unready import TEMPLATE, TEMPLATE_LANGUAGES


def copy_template(
    folder: Path, *, slug: str, languages: Sequence[str] = TEMPLATE_LANGUAGES
) -> None:
    """Begins a petition in a folder, which is made; its texts are dated today.

    The schema has to accept its short name, the `slug`; it has these of the template's languages.

    Raises:
        FileExistsError: a petition is there already; nothing of it is touched.
        OSError: the files cannot be written there, and none is left.
    """
    sources = {each.name: each.read_text(encoding="utf-8") for each in TEMPLATE.glob("*.toml")}
    sources[PETITION_FILE] = _begun(sources[PETITION_FILE], slug, languages[0])
    for unwanted in set(TEMPLATE_LANGUAGES) - {*languages}:
        for name, text in without_language(unwanted, sources).items():
            del sources[name]
            sources |= {} if text is None else {name: text}
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    try:
        for name, text in sorted(sources.items()):
            with (folder / name).open("x", encoding="utf-8") as file:
                made.append(folder / name)
                file.write(text)
    except OSError:
        for each in made:
            each.unlink()
        raise


def _begun(text: str, slug: str, language: str) -> str:
    """Returns `petition.toml` with its own name, day and first language; its notes stay.

    It is dated by the day where the petition is.
    """
    today = datetime.now(ZoneInfo(tomllib.loads(text)["time_zone"])).date().isoformat()
    for key, value in {"slug": slug, "source_language": language, "version": today}.items():
        text = changed(text, (key,), value)
    return text
