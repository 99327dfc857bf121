"""The command line in the terminal's language: help, usage, and refusals of what was typed.

Typer says these in English alone. The words around commands and options are its constants, and a
refusal is recognised by its English sentence.
"""

import re
from typing import Any

from bot.console import err, say
from bot.text.terminal_language import label, terminal_language
from bot.text.translations import Words, mark

_WORDS_OF_HELP = {
    "ARGUMENTS_PANEL_TITLE": mark("Datos"),
    "OPTIONS_PANEL_TITLE": mark("Opciones"),
    "COMMANDS_PANEL_TITLE": mark("Órdenes"),
    "DEFAULT_STRING": mark("[por defecto: {value}]"),
    "REQUIRED_LONG_STRING": mark("[obligatorio]"),
}
# What has to be typed, by a part of the name of its type in Python.
_TYPES = {"Path": mark("RUTA"), "int": "N", "": mark("TEXTO")}
# What a library puts before the reason, in words for programmers.
_NO_WORDS = "Value error, "
# What Typer refuses, as a pattern, and the same in Spanish.
_REFUSALS = (
    (r"Missing command", "Falta la orden"),
    (r"Missing (?:argument|option|parameter) (\S+)", "Falta {0}"),
    (r"No such command (\S+)", "No existe la orden {0}"),
    (r"No such option: (\S+)", "No existe la opción {0}"),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.+)\)", "Sobra esto: {0}"),
    (r"Option (\S+) requires an argument", "Falta el valor detrás de {0}"),
    (r"Option (\S+) does not take a value", "La opción {0} no lleva ningún valor"),
    (r"Invalid value for (.+?): .*valid integer.*", "{0} tiene que ser un número entero"),
    (r"Invalid value for (.+?): .*greater than or equal to (\S+)", "{0} es {1} como mínimo"),
    (r"Invalid value for (.+?): .*less than or equal to (\S+)", "{0} es {1} como máximo"),
    (
        rf"Invalid value for (.+?): (?:{_NO_WORDS})?(.+) is not one of (.+)",
        "{0} no puede ser {1}, sino {2}",
    ),
    (r"Invalid value for (.+?): (.+)", "{0}: {1}"),
)
_MEANT = re.compile(r"\.? (?:Did you mean|\(Possible options:) (.+?)[?)]")


def translate(command: Any, words: Words) -> None:
    """Translates what help shows of a command, of its options, and of the commands in it."""
    usage, help_option = command.get_usage, command.get_help_option
    format_help = command.format_help

    def translated_option(ctx: Any) -> Any:
        option = help_option(ctx)
        option.help, option.metavar = words.label("Muestra esta ayuda."), ""
        return option

    def translated_help(*parts: Any) -> None:
        # Imported here: it takes a megabyte of memory, and only help needs it.
        from typer import rich_utils

        for name, said in _WORDS_OF_HELP.items():
            setattr(rich_utils, name, words.label(said, value="{}"))
        format_help(*parts)

    command.format_help = translated_help
    command.get_usage = lambda ctx: usage(ctx).replace("Usage:", words.label("Uso:"), 1)
    command.get_help_option = translated_option
    command.options_metavar = words.label("[OPCIONES]")
    command.subcommand_metavar = words.label("ORDEN …")
    for said in (command, *command.params):
        if getattr(said, "is_flag", False):
            said.metavar = ""  # Typer writes <bool>, as if something had to follow
        elif said is not command and said.metavar is None and not said.type_descriptor.is_choice:
            kind = str(said.type_descriptor.annotation)
            said.metavar = next(word for name, word in _TYPES.items() if name in kind)
        if getattr(said, "param_type_name", "") == "argument":
            # Beside its name Typer writes <path>.
            setattr(said, "display_type", lambda _: "")  # noqa: B010 - it takes any parameter
        for name in ("help", "metavar", "rich_help_panel"):
            if text := getattr(said, name, None):
                setattr(said, name, words.label(text))
    for each in getattr(command, "commands", {}).values():
        translate(each, words)


def say_refusal(error: Any) -> None:
    """Prints how a command is typed, and why it was not understood."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return  # it is the help, which is printed already
    context, message = getattr(error, "ctx", None), error.format_message()
    is_spanish = terminal_language().startswith("es")
    said = in_spanish(message) if is_spanish else message.replace(_NO_WORDS, "", 1)
    if context is None:
        say(said, console=err)
        return
    help_ = label("Ayuda: {command}", command=f"{context.command_path} --help")
    say(context.get_usage(), said, help_, console=err)


def in_spanish(message: str) -> str:
    """Returns in Spanish what Typer refuses; as it is where it says something else."""
    meant = _MEANT.search(message)
    bare = _MEANT.sub("", message).rstrip(".")
    for pattern, spanish in _REFUSALS:
        if found := re.fullmatch(pattern, bare):
            said = f"{spanish.format(*found.groups())}."
            return f"{said} ¿Quizá {meant[1].replace(', ', ' o ')}?" if meant else said
    return message
