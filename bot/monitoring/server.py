"""The server of `PETITION_METRICS_ADDRESS`: /healthz, /readyz and /metrics.

It runs in the bot's own event loop, so that it answers only while that turns.
"""

from aiohttp import web

from bot.addresses import CannotListen, ListenAddress
from bot.http_server import HttpServer
from bot.monitoring.metrics import Metrics
from bot.monitoring.readiness import Readiness
from bot.text.problems import Sentence
from bot.text.terminal_language import terminal_words

_CLOSE_SECONDS = 0.2
# The version of the text format that Prometheus is told.
_TEXT = "text/plain; version=0.0.4; charset=utf-8"

_WORKS = Sentence("El bot funciona.")
_STANDS_BY = Sentence("El bot está en espera: la petición la atiende otro proceso.")


async def start_server(address: ListenAddress, readiness: Readiness) -> web.ServerRunner:
    """Listens until `cleanup` of what is returned is called.

    Raises:
        CannotListen: the address is taken, or is not this machine's.
    """
    metrics = Metrics(readiness)

    async def healthz() -> web.Response:
        return web.Response(text="ok\n")

    async def readyz() -> web.Response:
        problems = await readiness.problems()
        said = [*problems.values()] or [_STANDS_BY if readiness.state.stands_by else _WORKS]
        lines = [each.said(terminal_words()) for each in said]
        status = 200 if readiness.takes_requests(problems) else 503
        return web.Response(text="\n".join((*lines, "")), status=status)

    async def answer_metrics() -> web.Response:
        return web.Response(body=await metrics.answer(), headers={"Content-Type": _TEXT})

    answers = {"/healthz": healthz, "/readyz": readyz, "/metrics": answer_metrics}

    async def serve(request: web.BaseRequest) -> web.Response:
        answer = answers.get(request.path)
        if answer is None:
            return web.Response(status=404)
        return await answer() if request.method in ("GET", "HEAD") else web.Response(status=405)

    runner = web.ServerRunner(HttpServer(serve), shutdown_timeout=_CLOSE_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, *address).start()
    except OSError as error:
        await runner.cleanup()
        raise CannotListen("PETITION_METRICS_ADDRESS", address, error) from None
    return runner
