"""The outbox: each thing is told once, whatever the bot, the network or the power does, and nobody waits for a bot."""

import datetime as dt
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from bots import WELL, Robot, robot
from making import NOW, draft, submit
from sqlalchemy import select

from bulkorders.core.words import Words
from bulkorders.crash import VARIABLE
from bulkorders.errors import SettingsError
from bulkorders.journal import notices as outgoing
from bulkorders.journal.journal import Journal
from bulkorders.journal.tables import notices
from bulkorders.pipeline.app import App, SystemClock
from bulkorders.pipeline.notices import CLAIM, FIRST_WAIT, GIVE_UP, LEAST_TRIES, Deliverer, deliver, enqueue, given_up, outbox
from bulkorders.pipeline.targets import read_target
from bulkorders.settings import Settings, load_settings

BROKEN = (500, b"")
MINUTE = dt.timedelta(minutes=1)


@dataclass
class Calendar(SystemClock):
    """A clock that stands where it is put."""

    at: dt.datetime = NOW

    def now(self) -> dt.datetime:
        """Where it stands."""
        return self.at


@dataclass
class Office:
    """An app with its robots by name, and a clock that is moved."""

    app: App
    clock: Calendar
    robots: dict[str, Robot]
    said: list[Words] = field(default_factory=list)

    def tell(self, *texts: str, target: str = "ops") -> None:
        """Has a target told some texts."""
        for text in texts:
            assert enqueue(self.app.journal, target, text, Words(text, text), self.clock.now())

    def rounds(self, *, after: dt.timedelta = dt.timedelta(0)) -> None:
        """Delivers what is due after a while, until nothing is."""
        self.clock.at += after
        while deliver(self.app):
            pass

    def rows(self) -> Sequence[Any]:
        """The outbox."""
        with self.app.journal.read() as connection:
            return connection.execute(select(notices).order_by(notices.c.id)).all()


@contextmanager
def office(folder: Path, **kinds: str) -> Iterator[Office]:
    """An office with a robot for each kind."""
    with ExitStack() as stack:
        robots = {name: stack.enter_context(robot()) for name in kinds}
        told = {name: {"kind": kind, "url": robots[name].url} for name, kind in kinds.items()}
        clock = Calendar()
        app = App(Settings(journal=str(folder / "journal.db"), notify=told), clock=clock)
        at = Office(app, clock, robots)
        app.tell = at.said.append
        stack.callback(app.close)
        yield at


# -- each thing once -------------------------------------------------------------------------------------------------------------------
def test_a_target_is_told_each_thing_once(tmp_path: Path) -> None:
    """A restart that says it again adds nothing; another target is told it too; nothing is sent twice."""
    with office(tmp_path, ops="wecom", boss="feishu") as at:
        at.robots["boss"].usual = (200, b'{"code":0}')
        for _ in range(3):
            new = enqueue(at.app.journal, "ops", "ended 1", Words("一", "one"), NOW)
            enqueue(at.app.journal, "boss", "ended 1", Words("一", "one"), NOW)
        assert not new
        at.rounds()
        at.rounds(after=GIVE_UP)
        assert not enqueue(at.app.journal, "ops", "ended 1", Words("一", "one"), NOW)
        at.rounds(after=GIVE_UP)
        assert at.robots["ops"].texts == ["【bulkorders】一"] == at.robots["boss"].texts
        assert at.said == []
        assert {name: (each.waiting, each.given_up) for name, each in outbox(at.app).items()} == {"ops": (0, 0), "boss": (0, 0)}


def test_a_notice_is_written_down_with_what_it_tells_of(tmp_path: Path) -> None:
    """In the same transaction, or not at all."""
    with office(tmp_path, ops="wecom") as at:

        def fail() -> None:
            with at.app.journal.write() as connection:
                assert outgoing.put(connection, "ops", "ended", Words("一", "one"), NOW)
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert at.rows() == []


def test_a_flood_is_a_few_messages(tmp_path: Path) -> None:
    """A robot takes 20 messages a minute and 2048 bytes in each: 50 notices are three messages, each notice once, in order."""
    with office(tmp_path, ops="wecom") as at:
        at.tell(*(f"订单-{number}.xlsx：3 单" for number in range(50)))
        at.rounds()
        texts = at.robots["ops"].texts
        assert len(texts) == 3
        assert [line for text in texts for line in text.splitlines()[1:]] == [f"订单-{number}.xlsx：3 单" for number in range(50)]
        at.tell(*(f"{number}{'单' * 400}" for number in range(3)))
        at.rounds()
        assert all(len(text.encode()) <= 2048 for text in at.robots["ops"].texts)
        assert len(at.robots["ops"].texts) == 6


def test_a_text_is_what_any_bot_and_journal_takes(tmp_path: Path) -> None:
    """Names of files may hold control characters, halves of letters, or be endless."""
    with office(tmp_path, ops="wecom") as at:
        at.tell("a\x00\x1b[31m\u202eb\ud800.xlsx\r\n\n第二行 " + "长" * 5000)
        at.rounds()
        first, second = at.robots["ops"].texts[0].splitlines()
        assert first == "【bulkorders】a  [31m b\N{REPLACEMENT CHARACTER}.xlsx"
        assert second.startswith("第二行 长长")


# -- a bot that fails ------------------------------------------------------------------------------------------------------------------
def test_a_bot_that_fails_for_a_minute_delays_nothing_and_is_told_later(tmp_path: Path) -> None:
    """500 for a minute: the other is told at once, the bot is asked again after 30 s, then 60 s, and has it once."""
    with office(tmp_path, ops="wecom", boss="dingtalk") as at:
        at.robots["ops"].usual = BROKEN
        at.tell("一")
        at.tell("一", target="boss")
        at.rounds()
        assert at.robots["boss"].texts == ["【bulkorders】一"]
        at.rounds(after=FIRST_WAIT - dt.timedelta(seconds=1))
        assert len(at.robots["ops"].requests) == 1
        at.rounds(after=dt.timedelta(seconds=1))
        assert len(at.robots["ops"].requests) == 2
        at.clock.at += MINUTE - FIRST_WAIT
        at.robots["ops"].usual = WELL
        at.rounds()
        assert len(at.robots["ops"].requests) == 2
        at.rounds(after=MINUTE)
        at.rounds(after=MINUTE)
        assert len(at.robots["ops"].requests) == 3
        assert at.rows()[0].sent_at == at.clock.at - MINUTE


def test_a_dead_bot_is_asked_once_in_a_while_however_much_waits(tmp_path: Path) -> None:
    """Forty notices do not make forty calls; when it is back all come, each once."""
    with office(tmp_path, ops="wecom") as at:
        at.robots["ops"].usual = BROKEN
        names = [f"{number}号" for number in range(40)]
        at.tell(*names)
        at.rounds()
        assert len(at.robots["ops"].requests) == 1
        for _ in range(10):
            at.rounds(after=FIRST_WAIT)
        assert len(at.robots["ops"].requests) <= 11
        at.robots["ops"].usual = WELL
        before = len(at.robots["ops"].requests)
        for _ in range(30):
            at.rounds(after=MINUTE)
        lines = [line.removeprefix("【bulkorders】") for text in at.robots["ops"].texts[before:] for line in text.splitlines()]
        assert Counter(line for line in lines if line) == Counter(names)


def test_what_a_bot_does_not_like_holds_up_no_other(tmp_path: Path) -> None:
    """A notice that is refused again and again goes alone from its second time on."""
    with office(tmp_path, ops="wecom") as at:
        at.robots["ops"].answers.extend([BROKEN])
        at.tell("好一", "坏", "好二")
        at.rounds()
        at.robots["ops"].dislikes = "坏"
        for _ in range(4):
            at.rounds(after=FIRST_WAIT)
        assert [row.zh for row in at.rows() if row.sent_at] == ["好一", "好二"]
        at.tell("好三")
        at.rounds(after=FIRST_WAIT)
        assert [row.zh for row in at.rows() if row.sent_at] == ["好一", "好二", "好三"]


def test_after_three_days_it_is_given_up_and_said(tmp_path: Path) -> None:
    """Not before, and not because the machine was off; in `status`, with what to do."""
    with office(tmp_path, ops="wecom") as at:
        at.robots["ops"].usual = BROKEN
        at.tell("一")
        at.rounds(after=GIVE_UP)  # off for three days, and the network is not there yet
        assert given_up(at.app) is None
        for _ in range(LEAST_TRIES):
            at.rounds(after=dt.timedelta(hours=1))
        words = given_up(at.app)
        assert words is not None
        assert words.zh == "有 1 条通知一直发不出去，没有再试（ops）：请运行 notify test 看原因。"
        at.robots["ops"].usual = WELL
        before = len(at.robots["ops"].requests)
        at.rounds(after=GIVE_UP)
        assert len(at.robots["ops"].requests) == before == LEAST_TRIES


def test_a_bot_that_takes_all_and_never_answers_is_told_a_few_times_only(tmp_path: Path) -> None:
    """It has probably shown it: an answer that is lost each time does not fill a chat for three days."""
    with office(tmp_path, ops="wecom") as at:
        at.robots["ops"].usual = None
        at.tell("一")
        for _ in range(48):
            at.rounds(after=dt.timedelta(hours=1))
        assert len(at.robots["ops"].requests) == LEAST_TRIES
        assert given_up(at.app) is not None


def test_one_lost_answer_is_one_repetition(tmp_path: Path) -> None:
    """And a webhook can tell it by the id."""
    with office(tmp_path, ops="webhook") as at:
        at.robots["ops"].answers.append(None)
        at.tell("一")
        at.rounds()
        at.rounds(after=FIRST_WAIT)
        at.rounds(after=GIVE_UP)
        ids = [request.json["id"] for request in at.robots["ops"].requests]
        assert len(ids) == 2
        assert len(set(ids)) == 1


def test_a_clock_that_is_set_back_holds_nothing_up(tmp_path: Path) -> None:
    """What is due in a year was written by a wrong clock."""
    with office(tmp_path, ops="wecom") as at:
        at.clock.at += dt.timedelta(days=365)
        at.tell("一")
        at.clock.at = NOW
        at.rounds()
        assert len(at.robots["ops"].requests) == 1


def test_a_target_that_is_configured_no_more_is_shown(tmp_path: Path) -> None:
    """What waits for it is neither lost nor forgotten."""
    with office(tmp_path, ops="wecom") as at:
        at.tell("一", target="gone")
        at.rounds()
        assert outbox(at.app)["gone"].waiting == 1


def test_a_webhook_is_told_how_the_batches_stand(tmp_path: Path) -> None:
    """Those that the key names, as they are when it is sent; a word that only looks like one is none."""
    with office(tmp_path, ops="webhook") as at:
        submit(at.app.journal, "20250409-abcdef", draft("A1"), draft("A2"))
        enqueue(at.app.journal, "ops", "ended 20250409-abcdef 20250409-nobody", Words("一", "one"), NOW)
        at.rounds()
        (told,) = at.robots["ops"].requests[0].json["batches"]
        assert told["batch"] == "20250409-abcdef"
        assert (told["counts"]["read"], told["counts"]["unsent"]) == (2, 2)


# -- two at once, and none ---------------------------------------------------------------------------------------------------------------
DELIVER = """
import datetime as dt, sys
from pathlib import Path
from bulkorders.pipeline.app import App
from bulkorders.pipeline.notices import deliver
from bulkorders.settings import load_settings
app = App(load_settings(Path(sys.argv[1])))
app.journal, app.targets
print("ready", flush=True)
sys.stdin.read(1)
now = dt.datetime.fromisoformat(sys.argv[2])
while deliver(app, now):
    pass
"""


def start(config: Path, **environment: str) -> "subprocess.Popen[str]":
    """A process that delivers what is due, as soon as it is told to."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", DELIVER, str(config), NOW.isoformat()], stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment
    )


def configure(folder: Path, at: Robot) -> Path:
    """Settings with one webhook."""
    path = folder / "bulkorders.toml"
    path.write_text(f'journal = "journal.db"\n[notify.ops]\nkind = "webhook"\nurl = {json.dumps(at.url)}\n', encoding="utf-8")
    return path


def test_two_processes_deliver_each_notice_once(tmp_path: Path) -> None:
    """A notice is claimed before it is sent."""
    with robot() as at:
        config = configure(tmp_path, at)
        app = App(load_settings(config))
        for number in range(20):
            enqueue(app.journal, "ops", str(number), Words(str(number), ""), NOW)
        running = [start(config) for _ in range(2)]
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        told = [process.communicate("\n", timeout=60) for process in running]
        app.close()
        assert [error for _, error in told] == ["", ""]
        assert Counter(at.texts) == Counter(str(number) for number in range(20))


def test_a_kill_at_any_point_loses_nothing_and_repeats_only_what_was_not_written_down(tmp_path: Path) -> None:
    """Before the call has left: once. After the answer, before it is in the journal: nobody knows, so it is sent once more."""
    with robot() as at:
        config = configure(tmp_path, at)
        app = App(load_settings(config))
        copies = []
        for number in range(1, 8):
            enqueue(app.journal, "ops", str(number), Words(str(number), ""), NOW)
            counter = tmp_path / f"passed{number}"
            process = start(config, **{VARIABLE: f"{counter}:{number}"})
            process.communicate("\n", timeout=60)
            assert (process.returncode == 0) == (number == 7)
            deliver(app, NOW + CLAIM - dt.timedelta(seconds=1))  # who was killed may only be slow
            deliver(app, NOW + CLAIM)
            copies.append(at.texts.count(str(number)))
            assert deliver(app, NOW + GIVE_UP) == []
        app.close()
        assert copies == [1, 1, 1, 2, 2, 1, 1]  # claimed and not written, claimed, about to send, answered, being marked, marked, no kill


# -- threads of their own ----------------------------------------------------------------------------------------------------------------
def wait_for(condition: Any) -> None:
    """Until it is so."""
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_bot_that_hangs_delays_no_other_and_nobody(tmp_path: Path) -> None:
    """Each target has a thread: the other is told at once, whoever enqueues is not held up, and the end is prompt."""
    with office(tmp_path, ops="webhook", boss="webhook") as at:
        at.robots["ops"].hold = threading.Event()
        with Deliverer(at.app):
            at.tell("一")
            wait_for(lambda: at.robots["ops"].requests)
            start = time.monotonic()
            at.tell("一", target="boss")
            at.tell("二")
            assert time.monotonic() - start < 1
            wait_for(lambda: at.robots["boss"].requests)
            assert time.monotonic() - start < 3
            at.robots["ops"].hold.set()
        assert at.said == []
        at.rounds(after=CLAIM)
        assert Counter(at.robots["ops"].texts) == Counter(["一", "二"])


def test_what_is_due_is_finished_before_the_end_and_a_failure_is_said_once(tmp_path: Path) -> None:
    """For `watch --once`: it waits for what can be sent now, not for a bot that is down."""
    with office(tmp_path, ops="webhook", boss="webhook") as at:
        at.robots["boss"].usual = BROKEN
        at.tell(*(str(number) for number in range(5)))
        at.tell("一", "二", target="boss")
        start = time.monotonic()
        with Deliverer(at.app) as deliverer:
            deliverer.finish(10)
            assert time.monotonic() - start < 8
        assert Counter(at.robots["ops"].texts) == Counter("01234")
        assert [words.zh for words in at.said] == ["通知 boss 没有发出：对方答 HTTP 500；会再试。"]


def test_a_journal_that_fails_ends_no_thread(tmp_path: Path) -> None:
    """It is said, and when it is back what waits is sent."""
    with office(tmp_path, ops="webhook") as at, Deliverer(at.app):
        with at.app.journal.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE notices RENAME TO away")
        wait_for(lambda: at.said)
        assert at.said[0].zh.startswith("通知暂时发不了：流水账")
        with at.app.journal.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO notices")
        at.tell("一")
        wait_for(lambda: at.robots["ops"].requests)


def test_a_claim_ends_by_itself(journal: Journal) -> None:
    """A frozen process holds nothing for ever; until then nobody else takes it."""
    outgoing.enqueue(journal, "ops", "1", Words("一", "one"), NOW)
    assert len(outgoing.claim(journal, "ops", NOW, NOW + CLAIM, 20, 2000)) == 1
    assert outgoing.claim(journal, "ops", NOW + CLAIM / 2, NOW + 2 * CLAIM, 20, 2000) == []
    assert [each.tries for each in outgoing.claim(journal, "ops", NOW + CLAIM, NOW + 2 * CLAIM, 20, 2000)] == [1]


# -- settings --------------------------------------------------------------------------------------------------------------------------
URL = "https://example.com/canary-7f3a"
MAIL = {"kind": "mail", "host": "smtp.example.com", "sender": "a@example.com", "to": ["b@example.com"]}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "通知 ops 的 kind 只能是：wecom、dingtalk、feishu、webhook、mail。"),
    ({"kind": "wechat", "url": URL}, "通知 ops 的 kind 只能是：wecom、dingtalk、feishu、webhook、mail。"),
    ({"kind": "wecom"}, "url 没有填"),
    ({"kind": "wecom", "url": 7}, "url 应为文字，要加引号"),
    ({"kind": "wecom", "url": URL, "secret": "SEC-canary-7f3a"}, "secret 不认识"),
    ({"kind": "dingtalk", "url": URL, "secrte": "x"}, "secrte 不认识"),
    ({"kind": "dingtalk", "url": "http://example.com/canary-7f3a"}, "url 必须以 https:// 开头"),
    ({"kind": "feishu", "url": "example.com/canary-7f3a"}, "url 不是网址"),
    ({"kind": "feishu", "url": "https://[canary-7f3a"}, "url 不是网址"),
    ({"kind": "feishu", "url": "https://u:canary-7f3a@example.com"}, "url 里不能写用户名和密码"),
    ({"kind": "webhook", "url": URL, "lang": "fr"}, "lang 的值不对"),
    ({**MAIL, "to": []}, "to "),
    ({**MAIL, "to": ["b"]}, "to 不是邮箱地址"),
    ({**MAIL, "sender": "a@example.com\r\nBcc: x@example.com"}, "sender 不是邮箱地址"),
    ({**MAIL, "security": "none"}, "不然密码会明文传输"),
    ({**MAIL, "user": "a"}, "user 和 password 要么都写"),
    ({**MAIL, "port": 0}, "port 不能小于 1"),
]


@pytest.mark.parametrize(("table", "said"), WRONG)
def test_wrong_settings_are_said_in_one_sentence(table: dict[str, Any], said: str) -> None:
    """Which notify, which key, what is wrong; never a value, which may be a secret."""
    with pytest.raises(SettingsError) as caught:
        read_target("ops", table)
    sentence = caught.value.zh
    assert sentence.startswith("通知 ops ")
    assert said in sentence
    assert sentence.count("。") == 1
    assert "canary" not in sentence + caught.value.en


def test_a_secret_may_lie_in_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an account's: beside the settings, wherever the program is started; the environment's name has no capitals."""
    (tmp_path / "url.txt").write_text(f"{URL}\n", encoding="utf-8")
    config = tmp_path / "bulkorders.toml"
    config.write_text('[notify.Ops]\nkind = "dingtalk"\nurl_file = "url.txt"\n', encoding="utf-8")
    monkeypatch.setenv("BULKORDERS_NOTIFY__OPS__SECRET", "SEC-canary")
    target = App(load_settings(config)).targets["Ops"]
    assert (target.where, target.kind) == ("example.com", "dingtalk")
    sender: Any = target.sender
    assert (sender.url, sender.secret) == (URL, "SEC-canary")
    assert "canary" not in repr(target)
    (tmp_path / "url.txt").unlink()
    with pytest.raises(SettingsError, match="密钥文件读不了"):
        _ = App(load_settings(config)).targets


@pytest.mark.parametrize(("security", "port"), [("tls", 465), ("starttls", 587)])
def test_mail_knows_the_usual_ports(security: str, port: int) -> None:
    """Where none is given."""
    sender: Any = read_target("ops", {**MAIL, "security": security}).sender
    assert sender.port == port
