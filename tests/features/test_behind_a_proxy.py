"""The whole bot where nothing gets out but a proxy."""

from pathlib import Path

from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.support.proxies import running, socks_proxy
from tests.support.scene import a_scene

API = "api.example"  # a name that only the proxy knows, so nothing gets anywhere without it


async def test_people_sign_and_get_their_file_through_the_proxy(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.stop_bot()
        scene.simulator.host_names.add(API)
        port = int(scene.settings.api_url.rpartition(":")[2])
        login = ("ana", "secret")
        async with running(socks_proxy, login, {API: ("127.0.0.1", port)}) as proxy:
            scene.settings = scene.settings.model_copy(
                update={
                    "api_url": f"http://{API}:81",
                    "proxy": SecretStr(f"socks5://ana:secret@127.0.0.1:{proxy.port}"),
                }
            )
            with capture_logs() as logged:
                await scene.start_bot()
            assert {
                "event": "connects_through_proxy",
                "kind": "socks5",
                "log_level": "info",
            } in logged
            await scene.signs(scene.ana, updates=True)
            await scene.says(scene.ana, "/mydata")
            await scene.taps(scene.ana, scene.words.label("📄 Recibir el archivo"))
            assert any(message.document for message in scene.ana.messages)
            await scene.closes()
            await scene.broadcasts(1)
            await scene.stop_bot()
        assert scene.told(scene.ana) == 1
        assert set(proxy.asked) == {(API, 81)}
        assert proxy.broken_rules == []
