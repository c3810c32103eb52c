"""`bulkorders notify`: who is told is listed and tested without secrets; what was never sent is said in `status`."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path

from bots import robot
from desk import Desk, make_bare  # noqa: F401  # a fixture

from bulkorders.core.words import Words
from bulkorders.journal.journal import open_journal
from bulkorders.journal.notices import claim, give_up
from bulkorders.pipeline.notices import enqueue

CANARY = "canary-secret-7f3a"


def configure(desk: Desk, **tables: Mapping[str, object]) -> Path:
    """Settings with some targets; gives the journal's path."""
    lines = ['journal = "journal.db"']
    for name, table in tables.items():
        lines += [
            f"[notify.{json.dumps(name, ensure_ascii=False)}]",
            *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()),
        ]
    (desk.folder / "bulkorders.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return desk.folder / "journal.db"


def test_targets_are_listed_with_what_waits_and_without_secrets(bare: Desk) -> None:
    """For people and as JSON; who was never told is said by `status`, with what to do."""
    mail = {"kind": "mail", "host": "smtp.example.com", "sender": "a@example.com", "to": ["b@example.com"], "user": "a", "password": CANARY}
    bot = {"kind": "dingtalk", "url": f"https://oapi.dingtalk.com/robot/send?access_token={CANARY}", "secret": CANARY}
    path = configure(bare, ops=bot, 老板=mail)
    now = dt.datetime(2025, 4, 9, 6, 30, tzinfo=dt.UTC)
    journal = open_journal(str(path))
    for number in range(3):
        enqueue(journal, "ops", str(number), Words("一", "one"), now)
    give_up(journal, claim(journal, "ops", now, now, 1, 100), now)
    journal.close()

    listed = bare.run("notify", code=0)
    assert listed.out.splitlines() == [
        "ops\tdingtalk\toapi.dingtalk.com\t等发送 2 条，最早 2025-04-09T14:30:00+08:00\t没有发出 1 条",
        "老板\tmail\tb@example.com",
    ]
    told = bare.run("notify", "list", "--json", code=0)
    assert told.lines == [
        {
            "name": "ops",
            "kind": "dingtalk",
            "where": "oapi.dingtalk.com",
            "waiting": 2,
            "since": "2025-04-09T14:30:00+08:00",
            "given_up": 1,
        },
        {"name": "老板", "kind": "mail", "where": "b@example.com", "waiting": 0, "since": None, "given_up": 0},
    ]
    status = bare.run("status", code=0)
    assert status.said == "有 1 条通知一直发不出去，没有再试（ops）：请运行 notify test 看原因。"
    assert CANARY not in "".join(ran.out + ran.err for ran in (listed, told, status))


def test_a_test_says_at_once_what_is_wrong(bare: Desk) -> None:
    """0 where it was sent; else 2 and one sentence, whoever else could be told."""
    with robot() as good, robot(usual=(200, json.dumps({"errcode": 310000, "errmsg": f"sign not match {CANARY}"}).encode())) as bad:
        bot = {"kind": "wecom", "url": f"{good.url}/send?key={CANARY}"}
        configure(bare, ops=bot, 群={"kind": "dingtalk", "url": f"{bad.url}/robot/send?access_token={CANARY}", "secret": CANARY})
        well = bare.run("notify", "test", "ops", code=0)
        both = bare.run("notify", "test", code=2)
        assert bare.run("notify", "test", "nobody", code=2).said == "没有通知 nobody，现有：ops、群。"
    assert well.out == "通知 ops 发出了，请到那边看一眼。\n"
    assert "测试通知" in good.texts[0]
    assert both.out == well.out
    assert both.said.startswith("通知 群：机器人的安全设置不让发：请核对 secret")
    assert CANARY not in both.err + well.err


def test_a_setting_that_is_wrong_is_said_in_one_sentence(bare: Desk) -> None:
    """Which one, and of whom; no settings at all is no error."""
    configure(bare, ops={"kind": "wecom", "url": f"https://example.com/{CANARY}", "secret": CANARY})
    assert bare.run("notify", "list", code=2).said == "通知 ops 里有 1 处不能用：secret 不认识，请核对拼写。"
    configure(bare)
    assert "[notify." in bare.run("notify", code=0).said
