"""`petition-bot person NUMBER WHAT`: what a letter or an e-mail asks of one signature."""

import asyncio
import re
from contextlib import nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.context import CliContext, Plan, confirmed, run_with_context
from bot.console import CannotDo, Yes
from bot.petition.names import NameRefused, clean_name
from bot.text.terminal_language import label
from bot.text.translations import mark
from storage.admins import add_audit
from storage.handovers import handover_known_to
from storage.person_requests import (
    CODE_LASTS,
    MOST_WRONG_CODES,
    NOTICES_KEPT_FOR,
    PersonNoticeKind,
    Signer,
    carry_out_request,
    check_proof,
    find_signer,
)
from storage.personal_data import everything_held
from storage.private_files import output_file
from storage.returning_supporters import mark_reachable

# Alone, or in groups of three as /mydata shows it in each language.
_NUMBER = re.compile(r"[0-9]{1,18}|[0-9]{1,3}(?:[\s.,'’][0-9]{3}){1,5}")


def read_number(typed: str) -> int:
    """Reads a number as people write it: 1530, 1.530, 1,530."""
    bare = re.sub(r"\D", "", typed)
    if not _NUMBER.fullmatch(typed.strip()) or int(bare) == 0:
        raise typer.BadParameter(label("pon el número de una firma, y después qué hacer: 12 show"))
    return int(bare)


_LONG_NUMBER = re.compile(r"\d(?:[\s.-]?\d){5,}")  # of a telephone or of a passport
_OF_A_NAME = re.compile(r"\w{3,}")  # a shorter word, like "de", is in many sentences


class Asked(StrEnum):
    """What a letter can ask for, as it is typed."""

    SHOW = "show"
    CORRECT = "correct"
    ERASE = "erase"
    RESTRICT = "restrict"
    OBJECT = "object"
    LIFT = "lift"


@dataclass(frozen=True, slots=True)
class Letter:
    """What was typed: what is asked, of which signature, and how it is known whose that is."""

    what: Asked
    number: int
    code: str | None = None
    reason: str | None = None
    name: str | None = field(default=None, repr=False)
    output: Path | None = None


_ONLY_STORED = mark(
    "Se guarda y se cuenta, pero ninguna lista lleva desde ahora su nombre, y quien firmó no "
    "recibe más mensajes que el aviso de una brecha."
)
_ONLY_BY_CODE = mark(
    "De quién es una firma sin nombre solo lo demuestra el código: no se guarda nada con lo que "
    "comparar la carta. Sigue solo si lo sabes con certeza."
)
# What is done, and what is asked before.
_REQUESTS = {
    Asked.SHOW: (PersonNoticeKind.SHOWN, mark("¿Muestro todo lo que se guarda de esa persona?")),
    Asked.CORRECT: (PersonNoticeKind.CORRECTED, mark("¿Le pongo a la firma el nombre «{name}»?")),
    Asked.ERASE: (
        PersonNoticeKind.ERASED,
        mark("¿Borro la firma para siempre, con todo lo que se guarda con ella?"),
    ),
    Asked.RESTRICT: (PersonNoticeKind.RESTRICTED, mark("¿Limito su uso?")),
    Asked.OBJECT: (PersonNoticeKind.OBJECTED, mark("¿Anoto su oposición?")),
    Asked.LIFT: (
        PersonNoticeKind.LIFTED,
        mark("¿Se vuelve a usar como cualquier otra? Díselo antes a quien firmó."),
    ),
}


def person(
    number: Annotated[
        int,
        typer.Argument(parser=read_number, metavar="NÚMERO", help="El de su firma, en /mydata."),
    ],
    what: Annotated[
        Asked,
        typer.Argument(
            metavar="QUÉ",
            help="show: muestra todo lo que se guarda (RGPD, arts. 15 y 20). correct: pone otro "
            "nombre (art. 16). erase: borra la firma y lo que se guarda con ella, como /withdraw "
            "(art. 17). restrict: limita su uso, y se cuenta sin su nombre (art. 18). object: lo "
            "mismo, porque la persona se opone (art. 21). lift: pone fin a lo uno o a lo otro; "
            "díselo antes (art. 18.3).",
        ),
    ],
    code: Annotated[
        str | None,
        typer.Option(
            help="El código de la carta. Si falta, se pregunta, y no queda en el historial."
        ),
    ] = None,
    verified_otherwise: Annotated[
        str | None,
        typer.Option(help="Sin código: cómo sabes de quién es. Se anota: sin nada personal."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Con show: un archivo JSON que solo puedes leer tú."),
    ] = None,
    yes: Yes = False,
) -> None:
    """Does what a letter asks of one signature, beside the bot that runs.

    The letter has the number of the signature and a code, both from /mydata. The person is told
    in the chat what was done.
    """
    if (output and what is not Asked.SHOW) or not (code is None or verified_otherwise is None):
        raise CannotDo.because("--output va con show, y el código va sin --verified-otherwise.")
    name = _checked_name(_asked(label("El nombre nuevo"))) if what is Asked.CORRECT else None
    if code is None and verified_otherwise is None:
        code = _asked(label("El código de la carta"))
    letter = Letter(what, number, code, verified_otherwise, name, output)
    confirmed(partial(prepare, letter=letter), yes=yes)


def _asked(question: str) -> str:
    """Asks for what was not typed with the command, unless the petition cannot be opened."""
    run_with_context(lambda _: asyncio.sleep(0))
    return str(typer.prompt(question))


async def prepare(context: CliContext, letter: Letter) -> Plan:
    """Checks the proof, and returns what is to be asked before; a wrong code is counted."""
    words = context.words
    signer, proof = await _proved(context, letter)
    if letter.what is Asked.CORRECT and not signer.has_name:
        raise CannotDo.because(
            "La firma no tiene nombre, y aquí no se le pone: hace falta el consentimiento de "
            "quien firmó, que se da en el chat, con /mydata."
        )
    if letter.what is Asked.LIFT and not (signer.restricted_at or signer.objected_at):
        raise CannotDo.because("No se ha hecho nada: el uso de la firma no está limitado.")
    states = (
        (mark("su uso está limitado desde el {moment}"), signer.restricted_at),
        (mark("se opuso a su uso el {moment}"), signer.objected_at),
    )
    whose = label(
        "Firma número {n}: {name}, firmó el {moment}, lee en {language}",
        n=words.number(signer.number),
        name=signer.name or label("un nombre dañado" if signer.has_name else "sin nombre"),
        moment=words.plain_moment(signer.signed_at),
        language=words.language_name(signer.language),
    )
    parts = [whose, *(label(said, moment=words.plain_moment(at)) for said, at in states if at)]
    whose = f"{'; '.join(parts)}."
    if not signer.has_name and letter.code is None:
        whose += f" {label(_ONLY_BY_CODE)}"
    if letter.what in (Asked.RESTRICT, Asked.OBJECT):
        whose += f" {label(_ONLY_STORED)}"
    return Plan(
        whose,
        label(_REQUESTS[letter.what][1], name=letter.name or ""),
        partial(_carry_out, letter=letter, signer=signer, proof=proof),
        declined=label("No se ha hecho nada, y el código sigue sirviendo."),
    )


async def _carry_out(context: CliContext, letter: Letter, signer: Signer, proof: str) -> str:
    """Does what was asked for; returns the result as sentences."""
    shown = f"{await _stored(context, signer)}\n" if letter.what is Asked.SHOW else ""
    # The file is not left behind where the code turns out to be used.
    with output_file(letter.output) if letter.output else nullcontext(BytesIO()) as file:
        file.write(shown.encode())
        code, name, now = letter.code, letter.name or "", context.clock()
        is_done = await context.storage.write(
            carry_out_request, _REQUESTS[letter.what][0], signer.number, proof, now, name, code
        )
        if not is_done:
            raise CannotDo.because(
                "No se ha hecho nada: ya estaba así, o entretanto cambió la firma o se usó el "
                "código."
            )
    if letter.output:
        shown = label("Está en {path}, que solo puedes leer tú.", path=letter.output) + " "
    if letter.what is Asked.LIFT:
        # They get what they missed, like those who unmute the bot.
        await context.storage.write(mark_reachable, signer.supporter, context.clock())
    return f"{shown}{label('Hecho.')} {_told(letter.what, signer)}"


def check_reason(reason: str, *names: str | None) -> str:
    """Returns a reason as the audit keeps it; `names` are the person's, and not to be in it."""
    said = " ".join(reason.split())
    if not said:
        raise CannotDo.because("Di con --verified-otherwise cómo sabes de quién es la firma.")
    in_names = _OF_A_NAME.findall(" ".join(name or "" for name in names).casefold())
    is_named = not {*in_names}.isdisjoint(re.findall(r"\w+", said.casefold()))
    if "@" in said or _LONG_NUMBER.search(said) or is_named:
        raise CannotDo.because(
            "El motivo queda anotado para siempre, y no puede decir quién es la persona: ni "
            "nombre, ni dirección, ni número. Algo así: enseñó el pasaporte el 3 de mayo."
        )
    return said


def _checked_name(typed: str) -> str:
    try:
        return clean_name(typed)
    except NameRefused as refused:
        raise CannotDo.because(refused.problem) from None


async def _proved(context: CliContext, letter: Letter) -> tuple[Signer, str]:
    """Returns whose signature it is, and the proof of it."""
    storage = context.storage
    if letter.code is not None:
        found = await storage.write(check_proof, letter.number, letter.code, context.clock())
        if found is None:
            raise CannotDo.because(
                "El número y el código no van juntos, o el código ya no sirve: cada uno sirve "
                "una vez, {days} días como mucho, y ninguna si se escriben {n} que no son. "
                "Compara los dos con la carta; pide otro, que da /mydata; o di con "
                "--verified-otherwise cómo sabes quién es.",
                days=CODE_LASTS.days,
                n=MOST_WRONG_CODES,
            )
        return found, "by code"
    signer = await storage.read(find_signer, letter.number)
    if signer is not None:
        # Nobody agreed to this look, and it shows a name before anything is done.
        await context.storage.write(add_audit, "person_look", actor=None, at=context.clock())
    said = check_reason(letter.reason or "", signer.name if signer else None, letter.name)
    if signer is None:
        raise CannotDo.because("Ninguna firma tiene ese número; quizá se retiró.")
    return signer, f"verified otherwise: {said}"


async def _stored(context: CliContext, signer: Signer) -> str:
    if signer.chat is None:
        raise CannotDo.because(
            "El número de su chat está dañado, y no se encuentra lo demás. No se ha hecho nada."
        )
    # Imported here: Telegram's library takes a moment to load.
    from handlers.my_data import everything_stored

    storage = context.storage
    held = await storage.read(everything_held, signer.chat)
    handover = await storage.read(handover_known_to, signer.supporter)
    return everything_stored(context.petition.slug, held, handover)


def _told(what: Asked, signer: Signer) -> str:
    if signer.chat is None:
        return label("El bot no se lo puede decir: el número de su chat está dañado.")
    said = label("El bot se lo dice en el chat, en unos segundos si está en marcha.")
    if what is Asked.ERASE:
        said += " " + label(
            "Hasta entonces, {days} días como máximo, guarda cifrado el número del chat.",
            days=NOTICES_KEPT_FOR.days,
        )
    return said
