"""Answers that drip for ever: a call ends at its total deadline, the order is in doubt, and the run goes on."""

import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import httpcore
import pytest
from ledger import audit
from stage import at_each_remote, stage
from witness import Call

from bulkorders.core.catalogue import CATALOGUE
from bulkorders.core.imitation import Fault, Reply, Request
from bulkorders.core.provider import Provider
from bulkorders.remote.client import GRACE_SECONDS
from bulkorders.remote.underway import Underway, WatchedBackend
from bulkorders.sandbox import Server

DRIPS = ("slow_bytes", "endless_headers", "endless_body")
READ_TIMEOUT = 1.0
DEADLINE = 0.3
SLACK_SECONDS = 1.0


class Dripper:
    """A remote that answers every call with the same drip."""

    def __init__(self, drip: str) -> None:
        self.ledger: list[Any] = []
        self._fault = CATALOGUE[f"{drip}_accepted"].make(Random(0), 0.02)

    def handle(self, request: Request) -> Reply:
        """A whole answer, but in drops."""
        assert self._fault.edit is not None
        return self._fault.edit(Reply(200, request.path.encode() * 100))

    def done(self, request: Request) -> None:
        """Nothing is held."""

    def account(self, base_url: str) -> dict[str, Any]:
        """There are no accounts."""
        return {"base_url": base_url}

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """It fails always."""


@pytest.mark.parametrize("drip", DRIPS)
def test_a_deadline_ends_a_call_wherever_it_drips(drip: str) -> None:
    """F10: every byte comes long before the read timeout, and yet the call is over when its time is."""
    underway = Underway()
    with Server({"remote": Dripper(drip)}) as server, httpcore.ConnectionPool(network_backend=WatchedBackend(underway)) as pool:
        started = time.monotonic()
        underway.start(DEADLINE)
        with pytest.raises(httpcore.ReadTimeout):
            pool.request("GET", f"{server.url('remote')}/any", extensions={"timeout": {"read": 5}})
        assert DEADLINE <= time.monotonic() - started < DEADLINE + SLACK_SECONDS


@pytest.mark.slow
@at_each_remote
def test_a_run_goes_on_after_answers_that_never_end(provider: Provider, tmp_path: Path) -> None:
    """F10 in real seconds: three creates in a row drip, each call ends at the read timeout and 10 s, no order is lost or double."""
    with stage(provider, tmp_path, read_timeout=READ_TIMEOUT, settle_seconds=5) as at:
        arrived: list[float] = []

        def note(_: Call) -> None:
            arrived.append(time.monotonic())

        at.witness.before = note
        for number, drip in enumerate((DRIPS[0], f"{DRIPS[1]}_accepted", f"{DRIPS[2]}_accepted"), 2):
            at.at_create(number, partial(at.fault, drip, delay=0.2))
        ran = at.submit_new(6)
        gaps = [after - before for before, after in pairwise(arrived)]
        assert sum(gap > GRACE_SECONDS for gap in gaps) == len(DRIPS)
        assert max(gaps) < READ_TIMEOUT + GRACE_SECONDS + SLACK_SECONDS
        assert ran.statuses == {"created"}
        audit(at, 6).tell(f"F10 {provider.name}: {max(gaps):.1f} s at most")
