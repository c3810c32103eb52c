"""Names of files that are downloaded."""

import re
import time
from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.types import Receive, Scope, Send
from wire import Wire, head, listening

from bulkorders.web.downloads import SentOnce, disposition
from bulkorders.web.problems import Problem
from bulkorders.web.slots import Slots

NAMES = [
    "订单.xlsx", "orders.xlsx", "a b.xlsx", '订单"; filename="evil.exe.xlsx', "a\r\nset-cookie: x=1.xlsx", "a\nb.xlsx", "../../etc/passwd",
    "..\\..\\x.xlsx", "a\0b.xlsx", "\u202egnp.xlsx", "a\u2028b.xlsx", "%2e%2e%2fx.xlsx", "x" * 300 + ".xlsx", ".xlsx", "", "无点",
    "a;b.xlsx", "\ud800.xlsx",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_adds_no_header_and_no_folder(name: str) -> None:
    """One line of ASCII, two parameters, and in neither a path or a sign that nobody sees."""
    found = disposition(name)
    assert found.isascii()
    assert found.isprintable()
    whole = re.fullmatch(r"attachment; filename=\"([^\"\\%/]+)\"; filename\*=UTF-8''([A-Za-z0-9%._~-]+)", found)
    assert whole is not None
    told = unquote(whole.group(2))
    assert told.isprintable()
    assert not set(told) & set('/\\"')


def test_who_does_not_read_his_file_is_not_waited_for(tmp_path: Path) -> None:
    """It takes a place and room on the disk as long as it is sent, and no longer than its time."""
    path, slots = tmp_path / "large.xlsx", Slots(each=1, all=1)
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)  # more than the buffers between take

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await SentOnce(path, "large.xlsx", slots.take("anna"), seconds=1.0)(scope, receive, send)

    with listening(app) as port, Wire(port) as connection:
        connection.send(head("GET", "/", port))
        until = time.monotonic() + 0.5
        time.sleep(0.5)
        assert path.exists()
        with pytest.raises(Problem):
            slots.check("anna")
        while path.exists():
            assert time.monotonic() < until + 10
            time.sleep(0.05)
        slots.check("anna")
        assert len(connection.rest()) < 64 * 1024 * 1024  # and told by the end of the connection that it is not whole


def test_a_name_arrives_as_it_is() -> None:
    """Chinese names in UTF-8, for others the letters of ASCII."""
    assert disposition("订单 3月_结果.xlsx") == (
        "attachment; filename=\"3.xlsx\"; filename*=UTF-8''%E8%AE%A2%E5%8D%95%203%E6%9C%88_%E7%BB%93%E6%9E%9C.xlsx"
    )
