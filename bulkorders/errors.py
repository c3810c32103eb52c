"""Every exception of bulkorders: each means that this command cannot go on, and each ends as one sentence and its exit code.

    BulkordersError            1  a bug of ours, if it is not one of those below
    ├── UsageError             2  what was asked cannot be done: a path, an option, an account
    │   ├── SettingsError      2  the configuration says something that cannot be used
    │   └── JournalError       2  the journal cannot be opened, or is not ours to use
    ├── RemoteError            2  the remote refused the account, where no order was at stake
    └── UnfinishedError        5  the journal failed where batches were on their way already

Expected failures are values instead: a bad cell is an `Issue`, a refused file a `Refusal`, an answer of the remote an `Outcome`.
"""

import errno

_OS_REASONS = {
    errno.ENOSPC: ("磁盘满了", "the disk is full"),
    getattr(errno, "EDQUOT", -1): ("磁盘配额用完了", "the disk quota is used up"),
    errno.EACCES: ("没有权限，或正被别的程序打开", "no rights, or open in another program"),
    errno.EPERM: ("没有权限，或正被别的程序打开", "no rights, or open in another program"),
    errno.EBUSY: ("别的程序正在写它，请等它写完", "another program is writing it"),
    errno.EROFS: ("磁盘是只读的", "the disk is read-only"),
    errno.ENOENT: ("文件夹或文件不存在", "there is no such file or folder"),
    errno.ENOTDIR: ("路径里有一段不是文件夹", "a part of the path is no folder"),
    errno.EISDIR: ("那里是一个文件夹", "it is a folder"),
    errno.EEXIST: ("那里已经有同名的文件", "a file of that name is there"),
    errno.ENAMETOOLONG: ("文件名太长", "the name is too long"),
}


def os_reason(error: OSError) -> tuple[str, str]:
    """Why the system refused, in a few words of each language."""
    number = error.errno or 0
    return _OS_REASONS.get(number, (f"系统错误 {number}", f"system error {number}"))


def bug_said(error: BaseException) -> tuple[str, str]:
    """A bug as one sentence of each language: its kind and its place in our code, never its text, which may quote a cell or a secret."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        if name.startswith("bulkorders"):
            place = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    found = f"{type(error).__name__} {place}".rstrip()
    return f"程序出错（{found}）：请把这句话发给技术支持。", f"The program failed ({found}): pass this sentence to support."


class BulkordersError(Exception):
    """The root. `str()` of it is one plain sentence for the person at the terminal."""

    exit_code = 1

    def __init__(self, zh: str, en: str | None = None) -> None:
        super().__init__(zh)
        self.zh = zh
        self.en = en or zh

    def message(self, lang: str = "zh") -> str:
        """The sentence in `zh` or `en`."""
        return self.en if lang == "en" else self.zh


class UsageError(BulkordersError):
    """What was asked cannot be done; known before anything is sent."""

    exit_code = 2


class SettingsError(UsageError):
    """The configuration cannot be used."""


class JournalError(UsageError):
    """The journal cannot be used."""


class RemoteError(BulkordersError):
    """The remote cannot be asked, or refused the account, where no order was at stake."""

    exit_code = 2


class UnfinishedError(BulkordersError):
    """Batches are there, and what became of their orders cannot be told now."""

    exit_code = 5
