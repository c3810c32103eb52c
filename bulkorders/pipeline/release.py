"""A person takes an account away from a process that is frozen."""

import os
import signal

from bulkorders.core.words import Words
from bulkorders.errors import UsageError, os_reason
from bulkorders.journal.gate import Holder, holder
from bulkorders.remote.client import GRACE_SECONDS

from .app import App

_FREE = Words("账号 {name} 没有被占用。", "account {name} is held by nobody.")
_ENDED = Words(
    "进程 {pid} 已结束，账号 {name} 可以用了：请运行 resume，它没发完的会接着发。",
    "process {pid} was ended, account {name} is free: run resume, which goes on with what it left.",
)


def release_gate(app: App, name: str, *, force: bool) -> Words:
    """Ends the process that holds an account, if it has shown no sign of work for long, or with `force`; gives what to say.

    Only a process that is gone cannot send any more: no remote refuses one whose gate was taken away. Raises UsageError.
    """
    account = app.account(name)
    other = holder(app.journal, account.gate)
    if other is None:
        return _FREE.fill(name=name)
    longest = account.settings.read_timeout + GRACE_SECONDS + account.settings.settle_seconds
    _refuse(other, longest, force=force)
    try:
        os.kill(other.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    except OSError as error:
        zh, en = os_reason(error)
        raise UsageError(f"进程 {other.pid} 结束不了：{zh}。", f"process {other.pid} cannot be ended: {en}.") from error
    return _ENDED.fill(name=name, pid=other.pid)


def _refuse(other: Holder, longest: float, *, force: bool) -> None:
    if not other.is_here:
        raise UsageError(
            f"占用账号的进程 {other.pid} 在另一台电脑 {other.host} 上：请到那台电脑上结束它。",
            f"process {other.pid}, which holds the account, is on {other.host}: end it there.",
        )
    if other.silent <= longest and not force:
        raise UsageError(
            f"进程 {other.pid} 还在工作（{other.silent:.0f} 秒前有动静）：请等它做完；确实要结束它请加 --force。",
            f"process {other.pid} is at work (seen {other.silent:.0f} s ago): wait for it, or add --force to end it.",
        )
