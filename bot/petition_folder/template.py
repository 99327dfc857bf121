"""The petition that a new one is begun from: nobody's, with marks where words are missing."""

import errno
from datetime import UTC, datetime
from pathlib import Path

import tomlkit

from bot.petition_folder.schema import PETITION_FILE

TEMPLATE = Path(__file__).parent.parent / "bundled_petitions" / "template"


def copy_template(folder: Path, *, slug: str) -> None:
    """Begins a petition in a folder, which is made; its texts are dated today.

    The schema has to accept its short name, the `slug`.

    Raises:
        FileExistsError: a petition is there already; nothing of it is touched.
        OSError: the files cannot be written there.
    """
    sources = sorted(TEMPLATE.glob("*.toml"))
    for source in sources:
        if (folder / source.name).exists():
            raise FileExistsError(
                errno.EEXIST, "A petition is there, and is left as it is", str(folder)
            )
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        text = source.read_text(encoding="utf-8")
        if source.name == PETITION_FILE:
            text = _begun(text, slug)
        with (folder / source.name).open("x", encoding="utf-8") as file:
            file.write(text)


def _begun(text: str, slug: str) -> str:
    """Returns `petition.toml` with its own name and day; its notes stay."""
    document = tomlkit.parse(text)
    document["slug"] = slug
    document["version"] = datetime.now(UTC).date().isoformat()
    return tomlkit.dumps(document)
