"""Checks what the law asks of every petition, as far as it can be told in any language.

What the words say, such as that the purpose is the true one, is for people to read.
"""

import re
from collections.abc import Iterator, Mapping

from bot.petition_folder.files import PETITION_FILE
from bot.petition_folder.schema import PetitionFile, Texts
from bot.text.problems import Problem, Sentence
from telegram_text.markup import seen

FOLDED = re.compile(r"<blockquote expandable>.*?</blockquote>", re.DOTALL)
# A line of the notice that begins with what it is about, in bold, and says it.
_POINT = re.compile(r"^<(b|strong)>[^<\n]+</\1>.*\w.*$", re.MULTILINE)
# In the figures of any script; 16,000 and 2014 are no ages.
_AGE = re.compile(r"(?<!\d)(?<!\d[.,])\d\d(?!\d|[.,]\d)")
_AGES = range(14, 19)
_RIGHTS = re.compile(r"(?=.*/privacy).*/(withdraw|mydata)")
# The European Economic Area, and what has an adequacy decision that holds for authorities too:
# those for Canada, Japan and the United States are for companies (as of November 2026).
_PROTECTED = (
    "EU AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK "
    "AD AR BR CH FO GB GG IL IM JE KR NZ UY"
)
_LACKING = Sentence(
    "falta algo que se tiene que leer sin tocar nada, cada cosa en una línea que empiece en "
    "negrita: quién responde de los datos ({{controller}}), para qué, a quién y a qué país va "
    "el nombre, si se puede dar, y los derechos (/privacy, y /withdraw o /mydata)"
)


def law_problems(petition: PetitionFile, texts: Mapping[str, Texts]) -> Iterator[Problem]:
    """Yields what a petition lacks that people have a right to."""
    if petition.handed_over == "with_name" and not are_names_protected(petition):
        yield Sentence(
            "nadie puede elegir por otra persona que su nombre salga a un país sin la protección "
            'del Espacio Económico Europeo (RGPD, art. 49): pon "ask" o, si va a un país que la '
            "tiene, dilo en names_go_to"
        ).about(PETITION_FILE, "handed_over")
    for language, each in texts.items():
        yield from _age(f"{language}.toml", each)
        yield from _notice(f"{language}.toml", each, takes_names=takes_names(petition))


def takes_names(petition: PetitionFile) -> bool:
    """Returns whether anybody can sign with their name."""
    return petition.handed_over != "without_name"


def are_names_protected(petition: PetitionFile) -> bool:
    """Returns whether names are said to go only where they are protected as in the EEA."""
    return petition.names_go_to in _PROTECTED.split()


def _age(file: str, texts: Texts) -> Iterator[Problem]:
    consent = seen(texts.consent or "")
    # One of which nothing is seen is reported already.
    if consent and not any(int(number) in _AGES for number in _AGE.findall(consent)):
        yield Sentence(
            "no dice qué edad hay que tener: escríbela en cifras, de {least} a {most} años, como "
            "«Tengo {least} años o más»",
            least=_AGES[0],
            most=_AGES[-1],
        ).about(file, "consent")


def _notice(file: str, texts: Texts, *, takes_names: bool) -> Iterator[Problem]:
    if not isinstance(texts.privacy_short, str):
        return  # reported as a problem
    points = [point[0] for point in _POINT.finditer(FOLDED.sub("", texts.privacy_short))]
    controller = [point for point in points if "{controller}" in point]
    rights = [point for point in points if _RIGHTS.search(point)]
    # Of what for, and of where the name goes, no language has a mark.
    if controller and rights and len({*points} - {*controller, *rights}) > int(takes_names):
        return
    yield Problem(file, "privacy_short", _LACKING)
