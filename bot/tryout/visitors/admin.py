"""An admin: closes the petition, and sends the closing update as admins do."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from bot.app import App
from bot.petition.petition import Petition
from bot.text.translations import mark
from handlers.screens.buttons import AdminAction, AdminTap, DraftStep, DraftTap, read_tap
from simulator.errors import SimulatorError
from simulator.person import Person
from storage.broadcast_types import Kind, Tally
from storage.broadcasts import broadcast_history, count_audience, tally_of_broadcast
from storage.petitions import petition_state

_LONGEST_WAIT = 60
_LOOK_SECONDS = 1.0
# The steps of a draft that lead on to the sending; whichever is offered is tapped.
_ON_THE_WAY = (DraftStep.SECOND_CONFIRMATION, DraftStep.NEXT)


class AdminStuck(SimulatorError):
    """An admin cannot go on; the message, in Spanish, says what did not happen."""


@dataclass(slots=True)
class Admin:
    """An admin, with the bot whose state says whether what they asked for has happened.

    Where a second admin has to approve what is sent, that is the `approver`. Both methods raise
    `AdminStuck` a minute after what should have happened.
    """

    person: Person
    app: App
    petition: Petition
    approver: Person | None = None

    async def closes(self) -> None:
        """Closes the petition, or waits until it is closed by its date."""
        if self.petition.closes_at is None:
            self.person.send("/close")
            await _taps(self.person, AdminAction.CLOSE)
        services = self.app.services
        for _ in range(_LONGEST_WAIT):
            if (await services.storage.read(petition_state)).closed_at is not None:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            raise AdminStuck(mark("La petición no se cerró."))
        # A draft of the closing update is rehearsed as it is; the report says that it is one.
        services.petition = self.petition.model_copy(update={"closing_is_draft": False})

    async def tells_everybody(self) -> Tally:
        """Sends the closing update to those who are to be told, and waits until it has ended."""
        storage = self.app.services.storage
        waiting = sum((await storage.read(count_audience, kind=Kind.CLOSING)).values())
        if waiting == 0:
            return Tally(0)
        await self._sends_it()
        if self.approver is not None:
            await _taps(self.approver, AdminAction.APPROVE)
        for _ in range(waiting + _LONGEST_WAIT):  # a second for each
            await asyncio.sleep(_LOOK_SECONDS)
            for sent in (await storage.read(broadcast_history))[:1]:
                if sent.is_over:
                    return await storage.read(tally_of_broadcast, sent.id)
        raise AdminStuck(mark("El mensaje final no terminó de enviarse."))

    async def _sends_it(self) -> None:
        """Leads the closing update to the sending; again from the start where Telegram failed.

        Where it does not answer in the middle, the bot asks admins to try again.
        """
        for last_try in (False, False, True):
            self.person.send("/broadcast")
            try:
                await _taps(self.person, AdminAction.CLOSING_UPDATE)
                while (
                    await _taps(self.person, AdminAction.DRAFT, AdminAction.SEND)
                    != AdminAction.SEND
                ):
                    pass
                break
            except AdminStuck:
                if last_try:
                    raise


async def _taps(admin: Person, *actions: AdminAction) -> AdminAction:
    """Taps the first of these buttons that is offered, and returns what it does."""

    def found() -> tuple[int, str, AdminAction] | None:
        return next((each for each in _offered(admin) if each[2] in actions), None)

    offered = await admin.chat.notifier.wait_for(found, _LONGEST_WAIT)
    if offered is None:
        raise AdminStuck(mark("A quien administra no se le ofreció el botón siguiente."))
    message, data, action = offered
    await admin.tap_data(message, data).answered(_LONGEST_WAIT)
    # What is shown next replaces the button; with a second tap on it, nothing would change.
    await admin.chat.notifier.wait_for(lambda: found() != offered or None, _LONGEST_WAIT)
    return action


def _offered(admin: Person) -> Iterator[tuple[int, str, AdminAction]]:
    """Yields what the buttons do, of a draft those that lead on; the newest message first."""
    for message in reversed(admin.messages):
        for button in (button for row in message.buttons for button in row):
            tap = read_tap(button.data)
            if not isinstance(tap, AdminTap) or tap.action is None:
                continue
            draft = DraftTap.read(tap.argument)
            leads_on = draft is not None and draft.step in _ON_THE_WAY
            if leads_on or tap.action is not AdminAction.DRAFT:
                yield message.id, button.data or "", tap.action
