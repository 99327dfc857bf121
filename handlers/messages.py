"""What people write without a command: names, and everything a form does not expect."""

from __future__ import annotations

from typing import Final

from telegram import Message, Update

from bot.petition.journey import Stage, expects_name
from bot.petition.markup import Html
from bot.petition.names import is_surely_a_name
from bot.petition.words import mark

from . import signing, too_often
from .budget import WRITTEN, Ration
from .context import Context
from .visit import Visit, open_visit

_USE_THE_BUTTONS: Final = mark(
    "Este chat funciona con botones: elige uno de los de abajo, por favor."
)


async def written(update: Update, context: Context) -> None:
    """A text: the name, where one is asked for; otherwise the way on is shown."""
    visit = _cleared_form((await open_visit(update, context)).settled())
    if await _is_answered(visit, update):
        await _read(visit, visit.view.words.text(_USE_THE_BUTTONS))


async def unknown_command(update: Update, context: Context) -> None:
    """A command that does not exist, or not for this person."""
    visit = _cleared_form((await open_visit(update, context)).settled())
    if not await _is_answered(visit, update):
        return
    words = visit.view.words
    await visit.say(words.text("Ese comando no existe aquí. Con /help verás lo que puedes hacer."))


async def sent_media(update: Update, context: Context) -> None:
    """A photo, a sticker, a voice message: nothing of it is kept."""
    visit = _cleared_form((await open_visit(update, context)).settled())
    if not await _is_answered(visit, update):
        return
    words = visit.view.words
    await visit.say(
        words.text("Para firmar, escribe tu nombre en un mensaje de texto, por favor.")
        if visit.view.place.stage is Stage.NAME
        else words.text(
            "Este chat solo entiende texto y botones; lo que has enviado no se ha guardado."
        )
    )


async def edited(update: Update, context: Context) -> None:
    """In the form an edit is as good as a text; anywhere else it changes nothing.

    What has neither text nor caption changes by itself, as a live location does, and is not
    answered.
    """
    message = update.effective_message
    if message is None or (message.text is None and message.caption is None):
        return
    visit = (await open_visit(update, context)).settled()
    # What an admin edits may have been written for everybody, and is to stay.
    is_for_all = visit.view.by_admin and _message(visit).message_id not in visit.conversation.typed
    visit = visit if is_for_all else _cleared_form(visit)
    if not await _is_answered(visit, update):
        return
    nothing = visit.view.words.text(
        "Aquí, editar un mensaje no cambia nada. Usa los botones, por favor."
    )
    await (visit.say(nothing) if is_for_all else _read(visit, nothing))


async def _read(visit: Visit, otherwise: Html) -> None:
    """Takes a text for what it is where the person stands; `otherwise` answers any other."""
    text, place, words = _message(visit).text or "", visit.view.place, visit.view.words
    if place.stage is Stage.NAME:
        await signing.take_name(visit, text)
    elif place.stage is Stage.CONSENT:
        await signing.keep_name(visit, text)
    elif expects_name(place):
        await visit.say(words.text("La petición está cerrada: ya no se puede firmar."))
    elif not visit.view.by_admin and is_surely_a_name(text, visit.user.full_name):
        await visit.taking_away(_message(visit).message_id).say(
            Html(
                f"{words.text('Eso parecía un nombre; no se ha guardado.')} "
                f"{words.text(_USE_THE_BUTTONS)}"
            )
        )
    else:
        await visit.say(otherwise)


async def _is_answered(visit: Visit, update: Update) -> bool:
    """Whether it is not too much; what was sent to the form leaves the chat all the same."""
    ration = visit.services.spend(visit.user.id, WRITTEN, update)
    if ration is Ration.TOLD:
        await too_often.tell(visit)
    elif ration is Ration.NOTHING:
        await visit.clear()
    return ration is Ration.GRANTED


def _cleared_form(visit: Visit) -> Visit:
    """The visit that leaves nothing of what is sent to the form in the chat.

    What a person nearly signed with is as personal as what they sign with.
    """
    if not expects_name(visit.view.place):
        return visit
    return visit.taking_away(_message(visit).message_id)


def _message(visit: Visit) -> Message:
    if visit.message is None:
        raise ValueError("A message handler needs a message.")
    return visit.message
