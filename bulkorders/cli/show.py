"""What people see at the terminal: bad rows as the sheet, counts in colour, progress with the time left. The only place with rich."""

import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from bulkorders.core.duration import duration
from bulkorders.core.issue import Issue, Severity
from bulkorders.core.order import Place
from bulkorders.core.outcome import Verdict
from bulkorders.core.result import FATE_WORDS, Fate
from bulkorders.core.words import Words
from bulkorders.pipeline.app import path_text
from bulkorders.pipeline.ingest import Checkup
from bulkorders.pipeline.report import BatchReport, fate_words

from .interrupts import note, since
from .words import lang, say

SHOWN_ROWS = 20
"""Bad rows shown at the terminal; all of them stand in the results workbook and in `--json`."""
_STYLE = {Severity.ERROR: "bold white on red", Severity.WARNING: "black on yellow", Severity.NOTE: "dim"}
_FATE_STYLE = {
    Fate.CREATED: "green", Fate.SKIPPED: "green", Fate.ACCEPTED: "cyan", Fate.INVALID: "red", Fate.CHANGED: "red",
    Fate.REJECTED: "red", Fate.IN_DOUBT: "yellow", Fate.UNSENT: "yellow",
}  # fmt: skip


class _Console(Console):
    """A console that leaves a broken pipe to the command."""

    def on_broken_pipe(self) -> None:
        """Nobody reads on."""
        raise BrokenPipeError


def stdout() -> Console:
    """Where results are printed."""
    return _Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


def stderr() -> Console:
    """Where the program talks."""
    return Console(file=sys.stderr, highlight=False, soft_wrap=not sys.stderr.isatty())


def show_checkup(checkup: Checkup) -> None:
    """A file's check: as the sheet on a terminal, as lines elsewhere."""
    console = stdout()
    console.print(Text(path_text(checkup.file), style="bold"))
    if checkup.refused:
        console.print(Text(f"  {checkup.refused.message.say(lang())}", style="red"), soft_wrap=True)
    if console.is_terminal:
        _show_rows(console, checkup)
    else:
        for issue in checkup.issues:
            console.print(Text(f"  {line_of(issue)}"))
    if checkup.orders:
        console.print(_counted(checkup))


def line_of(issue: Issue) -> str:
    """An issue as one line: how grave, which sheet, the sentence."""
    words = {Severity.ERROR: ("错误", "error"), Severity.WARNING: ("提醒", "warning"), Severity.NOTE: ("说明", "note")}
    return f"{say(*words[issue.severity])} [{issue.sheet or '-'}] {issue.message.say(lang())}"


def _counted(checkup: Checkup) -> Text:
    orders = checkup.orders
    if orders is None:
        return Text("")
    valid, invalid = len(orders.valid), len(orders.orders) - len(orders.valid)
    unit = orders.template.unit
    text = Text(
        say(
            f"  {orders.template.title}：读取 {orders.rows['read']} 行，{len(orders.orders)} 个{unit}，其中 ",
            f"  {orders.template.name}: {orders.rows['read']} rows, {len(orders.orders)} orders, of which ",
        )
    )
    text.append(say(f"{valid} 个可以提交", f"{valid} can be submitted"), style="green")
    text.append(say("，", ", "))
    text.append(say(f"{invalid} 个有误", f"{invalid} are invalid"), style="red" if invalid else "dim")
    return text.append(say("。", "."))


def _show_rows(console: Console, checkup: Checkup) -> None:
    """Each bad row as it stands in the sheet, its bad cells coloured, the sentences beneath."""
    by_row: dict[Place, list[Issue]] = defaultdict(list)
    for issue in checkup.issues:
        if issue.sheet and issue.row and issue.severity is not Severity.NOTE:
            by_row[Place(issue.sheet, issue.row)].append(issue)
        elif issue.severity is not Severity.NOTE and issue.row is None:
            console.print(Text(f"  {issue.message.say(lang())}", style="yellow"))
    for place, issues in list(by_row.items())[:SHOWN_ROWS]:
        if place in checkup.checked.shown:
            console.print(_row_table(checkup, place, issues))
        for issue in issues:
            line = Text("  → " + issue.message.say(lang()), style="red" if issue.is_error else "yellow")
            console.print(line, soft_wrap=True)  # rich would break a Chinese sentence at its rare blanks
    for issue in [issue for issue in checkup.issues if issue.severity is Severity.NOTE][:SHOWN_ROWS]:
        console.print(Text("  · " + issue.message.say(lang()), style=_STYLE[Severity.NOTE]), soft_wrap=True)
    if len(by_row) > SHOWN_ROWS:
        more = len(by_row) - SHOWN_ROWS
        console.print(Text(say(f"  还有 {more} 行有问题，没有列出。", f"  {more} more rows are not shown."), style="dim"))


def _row_table(checkup: Checkup, place: Place, issues: Sequence[Issue]) -> Table:
    marks = {issue.column: _STYLE[issue.severity] for issue in reversed(issues) if issue.column}
    cells, headings = checkup.checked.shown[place], checkup.checked.headings.get(place.sheet, {})
    letters = {heading.letter: heading.label for heading in headings.values()}
    keys = {heading.letter for name, heading in headings.items() if checkup.orders and checkup.orders.template[name].key}
    chosen = [letter for letter in letters if letter in marks or letter in keys]
    title = say(f"{place.sheet} 第 {place.row} 行", f"{place.sheet} row {place.row}")
    # no box: its lines are one column wide on some Chinese terminals and two on others
    table = Table(title=title, title_justify="left", title_style="dim", box=None, header_style="bold reverse", padding=(0, 2))
    for letter in chosen:
        table.add_column(escape(f"{letter} {letters[letter].strip()}"), overflow="fold", max_width=28)
    table.add_row(*(Text(cells.get(letter) or "　", style=marks.get(letter, "")) for letter in chosen))
    return table


def show_batch(report: BatchReport, results: Path | None) -> None:
    """A batch's fates, counted, and where the results are."""
    console = stdout()
    console.print(_counts(report))
    if results:
        console.print(Text(say(f"结果表：{path_text(results)}", f"results: {path_text(results)}")))


def _counts(report: BatchReport) -> Text:
    batch, totals = report.batch, report.totals
    draft = "" if batch.is_released else say("（草稿，没有提交）", " (draft)")
    text = Text(say(f"批次 {batch.id}{draft}：{totals.read} 单", f"batch {batch.id}{draft}: {totals.read} orders"), style="bold")
    for fate, count in totals.by_fate.items():
        if count:
            text.append(say("，", ", "))
            text.append(f"{fate_words(fate, batch.is_test).say(lang())} {count}", style=_FATE_STYLE[fate])
    return text


def show_problems(report: BatchReport) -> None:
    """The orders that need somebody, one line each, and the issues that belong to none. It quotes cells, so it is data, not talk."""
    console = stdout()
    told = [order for order in report.orders if order.fate not in (Fate.CREATED, Fate.SKIPPED) and order.message]
    for order in told[:SHOWN_ROWS]:
        words = FATE_WORDS[order.fate].say(lang())
        console.print(
            Text(f"  {order.display} {words}：{order.message.say(lang()) if order.message else ''}", style=_FATE_STYLE[order.fate])
        )
    if len(told) > SHOWN_ROWS:
        more = len(told) - SHOWN_ROWS
        console.print(Text(say(f"  还有 {more} 单，见结果表。", f"  {more} more stand in the results."), style="dim"))
    for position, issue in report.issues:
        if position is None and issue.severity is not Severity.NOTE:
            console.print(Text(f"  {line_of(issue)}", style="yellow"))


class Talk:
    """Tells how a run goes: a bar with the time left on a terminal, a line when something waits."""

    def __init__(self, console: Console, progress: Progress | None) -> None:
        self._console, self._progress = console, progress
        self._task: TaskID | None = None
        self._followed: dict[str, TaskID] = {}
        self._most: dict[str, int] = {}
        self._lock, self._said = threading.Lock(), ""
        self._is_stopping = False

    def starts(self, orders: int) -> None:
        """The bar is as long as there are orders to send."""
        if self._progress and orders:
            self._task = self._progress.add_task(say("提交", "submitting"), total=orders)

    def settled(self, account: str, verdict: Verdict) -> None:  # one bar for all accounts
        """An order was answered."""
        if self._progress and self._task is not None and verdict not in (Verdict.NOT_PROCESSED, Verdict.STOPPED):
            self._progress.advance(self._task)

    def waits(self, account: str, reason: Words) -> None:
        """Something waits: said once until it changes."""
        line = say(f"账号 {account}：{reason.zh}", f"account {account}: {reason.en}")
        with self._lock:
            if line != self._said:
                self._said = line
                self._console.print(Text(line, style="yellow"))

    def expects(self, account: str, orders: int, seconds: float) -> None:
        """One line of what it will take."""
        long = duration(seconds)
        self.waits(account, Words(f"{orders} 单，约 {long.zh}", f"{orders} orders, about {long.en}"))

    def releases(self) -> None:
        """From now on it is told what became of the orders, whoever interrupts."""
        note()

    def interrupted(self) -> float | None:
        """Seconds since somebody interrupted; when that is first seen it is said what happens now."""
        seconds = since()
        if seconds is not None and not self._is_stopping:
            self._is_stopping = True
            self._console.print(Text(_STOPPING.say(lang()), style="yellow"))
        return seconds

    def follows(self, account: str, orders: int, minutes: float) -> None:
        """A second bar: how many of the orders that the remote has taken are created; without a terminal one line."""
        if not orders and account not in self._most:
            return
        is_first, self._most[account] = account not in self._most, max(orders, self._most.get(account, 0))
        if is_first:
            self.waits(account, _FOLLOWS.fill(minutes=f"{minutes:g}"))
        if self._progress:
            if is_first:
                self._followed[account] = self._progress.add_task(say("等平台建好", "being created"))
            most = self._most[account]
            self._progress.update(self._followed[account], total=most, completed=most - orders)


_FOLLOWS = Words("平台已收下，正在创建，最多等 {minutes} 分钟", "taken and being created; waiting for {minutes} minutes at most")


_STOPPING = Words("正在停下：写好结果就结束，最多 10 秒。", "Stopping: it ends when the results are written, in 10 seconds at most.")


@contextmanager
def talk() -> Iterator[Talk]:
    """Talk about a run; the bar is shown on a terminal only."""
    console = stderr()
    if not console.is_terminal:
        yield Talk(console, None)
        return
    used, left = TextColumn(say("用时", "used")), TextColumn(say("剩余", "left"))
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), used, TimeElapsedColumn(), left, TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        yield Talk(console, progress)


def make_table(*headings: str) -> Table:
    """A table for stdout."""
    table = Table(show_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
