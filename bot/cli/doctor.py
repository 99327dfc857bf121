"""`petition-bot doctor`: looks at everything that can be wrong with an installation.

What does not need each other is looked at at the same time, within a bound, and hides no other.
"""

import asyncio
import json

import typer
from rich.text import Text

from bot.cli import doctor_database_and_backup, doctor_installation
from bot.cli.doctor_installation import SETTINGS, Check, CheckGroup, Finding, Installation, Level
from bot.console import NEEDS_A_PERSON, AsJson, out, reason_of, run_to_end, say
from bot.logs import configure_logging
from bot.settings import SettingsInvalid, load_valid_settings
from bot.text.problems import with_controls_shown
from bot.text.terminal_language import TerminalError, label
from bot.text.translations import mark
from storage.errors import StorageError

_SECONDS = 20  # for all that one group looks at

_SHOWN = {
    Level.FINE: (mark("bien"), "green"),
    Level.UNKNOWN: (mark("no se sabe"), "dim"),
    Level.MEND: (mark("aviso"), "yellow"),
    Level.BROKEN: (mark("problema"), "red"),
}
_WORST = {
    Level.FINE: (0, mark("Todo está bien.")),
    Level.UNKNOWN: (1, mark("Algo no se ha podido mirar.")),
    Level.MEND: (1, mark("El bot puede funcionar, pero hay algo que arreglar.")),
    Level.BROKEN: (NEEDS_A_PERSON, mark("Así el bot no puede funcionar.")),
}


def doctor(as_json: AsJson = False) -> None:
    """Looks at everything that can be wrong with an installation, and says what to do.

    It is about the machine, the settings, the database and Telegram, also while the bot runs;
    `petition-bot check` is about the texts of a petition.
    """
    configure_logging("CRITICAL")
    raise typer.Exit(run_to_end(_examine(as_json=as_json)))


async def _examine(*, as_json: bool) -> int:
    """Looks at everything, and prints it; returns the exit code."""
    groups = [*doctor_installation.GROUPS, *doctor_database_and_backup.GROUPS]
    try:
        installation = Installation(*load_valid_settings())
    except (SettingsInvalid, OSError) as error:
        # Nothing else is known without them, not even by which way Telegram is to be reached.
        found = [Finding(SETTINGS, Level.BROKEN, reason_of(error))]
        found += [_not_looked(each) for group in groups[1:] for each in group.checks]
    else:
        looks = (_within_bounds(installation, group) for group in groups)
        found = [each for group in await asyncio.gather(*looks) for each in group]
    worst = max(each.level for each in found)
    code, conclusion = _WORST[worst]
    # Printed within the event loop, whose end would wait for a disk that does not answer.
    if as_json:
        checks = dict[str, Level]()
        for each in found:
            checks[each.check.key] = max(each.level, checks.get(each.check.key, Level.FINE))
        levels = {key: level.name.lower() for key, level in checks.items()}
        say(json.dumps({"worst": worst.name.lower(), "checks": levels}))
        return code
    for each in found:
        if each.said:
            _print(each.level, label(each.check.name), each.said)
    if left := ", ".join(label(each.check.name) for each in found if not each.said):
        _print(Level.UNKNOWN, left, label("No se puede mirar hasta que se arregle lo demás."))
    say(label(conclusion))
    return code


def _print(level: Level, name: str, said: str) -> None:
    kind, style = _SHOWN[level]
    line = Text.assemble((f"{label(kind):10}  ", style), with_controls_shown(f"{name}: {said}"))
    out.print(line, soft_wrap=True)


async def _within_bounds(installation: Installation, group: CheckGroup) -> list[Finding]:
    """Returns what a group finds; what ends it is said of the first check left, or the last."""
    found, why = list[Finding](), None
    if installation.wrong.keys() & set(group.needs):
        return [*map(_not_looked, group.checks)]
    try:
        async with asyncio.timeout(_SECONDS):
            async for each in group.look(installation):
                found.append(each)
    except TimeoutError:
        why = Level.UNKNOWN, label("No ha contestado en {n} segundos.", n=_SECONDS)
    except (TerminalError, StorageError, OSError) as error:
        why = Level.BROKEN, reason_of(error)
    except Exception as error:  # a bug in one check hides no other
        said = mark("No se ha podido mirar, por un fallo del programa ({kind}).")
        why = Level.UNKNOWN, label(said, kind=type(error).__name__)
    seen = {each.check for each in found}
    left = [each for each in group.checks if each not in seen]
    if why is not None:
        found.append(Finding([*left, group.checks[-1]][0], *why))
    return [*found, *map(_not_looked, left[why is not None :])]


def _not_looked(check: Check) -> Finding:
    """Returns that a check waits for what another one found."""
    return Finding(check, Level.UNKNOWN, "")
