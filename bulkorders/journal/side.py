"""The side file: which journal lies here and how far it has come, so that one that is gone, or older than it was, is noticed.

It is written after each commit and never synced: after a power cut it is behind the journal, which is no alarm, and never ahead of it.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from bulkorders.core.words import Words

GONE = Words(
    "原来的流水账不见了或换成了别的，以前建过的订单它不知道：每一单都先到平台上查过再发",
    "the journal was gone or is another one, and does not know what was created before: each order is looked up before it is sent",
)
LOOSE = Words(
    "流水账旁边的 .side 文件不见了（可能是拷回来的旧流水账），不知道它全不全：每一单都先到平台上查过再发",
    "the journal's file .side is gone (an older copy?), so it may not know what was created: each order is looked up before it is sent",
)
OLDER = Words(
    "流水账比上次用的旧（可能是从备份恢复的），后来建的订单它不知道：每一单都先到平台上查过再发",
    "the journal is older than it was (restored from a copy?), and does not know what was created since: each order is looked up first",
)


@dataclass
class Side:
    """The side file of one journal. `events`: the number of the newest event that was committed."""

    path: Path
    _last: int = -1
    _lock: Lock = field(default_factory=Lock)

    def missing(self, journal_id: str, events: int, *, has_traces: bool) -> Words | None:
        """What the journal that lies here lacks of the one that lay here last. `has_traces`: the folder beside it was used before.

        Without a side file only a journal without events in a place without traces is known to be a new one.
        """
        try:
            name, _, number = self.path.read_text(encoding="ascii").partition(" ")
        except FileNotFoundError:
            return LOOSE if events else GONE if has_traces else None
        except (OSError, UnicodeDecodeError):
            return GONE
        if name != journal_id or not number.strip().isdecimal():
            return GONE
        return OLDER if int(number) > events else None

    def note(self, journal_id: str, events: int) -> None:
        """Events up to this one are committed. What cannot be noted is noted with the next one."""
        with self._lock, suppress(OSError):
            if events == self._last:
                return
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.write(handle, f"{journal_id} {events:020d}\n".encode())  # one sector, always of the same length
            finally:
                os.close(handle)
            self._last = events
