"""The key of `petition-bot init`: where it is, and whether it can be used."""

from collections.abc import Callable
from pathlib import Path

from bot import file_locations
from bot.cli.init_questions import NotAccepted
from bot.cli.init_state import KEY_FILE, Setup, shown
from bot.console import explain, said_of_storage, say
from storage import KeyFileUnusable, Keyring, key_apart_from_data
from storage.key_file import refuse_open_folders


def place_key(setup: Setup) -> None:
    """Settles where the key is, and makes it if it is not there."""
    words, questions = setup.words, setup.questions
    named = setup.given.key_file or setup.known.get(KEY_FILE)
    if named is None and questions is not None:
        explain(
            words.label("La clave con la que se cifran los nombres"),
            words.label(
                "Sin ella nadie puede leer las firmas: guarda una copia en otro sitio, aparte de"
                " la base de datos."
            ),
        )
        default = shown(file_locations.key_file())
        path = questions.ask(
            words.label("Dónde va la clave"), _checked_key(setup), default=default
        )
    else:
        path = key_path(named)
        require_usable_key(setup, path)
    is_new = not path.exists()
    if is_new:
        file_locations.make_private_folder(path.parent)
        Keyring.generate(path)
        setup.note_written(words.label("la clave, en {path}", path=shown(path)))
    setup.keep(KEY_FILE, str(path))
    if is_new:
        say(
            words.label(
                "✓ Hecha la clave {path}. Guarda una copia en otro sitio.", path=shown(path)
            )
        )
    else:
        setup.say_kept(words.label("La clave {path}", path=shown(path)))


def key_path(named: Path | str | None) -> Path:
    """Returns where the key is to be; without a name, its default place."""
    return Path(named or file_locations.key_file()).expanduser().absolute()


def require_usable_key(setup: Setup, path: Path) -> None:
    """Refuses a key where the bot would refuse it, before anything is written; StorageError."""
    key_apart_from_data(path, setup.database_url)
    if path.exists():
        Keyring.load(path)
    else:
        refuse_open_folders(path)


def _checked_key(setup: Setup) -> Callable[[str], Path]:
    def check(answer: str) -> Path:
        path = key_path(answer)
        try:
            require_usable_key(setup, path)
        except KeyFileUnusable as error:
            raise NotAccepted(said_of_storage(error, setup.words)) from None
        return path

    return check
