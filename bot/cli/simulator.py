"""A simulated Telegram, to set a bot up and try it from another terminal without an account."""

import asyncio
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from bot.console import CannotDo, Port, run_to_end, say
from bot.logs import configure_logging
from bot.text.terminal_language import label
from bot.tryout.demo_session import DemoPeople, said_of_port, served, unless_interrupted
from bot.tryout.page import TryoutPage, TryoutState
from simulator import Simulator


def simulator(
    api_port: Annotated[
        int, typer.Option(min=0, max=65535, help="El puerto de la Bot API, en este ordenador.")
    ] = 8081,
    port: Port = None,
) -> None:
    """Serves a simulated Telegram until it is interrupted."""
    configure_logging("WARNING")
    run_to_end(run_simulator(api_port=api_port, port=port))


async def run_simulator(*, api_port: int, port: int | None) -> None:
    """Serves the Bot API and the page with the phones until it is interrupted.

    The Bot API is on loopback. Raises OSError if something else listens on one of the ports.
    """
    page = TryoutPage()
    async with AsyncExitStack() as stack:
        try:
            simulator = await stack.enter_async_context(Simulator(port=api_port))
        except OSError as error:
            raise CannotDo(said_of_port(error, api_port, "--api-port")) from None
        state = TryoutState(simulator, page.feed, admins=frozenset())
        stack.push_async_callback(state.crowd.stop)
        async with served(page, port), state.open():
            state.phones.add(*DemoPeople(simulator.world).everybody)
            page.show(state)
            page.publish_bot_state("elsewhere")
            say(
                label("Es un Telegram de prueba: nada sale de este ordenador. En otra terminal:"),
                f"    export PETITION_API_URL={simulator.url}",
                "    petition-bot init",
                label("El token que pide init:"),
                f"    {simulator.token}",
                label(
                    "Donde init diga que abras un enlace, elige en la página el teléfono de Marta,"
                    " pulsa «Iniciar» y escribe /start, un espacio y lo que el enlace lleva detrás"
                    " de «start=». Con Ctrl-C se termina y se olvida todo."
                ),
            )
            await unless_interrupted(asyncio.Event().wait())
