"""Whether what is saved reaches a standby as well."""

import asyncio
from collections.abc import Iterator

import pytest

from storage.standby import standby_is_in_step
from tests.support.postgres_cluster import PostgresCluster, postgres_cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    with postgres_cluster() as cluster:
        yield cluster


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_where_no_standby_is_waited_for_none_is_missed(database_url: str) -> None:
    assert await standby_is_in_step(database_url) is None


@pytest.mark.processes
async def test_a_standby_that_is_gone_is_noticed_also_by_an_ordinary_user(
    cluster: PostgresCluster,
) -> None:
    await asyncio.to_thread(cluster.execute, "CREATE ROLE bot LOGIN")
    ordinary = cluster.url.replace("postgres@", "bot@")
    assert await standby_is_in_step(cluster.url)
    assert await standby_is_in_step(ordinary)
    await asyncio.to_thread(cluster.kill_standby)
    assert await standby_is_in_step(cluster.url) is False
    assert await standby_is_in_step(ordinary) is False
