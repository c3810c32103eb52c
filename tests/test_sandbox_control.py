"""The sandbox's own paths and options: faults asked for over HTTP and on the command line, and the truth told."""

import json
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bulkorders.core.catalogue import CATALOGUE
from bulkorders.providers.chukou1 import sandbox as chukou1
from bulkorders.providers.chukou1.sandbox import Chukou1Sandbox
from bulkorders.providers.lingxing import sandbox as lingxing
from bulkorders.providers.lingxing.sandbox import LingxingSandbox
from bulkorders.sandbox import Server

NOW = 1_700_000_000.0
COMMAND = [sys.executable, "-m", "bulkorders", "sandbox", "--lang", "en"]
WRONG = [
    ({}, "fault is missing: say which one."),
    ([], "The body must be a JSON object."),
    ({"fault": 1}, "fault must be a name."),
    ({"fault": "html", "times": 0}, "times must be a whole number from 1."),
    ({"fault": "html", "times": True}, "times must be a whole number from 1."),
    ({"fault": "html", "times": 1.0}, "times must be a whole number from 1."),
    ({"fault": "html", "share": 1.1}, "share must be a number from 0 to 1."),
    ({"fault": "html", "share": float("nan")}, "share must be a number from 0 to 1."),
    ({"fault": "html", "seconds": -1}, "seconds must be a number from 0 to 1000000."),
    ({"fault": "html", "delay": "2"}, "delay must be a number from 0 to 1000000."),
    ({"fault": "html", "seed": 0.5}, "seed must be a whole number."),
    ({"fault": "html", "path": 5}, "path must be a path."),
    (
        {"fault": "html", "chance": 1},
        "There is no key chance: there are fault, provider, path, times, share, seconds, delay, seed.",
    ),
    ({"fault": "html", "provider": "other"}, "There is no provider with faults other: there are lingxing, chukou1."),
]


@pytest.fixture
def server() -> Iterator[Server]:
    """Both remotes, and a clock that stands still."""
    with Server({"lingxing": LingxingSandbox(), "chukou1": Chukou1Sandbox(token="t")}, clock=lambda: NOW) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """A client whose base URL is the server's."""
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=5) as client:
        yield client


def locations(client: httpx.Client) -> int:
    """The status of a harmless call."""
    return client.get("/chukou1/v1/locations", headers={"authorization": "Bearer t"}).status_code


def in_force(client: httpx.Client) -> list[tuple[str, str]]:
    """Provider and name of each fault in force."""
    return [(plan["provider"], plan["fault"]) for plan in client.get("/_faults").json()["in_force"]]


def test_the_catalogue_is_told_by_provider_and_in_both_languages(client: httpx.Client) -> None:
    """What all remotes share stands at each, what one has alone only there."""
    catalogue = client.get("/_faults").json()["catalogue"]

    own = {name: [fault for fault in faults if fault not in CATALOGUE] for name, faults in catalogue.items()}
    assert own == {"lingxing": ["busy", "rotate_token", "wrong_order", "wrong_store"], "chukou1": ["rotate_token", "wrong_order"]}
    assert all(set(CATALOGUE) < set(faults) for faults in catalogue.values())
    assert all(words["zh"] and words["en"] for faults in catalogue.values() for words in faults.values())


def test_a_fault_hits_the_next_create_unless_said_otherwise(client: httpx.Client) -> None:
    """At every provider that knows it; the answer says what is now in force."""
    added = client.post("/_faults", json={"fault": "html"}).json()["added"]

    usual = {"fault": "html", "share": 1.0, "times": 1, "until": None, "seed": 0, "met": 0}
    assert added == [{**usual, "provider": "lingxing", "path": lingxing.CREATE}, {**usual, "provider": "chukou1", "path": chukou1.CREATE}]
    assert client.get("/_faults").json()["in_force"] == added


def test_a_fault_is_asked_for_with_all_that_can_be_said(client: httpx.Client) -> None:
    """Provider, path, number, share, time, delay and seed; null is as if it were not said."""
    asked = {"fault": "late_commit", "provider": "chukou1", "path": "", "times": 3, "share": 0.5, "seconds": 60, "delay": 1.5, "seed": 7}
    (plan,) = client.post("/_faults", json=asked).json()["added"]

    del asked["seconds"], asked["delay"]
    assert plan == {**asked, "until": NOW + 60, "met": 0}
    assert client.post("/_faults", json={"fault": "html", "provider": None, "times": None}).status_code == 200


def test_a_fault_of_one_remote_is_in_force_there_alone(client: httpx.Client) -> None:
    """Though no provider was named."""
    client.post("/_faults", json={"fault": "busy", "share": 0.2})

    assert in_force(client) == [("lingxing", "busy")]


@pytest.mark.parametrize(("asked", "sentence"), WRONG)
def test_a_wrong_request_is_400_with_one_sentence(client: httpx.Client, asked: Any, sentence: str) -> None:
    """And nothing comes into force."""
    answer = client.post("/_faults", content=json.dumps(asked))

    assert (answer.status_code, answer.json()) == (400, {"error": sentence})
    assert in_force(client) == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_400(client: httpx.Client, body: bytes) -> None:
    """However broken."""
    assert client.post("/_faults", content=body).json() == {"error": "The body must be a JSON object."}


@pytest.mark.parametrize("asked", [{"fault": "nope"}, {"fault": "busy", "provider": "chukou1"}, {"fault": "\ud800"}])
def test_an_unknown_fault_is_400_with_the_names(client: httpx.Client, asked: dict[str, str]) -> None:
    """Those that could have been meant: of the provider, if one was named."""
    answer = client.post("/_faults", content=json.dumps(asked))

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"There is no fault {asked['fault']}: there are cut_before, ")
    assert ("busy" in answer.json()["error"].partition(":")[2]) is ("provider" not in asked)


def test_cleared_faults_are_no_longer_in_force(client: httpx.Client) -> None:
    """Those asked for by name, and those that a test has asked for."""
    client.post("/_faults", json={"fault": "http_5xx", "path": "", "share": 1})
    assert locations(client) >= 500
    assert client.delete("/_faults").json() == {"in_force": []}

    assert (locations(client), in_force(client)) == (200, [])


def test_a_fault_that_was_met_is_told_until_it_is_used_up(client: httpx.Client) -> None:
    """How often it was met stays in the ledger."""
    client.post("/_faults", json={"fault": "http_5xx", "provider": "chukou1", "path": "", "times": 2})
    locations(client)
    assert client.get("/_faults").json()["in_force"][0]["met"] == 1
    locations(client)

    assert in_force(client) == []
    assert client.get("/_ledger").json()["providers"]["chukou1"]["faults"] == {"http_5xx": 2}


def test_the_ledger_tells_of_each_provider(client: httpx.Client) -> None:
    """No order yet, but the calls that came."""
    locations(client)
    ledger = client.get("/_ledger").json()

    empty = {"orders": [], "requests": {}, "max_in_flight": {}, "refusals": {}, "faults": {}, "pending": 0}
    counted = {"requests": {chukou1.LOCATIONS: 1}, "max_in_flight": {chukou1.LOCATIONS: 1}}
    assert ledger == {"providers": {"lingxing": empty, "chukou1": {**empty, **counted}}, "followed": []}


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/_faults"), ("POST", "/_ledger"), ("GET", "/_other"), ("GET", "/"), ("GET", "/_faults/")]
)
def test_any_other_path_is_404(client: httpx.Client, method: str, path: str) -> None:
    """With a sentence."""
    answer = client.request(method, path)

    assert (answer.status_code, answer.json()) == (404, {"error": "There is no such path."})


@contextmanager
def running(folder: Path, *options: str) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    """The command in a process of its own, on a free port: a client for it, and the first account that it prints."""
    command = [*COMMAND, "--port", "0", *options]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stdout
        assert process.stderr
        try:
            port = process.stderr.readline().partition("port ")[2].partition(";")[0]
            printed = [process.stdout.readline() for _ in range(4)]
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=5) as client:
                yield client, tomllib.loads("".join(printed))["accounts"]["chukou1"]
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130


def test_the_command_prepares_the_remotes(tmp_path: Path) -> None:
    """Faults with a share of a fifth where none is named, at one provider where one is; and creates that take their time."""
    with running(tmp_path, "--fault", "html=0", "--fault", "lingxing:busy", "--seed", "7", "--service-time", "0.3") as (client, account):
        plans = client.get("/_faults").json()["in_force"]
        started = time.monotonic()
        client.post(f"/chukou1{chukou1.CREATE}", json={}, headers={"authorization": f"Bearer {account['token']}"})

    assert time.monotonic() - started >= 0.3
    assert [(plan["provider"], plan["fault"], plan["share"], plan["times"], plan["seed"]) for plan in plans] == [
        ("chukou1", "html", 0, None, 7),
        ("lingxing", "html", 0, None, 7),
        ("lingxing", "busy", 0.2, None, 7),
    ]


def refused(folder: Path, *options: str) -> tuple[int, str]:
    """Exit code and sentence of a command that does not start."""
    ran = subprocess.run([*COMMAND, "--port", "0", *options], cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=30)
    (sentence,) = ran.stderr.splitlines()
    return ran.returncode, sentence


@pytest.mark.parametrize(
    ("options", "beginning"),
    [
        (["--fault", "nope"], "There is no fault nope: there are cut_before, cut_before_accepted, "),
        (["--fault", "other:html"], "There is no provider with faults other: there are chukou1, lingxing."),
        (["--fault", "html=x"], "--fault html=x: x is not a number."),
    ],
)
def test_a_fault_that_cannot_be_asked_for_is_a_mistake_of_usage(tmp_path: Path, options: Sequence[str], beginning: str) -> None:
    """Exit 2 with a sentence, before anything is served."""
    code, sentence = refused(tmp_path, *options)

    assert code == 2
    assert sentence.startswith(beginning)


@pytest.mark.parametrize(
    ("language", "word"), [("zh", "断在正文中间；订单没有受理"), ("en", "cut within the body; the order is not taken")]
)
def test_the_help_lists_the_faults_in_its_language(tmp_path: Path, language: str, word: str) -> None:
    """Those of one remote with its name before them."""
    ran = subprocess.run(
        [*COMMAND, "--lang", language, "--help"], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=30
    )

    assert ran.returncode == 0
    assert word in ran.stdout
    assert all(f"\n  {name} " in ran.stdout for name in (*CATALOGUE, "lingxing:busy", "chukou1:wrong_order"))
