"""One account's work ends early: what became of all orders is told and written all the same, and the others go out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from foreign import CREATE, LABELS, SECRET, Foreign, line, serve
from openpyxl import Workbook
from sender import Told

from bulkorders.core.outcome import Verdict
from bulkorders.core.result import first_exit_code
from bulkorders.errors import JournalError, RemoteError, UnfinishedError
from bulkorders.pipeline.app import App
from bulkorders.pipeline.failure import failure_of
from bulkorders.pipeline.service import FileReport, Options, resume_batches, submit_files
from bulkorders.settings import Settings

ONE, TWO = [f"A-{number}" for number in range(3)], [f"B-{number}" for number in range(3)]


@dataclass
class Failing(Told):
    """A watcher that fails when account `two` tells it of an answer."""

    error: Exception | None = None

    def settled(self, account: str, verdict: Verdict) -> None:
        """Raises for one account."""
        super().settled(account, verdict)
        if account == "two" and self.error:
            raise self.error


@contextmanager
def two_accounts(folder: Path) -> Iterator[tuple[App, Path, Foreign, Foreign]]:
    """Two accounts at two servers, and a workbook with orders of both."""
    first, second = Foreign(), Foreign(app_id="ak_other00000000")
    with serve(first) as url, serve(second) as other:
        base = {"provider": "lingxing", "app_secret": SECRET, "settle_seconds": 0.3}
        one = {**base, "base_url": url, "app_id": first.app_id, "stores": ["one"]}
        two = {**base, "base_url": other, "app_id": second.app_id, "stores": ["two"]}
        app = App(Settings(journal=(folder / "journal.db").as_posix(), accounts={"one": one, "two": two}))
        rows = [line(name, 店铺名="one") for name in ONE] + [line(name, 店铺名="two") for name in TWO]
        book = Workbook()
        assert book.active is not None
        book.active.append(list(LABELS))
        for row in rows:
            book.active.append([row.get(label) for label in LABELS])
        book.save(folder / "a.xlsx")
        yield app, folder / "a.xlsx", first, second
        app.close()


def fates(report: FileReport) -> dict[str, str]:
    """What became of each order."""
    return {order.display: order.fate.value for batch in report.batches for order in batch.orders}


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyError("a buyer's name"), 1, "程序出错（KeyError"),
        (OSError(28, "No space left on device"), 5, "磁盘满了"),
        (JournalError("流水账 x 用不了：磁盘满了。"), 5, "流水账 x 用不了"),
    ],
    ids=["bug", "system", "journal"],
)
def test_a_failure_at_one_account_costs_nobody_his_results(tmp_path: Path, error: Exception, code: int, said: str) -> None:
    """The other account's orders are created; all are told, in the workbook too; those left say why; exit 1 for a bug, else 5."""
    with two_accounts(tmp_path) as (app, book, first, second):
        told = Failing(error=error)
        (report,) = submit_files(app, [book], Options(), told)
        assert fates(report) == {**dict.fromkeys(ONE, "created"), "B-0": "created", "B-1": "in_doubt", "B-2": "unsent"}
        assert first.sent() == ONE
        assert second.calls[CREATE] == 1
        assert first_exit_code(report.exit_codes(follow=True)) == code
        assert report.results is not None
        assert report.results.path == tmp_path / "a_结果.xlsx"
        assert report.results.path.is_file()
        (left,) = [order for batch in report.batches for order in batch.orders if order.display == "B-2"]
        assert left.message is not None
        assert said in left.message.zh
        assert "buyer" not in left.message.zh
        assert [said in each for each in told.lines].count(True) == 1

        told.error = None
        (resumed,) = resume_batches(app, None, Options(), told)
        assert set(fates(resumed).values()) == {"created"}
        assert sorted(second.sent()) == TWO


def test_only_a_bug_of_ours_is_told_as_one() -> None:
    """What the disk, the journal or the remote says is mended by somebody else, and `resume` goes on."""
    for error in (OSError(28, ""), PermissionError(13, ""), JournalError("坏了。"), RemoteError("不行。"), UnfinishedError("停了。")):
        assert not failure_of(error).is_bug
    for bug in (KeyError("x"), ValueError(), MemoryError(), SystemExit(1), AssertionError()):
        assert failure_of(bug).is_bug
        assert failure_of(bug).reason.zh.startswith(f"程序出错（{type(bug).__name__}")
