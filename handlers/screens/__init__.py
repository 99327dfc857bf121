"""The supporters' screens: each is drawn from a `View` and returns text and buttons."""

from collections.abc import Callable, Mapping

from bot.petition.stages import Stage
from handlers.screens import (
    help,  # noqa: A004 - of /help
    my_data,
    petition_text,
    privacy_and_withdrawal,
    signing,
)
from handlers.screens.screen import Screen
from handlers.screens.supporter_view import View

_DRAWN_BY: Mapping[Stage, Callable[[View], Screen]] = {
    Stage.HOME: petition_text.home,
    Stage.APPEAL: petition_text.appeal,
    Stage.NAME: signing.name,
    Stage.CONSENT: signing.consent,
    Stage.THANKS: signing.thanks,
    Stage.PRIVACY: privacy_and_withdrawal.privacy,
    Stage.MY_DATA: my_data.my_data,
    Stage.NEW_NAME: my_data.new_name,
    Stage.OTHER_RIGHTS: my_data.other_rights,
    Stage.NAME_CONSENT: signing.name_consent,
    Stage.NEW_TEXTS: signing.new_texts,
    Stage.WITHDRAW: privacy_and_withdrawal.withdraw,
    Stage.WITHDRAWN: privacy_and_withdrawal.withdrawn,
    Stage.MUTED: privacy_and_withdrawal.muted,
    Stage.LANGUAGE: help.language,
    Stage.HELP: help.help_,
}


def draw(view: View) -> Screen:
    """Returns the screen of the person's current stage."""
    return _DRAWN_BY[view.place.stage](view)
