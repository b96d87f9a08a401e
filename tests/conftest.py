"""What several modules of tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from itss_logic import Policy
from itss_logic.intake.layout import Layout
from tests import postgresql


@pytest.fixture(scope="session")
def policy() -> Policy:
    return Policy.load()


@pytest.fixture(scope="session")
def layout(policy: Policy) -> Layout:
    """The tables of evidence as a database has them."""
    return Layout(policy.vocabulary, wide=False)


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.Server]:
    """A server of this process, started when it is first asked for."""
    with postgresql.server() as one:
        yield one


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new file of SQLite, which is not there yet; and of an empty place on a PostgreSQL server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/people.db"
    server: postgresql.Server = request.getfixturevalue("postgres")
    return server.fresh()
