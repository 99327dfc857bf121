"""The commands with their descriptions in Telegram's menu, in the order of the menu.

The descriptions are source sentences for translation.
"""

from collections.abc import Mapping

from bot.text.translations import mark

SUPPORTER_COMMANDS: Mapping[str, str] = {
    "start": mark("Ver la petición"),
    "language": mark("Cambiar de idioma"),
    "privacy": mark("Cómo cuidamos tus datos"),
    "mydata": mark("Ver lo que guardamos de ti"),
    "stop": mark("No recibir más mensajes, sin retirar tu firma"),
    "withdraw": mark("Retirar tu firma"),
    "cancel": mark("Salir sin firmar y borrar lo escrito"),
    "help": mark("Ayuda"),
}

ADMIN_COMMANDS: Mapping[str, str] = {
    "stats": mark("Firmas: total, hoy, por idioma y origen"),
    "close": mark("Cerrar la petición"),
    "reopen": mark("Volver a abrir la petición"),
    "closing": mark("Escribir cómo ha acabado la petición"),
    "broadcast": mark("Escribir a quienes firmaron"),
    "broadcasts": mark("Envíos anteriores y programados"),
}
