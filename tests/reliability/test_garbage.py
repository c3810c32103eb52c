"""Answers that are none: they prove nothing, end nothing and are never taken for a success."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import pytest
import stamina
from ledger import audit
from stage import Stage, at_each_remote, stage

from bulkorders.core.imitation import Fault
from bulkorders.core.provider import Provider

GARBAGE = ("html", "cut_json", "wrong_type", "empty", "wrong_charset", "huge_body", "gzip_bomb")
LOOK_UP = {"lingxing": "/order/amzod/api/orderDetails/productInformation", "chukou1": "/v1/fbaOrder/*/status"}
MEGABYTE = 1024 * 1024
MOST_READ = 5 * MEGABYTE
BUFFERS = 8 * MEGABYTE
"""What two sockets and the pieces under way hold at most."""
QUICK: dict[str, object] = {"settle_seconds": 5, "follow_minutes": 0.1}
HOUR = 3600.0
ORDERS = 6


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    """Reads that are asked again do not wait in real seconds."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@at_each_remote
@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_never_taken_for_an_answer(provider: Provider, garbage: str, tmp_path: Path) -> None:
    """F11: one order is not taken and one is taken, both with the same garbage for an answer; each is there once, told as it is."""
    with stage(provider, tmp_path, **QUICK) as at:
        at.at_create(2, lambda: at.fault(garbage))
        at.at_create(4, lambda: at.fault(f"{garbage}_accepted"))
        at.submit_new(ORDERS)
        at.finish()
        figures = audit(at, ORDERS)
        assert at.runs[0].statuses == {"created"}
        assert figures.repeated == 1


@at_each_remote
def test_a_question_that_gets_garbage_is_asked_again(provider: Provider, tmp_path: Path) -> None:
    """F11: whatever a look-up gets, the order stays in doubt until it gets an answer, and is not sent meanwhile."""
    with stage(provider, tmp_path, **QUICK) as at:
        at.at_create(2, lambda: doubt_and_garble(at))
        at.submit_new(ORDERS)
        at.finish()
        assert audit(at, ORDERS).repeated == 0
        assert set(at.witness.truth(at.clock.true())["faults"]) == {"cut_before_accepted", *GARBAGE}


def doubt_and_garble(at: Stage) -> None:
    """The create at hand is taken and its answer cut; the next look-ups get one garbage after the other."""
    at.fault("cut_before_accepted")
    for garbage in GARBAGE:
        at.fault(garbage, path=LOOK_UP[at.provider.name], times=1)


@at_each_remote
def test_a_body_without_end_is_read_up_to_five_megabytes(provider: Provider, tmp_path: Path) -> None:
    """F11: then the connection is closed, and the order is in doubt."""
    poured: list[int] = []

    def pour() -> Iterator[bytes]:
        for piece in repeat(b"x" * 65536, 1600):
            poured.append(len(piece))
            yield piece

    with stage(provider, tmp_path, **QUICK) as at:
        huge = Fault(path=provider.endpoint, edit=lambda reply: replace(reply, stream=pour()))
        at.at_create(2, lambda: at.witness.fail_next(huge))
        assert at.submit_new(3).statuses == {"created"}
        assert MOST_READ < sum(poured) <= MOST_READ + BUFFERS
        print(f"F11 {provider.name}: {sum(poured) / MEGABYTE:.1f} MB of 100 left the server")


@at_each_remote
def test_a_bomb_is_unpacked_up_to_five_megabytes(provider: Provider, tmp_path: Path) -> None:
    """F11: half a megabyte that unpacks to 512: no more than the limit is ever held."""
    with stage(provider, tmp_path, **QUICK) as at:
        at.at_create(2, lambda: at.fault("gzip_bomb_accepted"))
        tracemalloc.start()
        ran = at.submit_new(3)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert ran.statuses == {"created"}
        assert peak < 4 * MOST_READ
        print(f"F11 {provider.name}: {peak / MEGABYTE:.1f} MB held at most")


@at_each_remote
@pytest.mark.parametrize("path", ["create", "look-up"])
def test_a_redirect_is_never_followed(provider: Provider, path: str, tmp_path: Path) -> None:
    """F11: no token and no order goes where it leads to; the account is stopped with a sentence, and `resume` sends the rest."""
    with stage(provider, tmp_path, **QUICK) as at:
        if path == "look-up":
            at.at_create(2, lambda: at.fault("cut_before_accepted"), lambda: at.fault("redirect", path=LOOK_UP[provider.name]))
        else:
            at.at_create(2, lambda: at.fault("redirect"))
        ran = at.submit_new(ORDERS)
        assert (ran.code, "base_url" in ran.said[-1]) == (5, True)
        at.finish()
        audit(at, ORDERS)
        assert at.server.control.followed == []


@at_each_remote
@pytest.mark.parametrize("mix_up", ["wrong_order", "wrong_store"])
def test_an_answer_about_another_order_halts_the_run(provider: Provider, mix_up: str, tmp_path: Path) -> None:
    """F12: the run says so and ends; what was in doubt stays so until the remote answers for it."""
    with stage(provider, tmp_path, **QUICK) as at:
        if mix_up not in at.witness.faults.catalogue:
            pytest.skip("this remote has no stores")
        at.fault(mix_up, seconds=HOUR)
        at.at_create(2, lambda: at.fault("cut_before_accepted"))
        ran = at.submit_new(ORDERS)
        assert (ran.code, ran.orders["R2"].status) == (5, "in_doubt")
        assert "另一" in ran.said[-1]
        assert ran.calls[-1].path.startswith(LOOK_UP[provider.name].partition("*")[0])  # it was the last call
        at.end_faults()
        at.finish()
        audit(at, ORDERS)
