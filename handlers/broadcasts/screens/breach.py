"""What admins read besides about the notice of a breach: what it says, and whom it cannot tell."""

from bot.text.translations import Words
from handlers.screens.screen import lines
from telegram_text.markup import Html


def must_say(words: Words) -> Html:
    """Returns what the law wants such a notice to say (GDPR art. 34(2))."""
    return words.text(
        "Con palabras sencillas, tiene que decir:\n"
        "• qué ha pasado, cuándo, y con qué datos;\n"
        "• qué puede suponer para quien lo lee;\n"
        "• qué estáis haciendo, y qué puede hacer cada persona;\n"
        "• a quién preguntar, con una dirección de correo."
    )


def unsigned_left_out(words: Words, people: int) -> Html:
    """Says of how many people a name is stored and no chat to write to."""
    return words.plural(
        "{n} persona más escribió su nombre y no firmó. El bot guarda ese nombre, pero no su "
        "chat: hay que avisarla de otra forma.",
        "{n} personas más escribieron su nombre y no firmaron. El bot guarda esos nombres, pero "
        "no sus chats: hay que avisarlas de otra forma.",
        people,
    )


def not_told(words: Words, people: int, unsigned: int) -> Html | None:
    """Says how many have to be told another way (GDPR art. 34(3)(c)); None if nobody has to."""
    if not people and not unsigned:
        return None
    return lines(
        people
        and words.plural(
            "⚠️ A {n} persona que firmó no se le ha podido entregar, o no consta.",
            "⚠️ A {n} personas que firmaron no se les ha podido entregar, o no consta.",
            people,
        ),
        unsigned and unsigned_left_out(words, unsigned),
        words.text(
            "La ley pide que también se enteren: con un aviso público, o por otra vía que "
            "tengáis para llegar a esas personas."
        ),
    )
