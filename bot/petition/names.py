"""Checks names: accepts names of every script, refuses spoofing, advertising and formulas.

The rules are checked in this order, and the first that fails is reported:

- a message without text is no name;
- line breaks are refused, other white space is folded to single spaces;
- at most 100 characters, and at least 2, counted in NFC;
- no control, format (bidi, zero width), private-use, unassigned or surrogate characters, nor
  invisible letters. Joiners are allowed where a script needs them: after a virama, and the
  non-joiner inside Arabic script. Elsewhere they only hide differences;
- no leading sign that makes a spreadsheet take it for a formula, or Telegram for a command;
- no web address, e-mail address or @handle;
- at most three marks stacked on one letter, and none on nothing;
- at least two letters, of any script.

An accepted text can still be an answer or a question. The consent shows it as the name, beside
the button that changes it.
"""

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from itertools import groupby

from bot.text import text_limits
from bot.text.translations import mark


class NameProblem(StrEnum):
    """Why a text is not accepted as a name, as a source sentence for translation."""

    NOT_TEXT = mark("Falta el nombre. Escríbelo en un mensaje, por favor.")
    LINE_BREAK = mark("Escribe el nombre en una sola línea, por favor.")
    TOO_LONG = mark("El nombre es demasiado largo: caben hasta cien caracteres.")
    CONTROL = mark(
        "El nombre lleva caracteres que no se ven. Escríbelo con el teclado, por favor, sin "
        "pegarlo."
    )
    TOO_SHORT = mark("El nombre es demasiado corto: escribe al menos dos letras.")
    LEADING_SIGN = mark("Un nombre no puede empezar por ese signo. Escríbelo sin él, por favor.")
    LINK = mark("Eso parece un enlace o una dirección. Escribe solo tu nombre, por favor.")
    STACKED_MARKS = mark(
        "El nombre lleva demasiados acentos sobre una misma letra. Escríbelo otra vez, por favor."
    )
    FEW_LETTERS = mark("Un nombre tiene al menos dos letras. Escríbelo otra vez, por favor.")


class NameRefused(ValueError):
    """The text is not accepted as a name; `problem` says why."""

    def __init__(self, problem: NameProblem) -> None:
        super().__init__(problem.name)
        self.problem = problem


_SHORTEST = 2
_FEWEST_LETTERS = 2
_LONGEST_TYPED = 4 * text_limits.NAME  # NFC joins at most four characters into one
_MOST_MARKS = 3
_VIRAMA = 9  # the canonical combining class of viramas, the signs that mute a vowel
_NON_JOINER, _JOINER = "\u200c", "\u200d"
_BREAK = re.compile(r"[\n\v\f\r\x85\u2028\u2029]")
_SPACES = re.compile(r"[\t \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})
# Invisible fillers that count as letters or marks, and the signs of damaged text.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800\ufffc\ufffd")
_SELECTOR = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_LEADING = re.compile(r"[=+\-@/\u2010-\u2015\u2212]")
_LINK = re.compile(
    r"""://
      | \bwww\.
      | \b(?:https?|mailto|tg):
      | \bt\.me\b
      | (?<!\w)@\w
      | \w@\w
      | \b[\w-]{2,}\.[a-z]{2,24}[/?\#]
      | \b[\w-]+\.(?:com|net|org|info|biz|xyz|io|ru|online|site|shop|app)\b(?!\.)
    """,
    re.VERBOSE | re.IGNORECASE,
)

_ASKS = re.compile(r"[?¿？؟;!¡]")
_MOST_WORDS = 6
# Words that are written in lower case inside names.
_PARTICLES = frozenset(
    (
        *("de", "del", "la", "las", "los", "y", "e", "i", "da", "das", "do", "dos", "di", "du"),
        *("van", "von", "der", "den", "bin", "ibn", "al", "el", "ben", "le"),
    )
)
# Words that distinguish a sentence from a name when both are written with capitals. A word is
# listed if it is far more common in messages than in names; nearly every short message to a
# petition has one: greetings and thanks, question words, verbs of requests, nouns of a form,
# slogans. Words that are also names or surnames are not listed (luz, paz, libertad, rey, more,
# love, will, may, an, my): another word of the sentence is.
_COMMON_WORDS = """
hola buen buenas buenos tardes noches gracias muchas muchos favor adios saludos abrazo abrazos
animo fuerza suerte adelante felicidades bienvenido bienvenidos bienvenida bendiga bendiciones si
no ya que quien quienes como cuando donde cual cuales cuanto cuantos cuantas porque por para esto
eso este esta estos estas aqui ahora hoy siempre nunca tambien sobre desde hasta muy todo
todos todas nadie alguien menos mucho mucha otra vez mis sus nuestro nuestra nosotros usted
ustedes eres somos estoy estan tengo tiene tienen quiero quiere queremos queria quisiera puedo
puede pueden podemos podria debo deben necesito necesitamos hace hacer hago vamos dime llega
llegado pasa paso sigue sirve funciona termina terminar acaba empieza cierra cerrar cerrada
cerrado abierta retirar borrar eliminar quitar cancelar cambiar corregir enviar compartir leer
ayuda ayudar ayudame ayudenme apoyo apoyar apoyamos exijo exigimos pido pedimos firma firmas
firmar firme firmo firmamos firmado firmada peticion nombre apellido apellidos datos privacidad
telefono correo mensaje idioma error problema bot excelente genial ok okay
viva vivan abajo fuera basta libre libres justicia derechos humanos dignidad gobierno dictadura
pueblo venezuela venezolano venezolana venezolanos venezolanas estados unidos migrantes
inmigrantes presos politicos desaparecidos secuestrados inocentes familia familias madres
hermanos hermanas amigos
hello hi hey please thank thanks you your yours morning afternoon evening luck sorry yes
sure what when where who whom whose how why which this that these those there here now today
never always not dont cant is are have has does did would could should want wants need needs know
help stop free freedom sign signed signing signature petition name names remove delete withdraw
change our their his them they its and for from with without about all every everyone everybody
nobody people rights government country bring bless world support stand share send language
privacy data open closed finish safe
bom boa tarde obrigado obrigada muito muita muitos assinar assinatura quero quando onde quem voce
livre bonjour bonsoir salut merci beaucoup comment pourquoi signer veux voudrais pour avec vive
tous vous liberte bon dia bona tarda gracies moltes vull signar signatura perque visca lliure
lliures llibertat adeu ciao buongiorno buonasera grazie firmare voglio perche hallo danke dank
vielen guten bitte wann wie warum ich nicht freiheit unterschreiben kaixo eskerrik grazas moitas
"""
_COMMON = frozenset(_COMMON_WORDS.split())


def clean_name(raw: str | None) -> str:
    """Returns what a person typed in NFC, with no white space around it and single spaces inside.

    Raises:
        NameRefused: it is not accepted as a name, or is None, as of a message without text.
    """
    if raw is None:
        raise NameRefused(NameProblem.NOT_TEXT)
    text = raw.strip()
    if _BREAK.search(text):
        raise NameRefused(NameProblem.LINE_BREAK)
    # Normalising takes time quadratic in the number of marks, and would block the event loop.
    if len(text) > _LONGEST_TYPED:
        raise NameRefused(NameProblem.TOO_LONG)
    name = _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    for problem, found_in in _RULES:
        if found_in(name):
            raise NameRefused(problem)
    return name


def is_seen(text: str) -> bool:
    """Returns whether any character of a text can be seen."""
    left = _SELECTOR.sub("", text)
    return any(unicodedata.category(c) not in _BLANK and c not in _UNSEEN for c in left)


def is_surely_a_name(text: str, profile: str) -> bool:
    """Returns whether a text sent unasked is beyond doubt the name of a person.

    It is if all its words are in the person's profile; or if it has two to six words with capital
    initials, of which one is in the profile or none is a common word. Capitals alone prove
    nothing, since some phones and some people begin every word with one. The profile cannot be
    required to match, since people in danger often use another name there.
    """
    try:
        name = clean_name(text)
    except NameRefused:
        return False
    if _ASKS.search(name):
        return False
    own = _folded(profile[:_LONGEST_TYPED])
    if _folded(name) <= own:
        return True
    words = [word for word in map(_bare, name.split()) if word not in _PARTICLES]
    if not 2 <= len(words) <= _MOST_WORDS or not all(map(_has_a_capital_initial, words)):
        return False
    told = _folded(name)
    in_the_profile = (told & own) - _COMMON - _PARTICLES
    return _COMMON.isdisjoint(told) or any(len(word) > 1 for word in in_the_profile)


def _folded(name: str) -> frozenset[str]:
    """Returns the words without case, accents and punctuation, which people often leave out."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return frozenset(_bare(word) for word in bare.casefold().split())


def _bare(word: str) -> str:
    return word.strip(".,:'’\"«»()") or word


def _has_a_capital_initial(word: str) -> bool:
    return word[0].isupper() and not (len(word) > 1 and word.isupper())


def _may_stand(name: str, place: int) -> bool:
    character = name[place]
    before = name[place - 1] if place else ""
    if character in (_NON_JOINER, _JOINER):
        return _joins(character, before, name[place + 1 : place + 2])
    if _SELECTOR.match(character):
        # Some Japanese names need a variation selector after a kanji, one at most.
        return before not in ("", " ") and not _SELECTOR.match(before)
    if character in _UNSEEN:
        return False
    return unicodedata.category(character) not in _REFUSED_CATEGORIES


def _joins(joiner: str, before: str, after: str) -> bool:
    if before and unicodedata.combining(before) == _VIRAMA:
        return True
    return joiner == _NON_JOINER and _is_arabic(before) and _is_arabic(after)


def _is_arabic(character: str) -> bool:
    return bool(character) and unicodedata.name(character, "").startswith("ARABIC LETTER")


def _has_leading_sign(name: str) -> bool:
    # Compatibility forms too: some spreadsheets treat a full-width sign as a plain one.
    return bool(_LEADING.match(unicodedata.normalize("NFKC", name)))


def _has_link(name: str) -> bool:
    return bool(_LINK.search(unicodedata.normalize("NFKC", name).replace("。", ".")))


def _has_stacked_marks(name: str) -> bool:
    if unicodedata.category(name[0]).startswith("M"):
        return True
    # Spacing marks (Mc) stand beside their letter, so only the others can stack.
    stacks = groupby(name, key=lambda character: unicodedata.category(character) in ("Mn", "Me"))
    return any(stacked and len(list(marks)) > _MOST_MARKS for stacked, marks in stacks)


def _letters(name: str) -> int:
    return sum(unicodedata.category(character).startswith("L") for character in name)


_RULES: tuple[tuple[NameProblem, Callable[[str], bool]], ...] = (
    (NameProblem.TOO_LONG, lambda name: len(name) > text_limits.NAME),
    (NameProblem.CONTROL, lambda name: not all(_may_stand(name, at) for at in range(len(name)))),
    (NameProblem.TOO_SHORT, lambda name: len(name) < _SHORTEST),
    (NameProblem.LEADING_SIGN, _has_leading_sign),
    (NameProblem.LINK, _has_link),
    (NameProblem.STACKED_MARKS, _has_stacked_marks),
    (NameProblem.FEW_LETTERS, lambda name: _letters(name) < _FEWEST_LETTERS),
)
