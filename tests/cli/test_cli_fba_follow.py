"""FBA shipments after they were sent: asked for until they are there, told as the remote tells them, at its pace and with its tokens."""

import os
import signal
import time
from typing import Any

import pytest
from fba_desk import FbaDesk, make_fba, shipment  # noqa: F401  # a fixture
from foreign_chukou1 import (
    CREATE,
    READY,
    STATUS,
    TOKEN,
    USUAL,
    Broken,
    Cut,
    created,
    creating,
    failed,
    number_of,
    remote_id_of,
)

MOMENT = 0.03
"""So many minutes of following are over before the second ask is due, so that it is the last one, at their end."""


# -- until they are there ------------------------------------------------------------------------------------------------------
def test_created_without_a_number_goes_on(fba: FbaDesk) -> None:
    """A shipment is created when it has a number, not before: asked at once, then after 5 to 10 s; those that are there are left alone."""
    fba.remote.timelines = {"P-1": [created(""), created("1Z-late")], "P-2": [created("  "), created()], "P-3": [creating(), created()]}
    names = [*fba.remote.timelines, "P-4"]
    ran = fba.submit(fba.write("orders.xlsx", [shipment(name) for name in names]), code=0)
    assert ran.fates == dict.fromkeys(names, "created")
    numbers = {outcome["order"]: outcome["tracking_number"] for outcome in ran.one["outcomes"]}
    assert numbers == {"P-1": "1Z-late", **{name: number_of(name) for name in names[1:]}}
    assert all(4.9 <= gap <= 12 for name in names[:3] for gap in fba.remote.gaps(name))
    assert [len(fba.remote.gaps(name)) for name in names] == [1, 1, 1, 0]
    assert all(outcome["remote_id"] == remote_id_of(outcome["order"]) for outcome in ran.one["outcomes"])


@pytest.mark.slow
def test_gaps_grow(fba: FbaDesk) -> None:
    """The longer it takes, the more seldom the remote is asked."""
    fba.remote.timelines = {"P-1": [*USUAL[:2], created(""), created()]}
    fba.submit(fba.write("orders.xlsx", [shipment("P-1")]), code=0)
    first, second, third = fba.remote.gaps("P-1")
    assert 4.9 <= first <= 12
    assert first < second < third <= 40


def test_what_is_not_there_in_time_is_accepted(fba: FbaDesk) -> None:
    """When `follow_minutes` are over after a last ask: accepted, exit 5; `resume` goes on and sends nothing; slow is never failed."""
    fba.configure(follow_minutes=MOMENT)
    fba.remote.timelines = {"P-1": [creating()], "P-2": [creating(), created()], "P-3": [created("")]}
    started = time.monotonic()
    ran = fba.submit(fba.write("orders.xlsx", [shipment(name) for name in fba.remote.timelines]), code=5)
    assert time.monotonic() - started < 15
    assert ran.fates == {"P-1": "accepted", "P-2": "created", "P-3": "accepted"}
    assert "resume" in ran.one["outcomes"][0]["message"]
    assert fba.results("orders_结果.xlsx")[0]["提交状态"] == "已受理"

    fba.remote.timelines["P-1"] = fba.remote.timelines["P-3"] = READY
    assert fba.submit("orders.xlsx", code=0).fates == {"P-1": "created", "P-2": "skipped", "P-3": "created"}
    assert fba.resume(ran.one["batch"], code=0).fates == dict.fromkeys(ran.fates, "created")
    assert fba.remote.calls[CREATE] == 3


def test_no_follow_leaves_it_at_accepted(fba: FbaDesk) -> None:
    """`--no-follow`: accepted, exit 0, nothing asked after the create; `resume` follows to created."""
    ran = fba.submit("--no-follow", fba.write("orders.xlsx", [shipment("P-1"), shipment("P-2")]), code=0)
    assert ran.fates == {"P-1": "accepted", "P-2": "accepted"}
    assert (fba.remote.calls[STATUS], fba.remote.calls[CREATE]) == (2, 2)
    assert "跟踪号" not in fba.results("orders_结果.xlsx")[0]

    resumed = fba.resume(code=0)
    assert [outcome["tracking_number"] for outcome in resumed.one["outcomes"]] == [number_of("P-1"), number_of("P-2")]
    assert resumed.one["batch"] == ran.one["batch"]
    assert fba.resume(code=0).out == ""
    assert fba.remote.calls[CREATE] == 2


def test_a_create_that_failed_is_rejected_in_the_remotes_words(fba: FbaDesk) -> None:
    """`CreateFailed`: rejected with ExtendMessage first; the same again stays rejected, corrected it goes out and is created."""
    fba.configure(follow_minutes=MOMENT)
    fba.remote.timelines = {"P-1": [failed("仓库代码ABE2暂不支持", "校验失败")], "P-2": [creating(), failed(None, "地址超出范围")]}
    book = fba.write("orders.xlsx", [shipment("P-1"), shipment("P-2"), shipment("P-3")])
    ran = fba.submit(book, code=4)
    assert ran.fates == {"P-1": "rejected", "P-2": "rejected", "P-3": "created"}
    first, second, _ = (str(outcome["message"]) for outcome in ran.one["outcomes"])
    assert "仓库代码ABE2暂不支持" in first
    assert "校验失败" not in first or first.index("仓库代码ABE2暂不支持") < first.index("校验失败")
    assert "地址超出范围" in second
    assert "仓库代码ABE2暂不支持" in fba.results("orders_结果.xlsx")[0]["结果说明"]

    assert fba.submit(book, code=4).fates == {"P-1": "rejected", "P-2": "rejected", "P-3": "skipped"}
    fba.remote.timelines.clear()
    corrected = fba.submit(fba.write("orders.xlsx", [shipment("P-1", FBA仓库代码="ONT8"), shipment("P-3")]), code=0)
    assert corrected.fates == {"P-1": "created", "P-3": "skipped"}
    assert fba.remote.payloads()["P-1"]["WarehouseCode"] == "ONT8"


def test_unknown_words_and_members_break_nothing(fba: FbaDesk) -> None:
    """A Status or HandleStatus that nobody has heard of is waited out; members in odd shapes are passed over."""
    fba.configure(follow_minutes=MOMENT)
    odd: dict[str, Any] = {"Brandnew": {"a": [1, None]}, "ShippingCosts": None, "ContainerInfos": "?", "HandleStatus": "Teleported"}
    fba.remote.timelines = {
        "P-1": [{"Status": "Auditing", "TrackingNumber": None, **odd}, created(**odd)],
        "P-2": [created(ShippingProvider=None, ExtraTrackNumber=["x"], CreateFailedReason={})],
        "P-3": [{"Status": None, "TrackingNumber": "1Z-early"}],
    }  # fmt: skip
    ran = fba.submit(fba.write("orders.xlsx", [shipment(name) for name in fba.remote.timelines]), code=5)
    assert ran.fates == {"P-1": "created", "P-2": "created", "P-3": "accepted"}


def test_a_number_that_is_not_final_is_asked_for_again(fba: FbaDesk) -> None:
    """Created with a number for the time being; a later `resume` brings the final one, in the outcomes and in the results workbook."""
    fba.remote.timelines["P-1"] = [created("1Z-now", final=False)]
    ran = fba.submit(fba.write("orders.xlsx", [shipment("P-1"), shipment("P-2")]), code=0)
    assert [outcome["tracking_number"] for outcome in ran.one["outcomes"]] == ["1Z-now", number_of("P-2")]
    first, second = fba.results("orders_结果.xlsx")
    assert (first["提交状态"], first["跟踪号"], first["服务商"]) == ("已创建", "1Z-now", "UPS")
    assert (second["跟踪号"], second["服务商"]) == (number_of("P-2"), "UPS")

    fba.remote.timelines["P-1"] = [created("1Z-final", ShippingProvider="FedEx")]
    asked = fba.remote.calls[STATUS]
    resumed = fba.resume(code=0)
    assert [outcome["tracking_number"] for outcome in resumed.one["outcomes"]] == ["1Z-final", number_of("P-2")]
    assert set(resumed.fates.values()) == {"created"}
    first, _ = fba.results("orders_结果.xlsx")
    assert (first["跟踪号"], first["服务商"]) == ("1Z-final", "FedEx")
    assert fba.remote.calls[STATUS] == asked + 1
    assert fba.resume(code=0).out == ""


def test_faults_while_following_lose_nothing(fba: FbaDesk) -> None:
    """Cut connections, 5xx and 404 for what was just taken: the shipment is still accepted, and at the end created."""
    fba.configure(follow_minutes=MOMENT)
    fba.remote.asks = {"P-1": [None, Broken(503), Cut()], "P-2": [None, Broken(404, b"")], "P-3": [None, Broken(200, b"<html>")]}
    ran = fba.submit(fba.write("orders.xlsx", [shipment(name) for name in fba.remote.asks]))
    assert set(ran.fates.values()) <= {"accepted", "created"}
    if ran.code == 5:
        assert set(fba.resume(code=0).fates.values()) == {"created"}
    assert fba.remote.calls[CREATE] == 3


# -- stopped in the middle -----------------------------------------------------------------------------------------------------
def test_an_interrupt_while_following_is_quick(fba: FbaDesk) -> None:
    """Ctrl-C between two asks: exit 130, the object printed, the shipment accepted; `resume` goes on."""
    fba.remote.timelines["P-1"] = [creating(), created()]
    process = fba.start("submit", "--json", fba.write("orders.xlsx", [shipment("P-1")]))
    while fba.remote.calls[STATUS] < 2:
        time.sleep(0.02)
        assert process.poll() is None
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    at = time.monotonic()
    ran = fba.finish(process, 130)
    assert time.monotonic() - at < 4
    assert ran.fates == {"P-1": "accepted"}
    assert fba.resume(code=0).fates == {"P-1": "created"}
    assert fba.remote.calls[CREATE] == 1


# -- pace and tokens -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("setting", "most"), [(None, 2), (5, 5)])
def test_the_pace_is_kept(fba: FbaDesk, setting: int | None, most: int) -> None:
    """All calls together: two a second where nothing is said, else as many as the account says."""
    fba.configure(max_per_second=setting)
    names = [f"P-{number}" for number in range(2 if most == 2 else 6)]
    fba.submit(fba.write("orders.xlsx", [shipment(name) for name in names]), code=0)
    assert len(fba.remote.arrivals) == 3 * len(names)
    assert fba.remote.densest() <= most + 1
    times = [at for _, at in fba.remote.arrivals]
    assert max(times) - min(times) >= (len(times) - most - 1) / most * 0.9


def test_too_many_requests_are_waited_out(fba: FbaDesk) -> None:
    """429 with and without Retry-After, at a look-up, a create and an ask: the run waits as long as it is told and goes on."""
    fba.remote.asks = {"P-1": [Broken(429, retry_after="1")], "P-3": [None, Broken(429)]}
    fba.remote.creates = {"P-2": [Broken(429, retry_after="2"), Broken(429)]}
    ran = fba.submit(fba.write("orders.xlsx", [shipment(f"P-{number}") for number in range(1, 4)]), code=0)
    assert set(ran.fates.values()) == {"created"}
    assert fba.remote.tried() == {"P-1": 1, "P-2": 1, "P-3": 1}


def test_a_withdrawn_token_stops_the_account(fba: FbaDesk) -> None:
    """401 with a fixed token: every shipment unsent after one call, exit 5, a sentence that names the token; later `resume` sends them."""
    fba.remote.withdrawn = True
    ran = fba.submit(fba.write("orders.xlsx", [shipment("P-1"), shipment("P-2")]), code=5)
    assert ran.fates == {"P-1": "unsent", "P-2": "unsent"}
    assert all("token" in outcome["message"] for outcome in ran.one["outcomes"])
    assert fba.remote.calls.total() == 1
    assert "token" in fba.run("accounts", "test", code=2).said
    fba.remote.withdrawn = False
    fba.run("accounts", "test", "main", code=0)
    assert fba.resume(code=0).fates == {"P-1": "created", "P-2": "created"}


def test_a_token_is_renewed_once_for_each_expiry(fba: FbaDesk) -> None:
    """OAuth2: one renewal at first and one for each 401; the newest renewal token is kept for the next process, each is used once."""
    fba.configure_oauth()
    fba.remote.expire_after = 4
    ran = fba.submit(fba.write("a.xlsx", [shipment(f"P-{number}") for number in range(3)]), code=0)
    assert set(ran.fates.values()) == {"created"}
    assert {outcome["attempts"] for outcome in ran.one["outcomes"]} == {1}
    assert fba.remote.calls == {TOKEN: 3, STATUS: fba.remote.calls[STATUS], CREATE: fba.remote.calls[CREATE]}
    assert fba.remote.calls[STATUS] + fba.remote.calls[CREATE] == 9 + 2

    fba.submit(fba.write("b.xlsx", [shipment("Q-1"), shipment("Q-2")]), code=0)
    assert fba.remote.calls[TOKEN] == 4
    fba.remote.withdrawn = True
    ran = fba.submit(fba.write("c.xlsx", [shipment("R-1")]), code=5)
    assert ran.fates == {"R-1": "unsent"}
    assert "refresh_token" in ran.one["outcomes"][0]["message"]
    assert fba.remote.calls[TOKEN] <= 7
