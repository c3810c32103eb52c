"""A way to the remote that is not there for a while: no certificate is passed over, and the run goes on by itself."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest
import stamina
from ledger import audit
from network import HOST, Authority, Hole, Network
from stage import Stage, at_each_remote, in_two_sizes, stage

from bulkorders.core.provider import Provider

CUT_SECONDS = 300.0
GOES_ON_SECONDS = 60.0
FEW = 5
PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")


@pytest.fixture(autouse=True)
def _plain_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No proxy of the tester's; reads that are asked again do not wait in real seconds."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def assert_went_on(at: Stage, back: float) -> float:
    """That creates left soon after the way was there again; gives after how many seconds."""
    later = [call.at - back for call in at.witness.creates if call.at >= back]
    assert later[0] <= GOES_ON_SECONDS
    return later[0]


@at_each_remote
@in_two_sizes
def test_a_remote_that_nobody_can_reach_for_a_while_is_waited_for(provider: Provider, orders: int, tmp_path: Path) -> None:
    """F23: connections are refused for five minutes, the call in flight is cut; then the same run sends the rest."""
    with stage(provider, tmp_path) as at:
        at.at_create(orders // 2, at.hang_up, lambda: at.clock.at(CUT_SECONDS, at.listen))
        ran = at.submit_new(orders)
        assert (ran.code, ran.statuses) == (0, {"created"})
        back = ran.creates[orders // 2 - 1].at + CUT_SECONDS
        print(f"F23 {provider.name}: on after {assert_went_on(at, back):.1f} s")
        assert any("连不上平台" in said for said in ran.said)
        audit(at, orders).tell(f"F23 refused {provider.name} {orders}")


@at_each_remote
@in_two_sizes
def test_a_lossy_and_slow_line_costs_time_alone(provider: Provider, orders: int, tmp_path: Path) -> None:
    """F23: two seconds for every call, and a fifth of them lost on one way or the other."""
    with stage(provider, tmp_path, settle_seconds=30) as at:
        chance = Random(11)
        at.witness.takes = lambda: chance.uniform(1.5, 2.5)
        at.fault("cut_before", path="", share=0.1, seed=1)
        at.fault("cut_before_accepted", path="", share=0.1, seed=2)
        at.submit_new(orders)
        at.finish()
        at.end_faults()
        audit(at, orders).tell(f"F23 lossy {provider.name} {orders}")


@contextmanager
def far_away(provider: Provider, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stage, Network]]:
    """A remote on the internet, to be reached over TLS through a proxy."""
    authority = Authority.make(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trusted))
    far = stage(provider, folder, base_url=f"https://{HOST}/{provider.name}", read_timeout=2)
    with far as at, closing(Network(authority, at.server.port)) as network:
        monkeypatch.setenv("HTTPS_PROXY", network.url)
        yield at, network


TROUBLES = {
    "proxy asks for a password": "代理",
    "self-signed": "证书",
    "expired": "证书",
    "of another host": "证书",
}


@at_each_remote
@pytest.mark.parametrize(("trouble", "word"), TROUBLES.items())
def test_trouble_on_the_way_is_waited_for_and_never_bypassed(
    provider: Provider, trouble: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F23: in the middle of a run the way is troubled for five minutes: nothing passes, it is said, and then the run goes on."""
    with far_away(provider, tmp_path, monkeypatch) as (at, network):
        at.at_create(5, lambda: network.becomes(trouble), lambda: at.clock.at(CUT_SECONDS, lambda: network.becomes("well")))
        ran = at.submit_new(10)
        assert (ran.code, ran.statuses) == (0, {"created"})
        assert any(word in said for said in ran.said), ran.said
        began = ran.creates[4].at
        assert [call for call in ran.calls if began < call.at < began + CUT_SECONDS] == []
        print(f"F23 {provider.name} {trouble}: on after {assert_went_on(at, began + CUT_SECONDS):.1f} s")
        audit(at, 10)


@at_each_remote
@pytest.mark.parametrize("trouble", [*TROUBLES, "no such name", "black hole"])
def test_a_remote_that_was_never_reached_ends_the_run_soon(
    provider: Provider, trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F23: more likely it is set up wrongly: exit 5 and one sentence, nothing was sent; when it is right `resume` sends all."""
    with far_away(provider, tmp_path, monkeypatch) as (at, network), closing(Hole()) as hole:
        usual = at.settings
        if trouble == "no such name":
            monkeypatch.delenv("HTTPS_PROXY")
        elif trouble == "black hole":
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{hole.port}")
            at.settings = {**usual, "read_timeout": 0.3}
        else:
            network.becomes(trouble)
        ran = at.submit_new(FEW)
        assert (ran.code, ran.statuses, at.witness.calls) == (5, {"unsent"}, [])
        assert "resume" in ran.said[-1]
        print(f"F23 {provider.name} {trouble}: given up after {ran.seconds:.0f} s: {ran.said[-1]}")
        monkeypatch.setenv("HTTPS_PROXY", network.url)
        at.settings = usual
        network.becomes("well")
        at.finish()
        audit(at, FEW)
