"""Every screen of the living message: a view goes in, a text and its buttons come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.petition.journey import Stage

from . import guidance, my_data, reading, rights, signing
from .screen import Screen
from .view import View

_DRAWN_BY: Mapping[Stage, Callable[[View], Screen]] = {
    Stage.HOME: reading.home,
    Stage.APPEAL: reading.appeal,
    Stage.NAME: signing.name,
    Stage.CONSENT: signing.consent,
    Stage.THANKS: signing.thanks,
    Stage.PRIVACY: rights.privacy,
    Stage.MY_DATA: my_data.my_data,
    Stage.WITHDRAW: rights.withdraw,
    Stage.WITHDRAWN: rights.withdrawn,
    Stage.LANGUAGE: guidance.language,
    Stage.HELP: guidance.help_,
}


def draw(view: View) -> Screen:
    """The screen of the place where the person stands."""
    return _DRAWN_BY[view.place.stage](view)
