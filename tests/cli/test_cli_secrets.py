"""Nothing secret and nothing personal is in a log line, an error, or the list of processes, whatever goes wrong."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from desk import Desk, make_desk  # noqa: F401  # a fixture
from fba_desk import FbaDesk, make_fba, shipment  # noqa: F401  # a fixture
from foreign import BUYER, CANARIES, GARBAGE, SECRET, STORES, TOKEN, Broken, Cut, Doubtful, Gateway, Refuse, line
from foreign_chukou1 import CANARIES as FBA_CANARIES
from foreign_chukou1 import FIXED, OAUTH
from foreign_chukou1 import Broken as Failing
from foreign_chukou1 import Refuse as Refused
from openpyxl import load_workbook

TALKATIVE = "import logging, sys; logging.basicConfig(level=1, filename=sys.argv[1]); from bulkorders.cli import main; main(sys.argv[2:])"
"""The program with every logger of every library at its most talkative."""


def watch(stop: threading.Event, seen: set[str]) -> None:
    """Collects the command lines and environments of all processes until told to stop."""
    while not stop.wait(0.05):
        for name in ("cmdline", "environ"):
            for path in Path("/proc").glob(f"[0-9]*/{name}"):
                try:
                    seen.add(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
                except OSError:  # it has ended
                    continue


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the list of processes is read from /proc")
def test_no_secret_and_no_buyer_is_in_logs_errors_and_processes(desk: Desk) -> None:
    """Faults of every kind, all loggers at their most talkative: no token, secret, signature, name, address, phone or mail."""
    desk.configure(settle_seconds=0.2, read_timeout=1)
    desk.foreign.expire_every = 5
    desk.foreign.answers = {
        "S-1": [Cut()], "S-2": [Broken(500, f"{SECRET} Canary Lane".encode())], "S-3": [GARBAGE], "S-4": [Refuse(["SKU不存在"])],
        "S-5": [Gateway("3001008", "busy")], "S-6": [Doubtful(100)], "S-7": [Gateway("2001005", "expired")], "S-8": [Cut(recorded=False)],
    }  # fmt: skip
    book = desk.write("a.xlsx", [line(f"S-{number}") for number in range(12)])
    log, stop, seen = desk.folder / "talk.log", threading.Event(), set[str]()
    watcher = threading.Thread(target=watch, args=(stop, seen))
    watcher.start()
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", TALKATIVE, str(log), "submit", str(book)],
            cwd=desk.folder, env=desk.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        ran = desk.finish(process, 4)
    finally:
        stop.set()
        watcher.join()
    assert log.stat().st_size > 1000
    tokens = [*desk.foreign.tokens, *desk.foreign.signatures, *(quote(sign, safe="") for sign in desk.foreign.signatures)]
    for text in (log.read_text(encoding="utf-8"), ran.err, *seen):
        assert [secret for secret in (*CANARIES, *tokens) if secret and secret in text] == []


# -- remotes that quote what they were sent; what is said on standard error is looked through by every run of a desk ---------------
ACCESS = "canary-access-1-5b1e"
QUOTED = f"收件人 {BUYER['收件人']}（{BUYER['地址1']}）token={ACCESS} secret={SECRET}"


def results_of(desk: Desk, name: str) -> str:
    """All texts of a results workbook, but for what the merchant wrote himself."""
    book = load_workbook(desk.folder / name)
    return "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value not in BUYER.values())


def journal_of(desk: Desk) -> bytes:
    """What the journal and its log hold, byte by byte."""
    (journal,) = desk.folder.glob("home/data/**/journal.db")
    return b"".join(path.read_bytes() for path in journal.parent.glob("journal.db*") if path.is_file())


def test_a_secret_that_the_remote_quotes_for_a_token_is_not_said(desk: Desk) -> None:
    """The reason is told without it, in the results, on standard error, by `accounts test`, and is not kept with it."""
    desk.foreign.always[TOKEN] = Gateway("9999", f"bad appSecret {SECRET}")
    ran = desk.submit(desk.write("a.xlsx", [line("A-1")]), code=5)
    tested = desk.run("accounts", "test", code=2)
    for said in (ran.out, ran.err, tested.said, results_of(desk, "a_结果.xlsx")):
        assert "bad appSecret ***" in said
        assert SECRET not in said
    assert SECRET.encode() not in journal_of(desk)


def test_a_token_that_the_remote_quotes_is_not_said(desk: Desk) -> None:
    """The one in use, which no settings hold."""
    desk.foreign.always[STORES] = Broken(200, json.dumps({"code": 5, "message": f"token {ACCESS} invalid"}).encode())
    tested = desk.run("accounts", "test", code=2)
    assert desk.foreign.tokens[0] == ACCESS
    assert "token *** invalid" in tested.said


@pytest.mark.parametrize("kind", ["refused", "unclear", "unclear, not looked up", "look-up"])
def test_what_the_remote_says_of_a_buyer_stands_in_his_own_row_alone(desk: Desk, kind: str) -> None:
    """Orders refused alike, in doubt, or not to be looked up: no buyer on standard error, and none in the row of another order."""
    desk.configure(settle_seconds=0.2, read_timeout=1)
    desk.foreign.has_look_up = kind != "unclear, not looked up"
    reply = Refuse([QUOTED]) if kind == "refused" else Doubtful(100, [QUOTED])
    names = [f"A-{number}" for number in range(6)]
    desk.foreign.answers = {name: [reply] for name in names[: 1 if kind == "look-up" else 3]}
    if kind == "look-up":
        desk.foreign.answers["A-0"] = [Doubtful(100, [QUOTED], recorded=True)]
        desk.foreign.asks["A-0"] = [(200, json.dumps({"code": 7, "message": QUOTED}).encode())]
    ran = desk.submit(desk.write("a.xlsx", [line(name) for name in names]))
    sent = desk.foreign.tried()
    for outcome in ran.one["outcomes"]:
        if not sent[outcome["order"]]:
            assert BUYER["收件人"] not in (outcome["message"] or "")
    if kind == "refused":
        assert BUYER["收件人"] in ran.one["outcomes"][0]["message"]
    for text in (ran.out, results_of(desk, "a_结果.xlsx")):
        assert [secret for secret in (SECRET, *desk.foreign.tokens, *desk.foreign.signatures) if secret and secret in text] == []
    assert SECRET.encode() not in journal_of(desk)


def test_a_request_id_or_code_that_no_journal_can_hold_damages_nothing(desk: Desk) -> None:
    """Half a surrogate pair, control characters, endless texts, at a create: nobody is sent to restore a good journal from a backup."""
    odd = [{"code": 0, "request_id": "\ud800"}, {"code": "\ud800bad"}, {"code": "x\ny" + "z" * 5000, "request_id": "\ud800"}]
    desk.configure(settle_seconds=0.2)
    desk.foreign.answers = {f"A-{number}": [Broken(200, json.dumps(body).encode(), recorded=True)] for number, body in enumerate(odd)}
    ran = desk.submit(desk.write("a.xlsx", [line(f"A-{number}") for number in range(4)]), code=0)
    assert set(ran.fates.values()) == {"created"}
    assert max(len(str(value)) for outcome in ran.one["outcomes"] for value in outcome.values()) <= 300


def test_chukou1s_secrets_are_not_said_when_the_remote_quotes_them(fba: FbaDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refresh token and the client's secret, by the answer that gives no token."""
    fba.configure_oauth()
    quoted = {"Code": "invalid_grant", "Message": f"refresh_token {OAUTH['refresh_token']} of secret {OAUTH['client_secret']} is used"}
    monkeypatch.setattr(fba.remote, "_token", lambda _query, _body: (400, json.dumps(quoted).encode(), {}))
    ran = fba.submit(fba.write("a.xlsx", [shipment("P-1")]), code=5)
    tested = fba.run("accounts", "test", code=2)
    for said in (ran.out, ran.err, tested.said, results_of(fba, "a_结果.xlsx")):
        assert "refresh_token *** of secret *** is used" in said
    assert [secret for secret in FBA_CANARIES if secret.encode() in journal_of(fba)] == []


def test_chukou1s_token_and_the_buyer_are_not_said_when_the_remote_quotes_them(fba: FbaDesk) -> None:
    """A refusal alike of several shipments and an error of the server: neither on standard error nor in the row of another shipment."""
    quoted = f"备注 {BUYER['收件人']} Bearer {FIXED}"
    names = [f"P-{number}" for number in range(5)]
    error = json.dumps({"Errors": [{"Code": BUYER["收件人"], "Message": quoted}]}).encode()
    fba.remote.creates = {"P-0": [Failing(500, error)] * 3, **{name: [Refused([quoted])] * 3 for name in names[1:4]}}
    ran = fba.submit(fba.write("a.xlsx", [shipment(name) for name in names]))
    said = {outcome["order"]: outcome["message"] or "" for outcome in ran.one["outcomes"]}
    assert BUYER["收件人"] in said["P-1"]
    assert [name for name, message in said.items() if BUYER["收件人"] in message and not fba.remote.tried()[name]] == []
    assert "Bearer ***" in results_of(fba, "a_结果.xlsx")
    assert FIXED not in results_of(fba, "a_结果.xlsx")
    assert FIXED.encode() not in journal_of(fba)
