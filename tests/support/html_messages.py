"""Messages of people, written as HTML."""

from simulator.chats import Message
from simulator.person import Person
from telegram_text.markup import parse


def send_html(person: Person, html: str) -> Message:
    """Lets somebody write to the bot, with the formatting given as Bot API HTML."""
    rendered = parse(html)
    return person.send(rendered.text, entities=rendered.entities)
