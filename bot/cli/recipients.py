"""Whom the files are encrypted to that a command writes: PETITION_AGE_RECIPIENTS."""

from typing import Any

from bot.age_encryption import parse_recipients
from bot.console import CannotDo
from bot.settings import PetitionSettings


def required_recipients(settings: PetitionSettings) -> list[Any]:
    """Returns pyrage's recipients of the settings; raises CannotDo where there are none."""
    if not settings.age_recipients:
        raise CannotDo.because(
            "Falta la clave para la que se cifra el archivo. En otra máquina, haz una con "
            "age-keygen -o key.txt, pon aquí en PETITION_AGE_RECIPIENTS la clave pública que "
            "muestra (age1…), y prueba otra vez. Quien tenga key.txt puede abrir el archivo; en "
            "la máquina del bot no debe estar."
        )
    return parse_recipients(settings.age_recipients)
