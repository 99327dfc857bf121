"""The command line `petition-bot`: reads arguments, runs commands, prints errors."""

import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_group

from bot import file_locations
from bot.cli.command_language import say_refusal, translate
from bot.console import err, fail, in_sentences, run_to_end, say, say_files_here, tell
from bot.settings import StorageSettings
from bot.text.terminal_language import label, terminal_words
from bot.text.translations import mark

# As help lists them: by what they are for, in the order of use.
_TO_PREPARE, _TO_RUN = mark("Preparar y probar"), mark("En marcha")
_TO_DELIVER, _FOR_PEOPLE = mark("Entregar las firmas"), mark("Firmas y personas")
_TO_KEEP = mark("Copias y claves")
_COMMANDS = {
    "init": (_TO_PREPARE, mark("Prepara un bot, pregunta por pregunta.")),
    "preview": (_TO_PREPARE, mark("Muestra una petición mientras la escribes.")),
    "check": (_TO_PREPARE, mark("Dice qué falta o sobra en los textos de una petición.")),
    "rehearse": (_TO_PREPARE, mark("Ensaya una petición con gente simulada.")),
    "demo": (_TO_PREPARE, mark("Enseña el bot en una página, con una petición abierta.")),
    "simulator": (_TO_PREPARE, mark("Simula Telegram, para probar tu bot sin cuenta.")),
    "run": (_TO_RUN, mark("Pone el bot en marcha.")),
    "doctor": (
        _TO_RUN,
        mark("Dice qué falla en los ajustes, la máquina, los datos o Telegram, y qué hacer."),
    ),
    "service": (_TO_RUN, mark("Escribe el servicio que lo arranca con la máquina.")),
    "broadcasts": (_TO_RUN, mark("Muestra y dirige los envíos, al lado del bot que los hace.")),
    "export": (_TO_DELIVER, mark("Escribe la lista de firmas, cifrada.")),
    "dossier": (_TO_DELIVER, mark("Hace con una lista abierta los PDF que se entregan.")),
    "delivered": (_TO_DELIVER, mark("Anota que se entregó, o muestra lo anotado.")),
    "notices": (_TO_DELIVER, mark("Dice qué hay que comunicar después de la entrega.")),
    "person": (_FOR_PEOPLE, mark("Responde a una carta o un correo sobre una firma.")),
    "invalidate": (_FOR_PEOPLE, mark("Saca del recuento una ola de firmas falsas.")),
    "purge": (_FOR_PEOPLE, mark("Borra las firmas cuyo plazo ha vencido.")),
    "backup": (_TO_KEEP, mark("Guarda la base de datos en un archivo cifrado.")),
    "restore": (_TO_KEEP, mark("Pone una copia en el lugar de la base de datos.")),
    "keygen": (_TO_KEEP, mark("Hace la clave que cifra las firmas.")),
    "migrate": (_TO_KEEP, mark("Pone al día las tablas de la base de datos.")),
    "keys": (_TO_KEEP, mark("Cambia la clave del archivo de clave.")),
}
# In `bot.cli` each has a module of its name, but for these.
_MODULES = {"delivered": "handover", "notices": "handover", "restore": "backup"}
_MODULES |= dict.fromkeys(("keygen", "migrate"), "main")


class _Shell(TyperGroup):
    """All commands, each loaded when it is called: `run` would keep the others in memory."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        translate(self, terminal_words())
        self.commands = dict.fromkeys(_COMMANDS)  # type: ignore[assignment]

    def main(self, *args: Any, **extra: Any) -> Any:
        """Runs what was typed; what cannot be understood ends with a sentence."""
        exits = extra.get("standalone_mode", True)
        try:
            code = super().main(*args, **extra | {"standalone_mode": False})
        except TyperException as error:
            say_refusal(error)
            code = error.exit_code
        except typer.Abort:  # the input was ended at a question, with Ctrl-D
            say(label("Interrumpido."), console=err)
            code = 1
        return sys.exit(code) if exits else code

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Reads what was typed, unless it is no text: Python passes such bytes as surrogates."""
        if any("\ud800" <= sign <= "\udfff" for sign in "".join(args)):
            fail(label("Algo de lo escrito no es texto en UTF-8. No se ha hecho nada."))
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Runs a command; an error that a person can fix ends it with a sentence."""
        with in_sentences():
            return super().invoke(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Returns a command by its name; None where there is none."""
        if cmd_name not in _COMMANDS:
            return None
        panel, help_ = _COMMANDS[cmd_name]
        module = import_module(f"bot.cli.{_MODULES.get(cmd_name, cmd_name)}")
        found = getattr(module, cmd_name)
        alone = typer.Typer()
        if isinstance(found, typer.Typer):
            alone.add_typer(found, help=help_, rich_help_panel=panel)
        else:
            alone.command(help=help_, rich_help_panel=panel)(found)
        command = get_group(alone).commands[cmd_name]
        translate(command, terminal_words())
        return command


app = typer.Typer(
    name="petition-bot",
    cls=_Shell,
    help="Una petición dentro de un chat de Telegram.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        say(f"petition-bot {version('petition-bot')}")
        raise typer.Exit


@app.callback()
def _app(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="Muestra la versión."
        ),
    ] = False,
) -> None:
    """Takes the options that stand before a command."""


def keygen(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="ARCHIVO",
            help="Dónde va la clave: fuera de la carpeta de los datos. Si no se da, la de"
            " PETITION_KEY_FILE, o la carpeta de ajustes del sistema.",
        ),
    ] = None,
) -> None:
    """Make the key that encrypts signatures."""
    from bot.cli.init_steps import MADE_KEY
    from storage.keyring import Keyring

    key = path or StorageSettings.load().key_file or file_locations.key_file()
    if path is None:
        file_locations.make_private_folder(key.parent)
    Keyring.generate(key.absolute())
    tell(MADE_KEY, path=key.absolute())
    if path is not None:
        tell("Pon en tus ajustes: PETITION_KEY_FILE={path}", path=path.absolute())


def migrate() -> None:
    """Migrate the database to this version's tables."""
    from storage.migrate import migrate as migrate_database

    settings = StorageSettings.load()
    say_files_here(settings.database_url)
    file_locations.make_database_folder(settings.database_url)
    revision = run_to_end(migrate_database(settings.database_url))
    tell("La base de datos está en la revisión {revision}.", revision=revision)
