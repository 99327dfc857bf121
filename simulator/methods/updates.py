"""Methods that set how the bot gets its updates: long polling or a webhook."""

import re
from typing import Any
from urllib.parse import urlsplit

from simulator.errors import bad_request, conflict
from simulator.parameters import Params
from simulator.update_queue import KINDS
from simulator.world import World

_LONGEST_POLL = 50
_SECRET = re.compile("[A-Za-z0-9_-]{1,256}")


async def get_updates(world: World, params: Params) -> list[dict[str, Any]]:
    """Serves getUpdates."""
    if world.webhook.url:
        raise conflict(
            "can't use getUpdates method while webhook is active;"
            " use deleteWebhook to delete the webhook first"
        )
    _allow(world, params)
    updates = world.updates
    if offset := params.get("offset", 0):
        updates.acknowledge(offset)
    limit = params.get("limit", 100)
    limit = limit if 1 <= limit <= 100 else 100
    return await updates.poll(limit, min(max(params.get("timeout", 0), 0), _LONGEST_POLL))


def set_webhook(world: World, params: Params) -> bool:
    """Serves setWebhook; unlike Telegram, it posts to this machine alone, also by plain HTTP."""
    url = params["url"]
    if not url:
        return delete_webhook(world, params)
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    secret = params.get("secret_token", "")
    if secret and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    most = params.get("max_connections", 40)
    if not 1 <= most <= 100:
        raise bad_request("max_connections must be between 1 and 100")
    _allow(world, params)
    _drop(world, params)
    world.updates.end_poll("terminated by setWebhook request")
    world.webhook.start(url, secret=secret, most=most, delivers=local)
    return True


def delete_webhook(world: World, params: Params) -> bool:
    """Serves deleteWebhook."""
    world.webhook.stop()
    _drop(world, params)
    return True


def get_webhook_info(world: World, params: Params) -> dict[str, Any]:
    """Serves getWebhookInfo."""
    known: dict[str, Any] = {
        "url": world.webhook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates.pending),
    }
    if world.webhook.url:
        known |= {"max_connections": world.webhook.max_connections, "ip_address": "127.0.0.1"}
    if world.webhook.last_error is not None:
        at, why = world.webhook.last_error
        known |= {"last_error_date": at, "last_error_message": why}
    if world.updates.allowed:
        known["allowed_updates"] = sorted(world.updates.allowed)
    return known


def _allow(world: World, params: Params) -> None:
    """Stores the kinds of updates the bot asks for; without the parameter nothing changes."""
    if "allowed_updates" not in params:
        return
    kinds = params["allowed_updates"]
    if unknown := {str(kind) for kind in kinds} - KINDS:
        raise bad_request(f'unknown update type "{min(unknown)}" in allowed_updates')
    world.updates.allowed = frozenset(kinds)


def _drop(world: World, params: Params) -> None:
    if params.get("drop_pending_updates"):
        world.updates.clear()
