"""What writing results into a merchant's large workbook costs: `python tests/benchmarks/writeback.py [ROWS]`.

Each contender runs in a process of its own; processor seconds and the most memory are those of its work alone, what it had imported
and prepared before left out. Quote ratios, not seconds: python-calamine's pass over the rows of the same file is the measure.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import openpyxl
import python_calamine
import xlsxwriter

from bulkorders.workbook import style
from bulkorders.workbook.ooxml.edits import SheetEdits, Written
from bulkorders.workbook.ooxml.patch import patch
from bulkorders.workbook.style import Look

ROWS, WIDTH, PER_ORDER, BAD_EACH = 100_000, 24, 3, 50
SHEET, LABELS = "订单", ("提交状态", "结果说明", "订单行", "跟踪号", "服务商", "请求ID", "提交时间")
RESULT, REASON = Look(boxed=True), Look(wraps=True, boxed=True)
LOOKS = (style.DONE, REASON, *(RESULT,) * 5)


def make(path: Path, rows: int) -> None:
    """The merchant's workbook: texts, numbers, 2 % of rows with a bad cell."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet(SHEET)
        sheet.write_row(0, 0, [f"列 {number}" for number in range(WIDTH)])
        for row in range(1, rows + 1):
            sheet.write_row(row, 0, merchant_row(row))


def merchant_row(row: int) -> list[str | float]:
    """One of his rows; the number of pieces is bad in some."""
    order = row // PER_ORDER
    lead: list[str | float] = ["8speed-US", f"{1000000 + order}", "是", f"SKU-{row % 997}", "三件" if row % BAD_EACH == 0 else row % 9 + 1]
    return [*lead, *(f"{order} Main Street {number}" if number % 2 else row % 1000 / 8 for number in range(WIDTH - len(lead)))]


def result_row(row: int) -> tuple[str, ...]:
    """What became of a row's order."""
    order = row // PER_ORDER
    if row % BAD_EACH == 0:
        return ("数据有误", f"第 {row} 行「数量」：应为整数，而不是“三件”", f"{row}-{row + 2}", "", "", "", "")
    return ("已创建", "", f"{order * 3}-{order * 3 + 2}", f"1Z{order:012d}", "UPS", f"{order:032x}", "2026-01-05 10:00:00")


class ResultCells(Mapping[int, Mapping[int, Written]]):
    """Our cells of all rows, each row made when it is asked for."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def __getitem__(self, row: int) -> Mapping[int, Written]:
        if row == 1:
            return {WIDTH + at: Written(label, style.HEAD) for at, label in enumerate(LABELS, 1)}
        return {WIDTH + at: Written(text, look, "@") for at, (text, look) in enumerate(zip(result_row(row - 1), LOOKS, strict=True), 1)}

    def __iter__(self) -> Iterator[int]:
        return iter(range(1, self._rows + 2))

    def __len__(self) -> int:
        return self._rows + 1


def by_patching(source: Path, target: Path, rows: int) -> None:
    """This program's way: into the merchant's own container."""
    bad = range(BAD_EACH + 1, rows + 2, BAD_EACH)
    papers, notes = {row: {5: "error"} for row in bad}, {(row, 5): "应为整数" for row in bad[:2000]}
    columns = dict.fromkeys(range(WIDTH + 1, WIDTH + len(LABELS) + 1), 16.0)
    words = {"已创建": ("006100", "C6EFCE"), "数据有误": ("9C0006", "FFC7CE")}
    edits = SheetEdits(1, columns, ResultCells(rows), papers, notes, WIDTH + 1, words)
    with target.open("wb") as file:
        patch(source, {SHEET: edits}, [], file)


def by_calamine(source: Path, _: Path, rows: int) -> None:
    """The measure: reading the rows once, and nothing done with them."""
    sheet = python_calamine.CalamineWorkbook.from_path(source).get_sheet_by_name(SHEET)
    count = sum(1 for _ in sheet.iter_rows())
    if count != rows + 1:
        raise ValueError(count)


def by_xlsxwriter(_: Path, target: Path, rows: int) -> None:
    """A new workbook of values and results; nothing of the merchant's is kept."""
    with xlsxwriter.Workbook(str(target), {"constant_memory": True}) as book:
        sheet, red = book.add_worksheet(SHEET), book.add_format({"bg_color": "#FF6B6B"})
        for row in range(1, rows + 1):
            sheet.write_row(row, 0, [*merchant_row(row), *result_row(row)])
            if row % BAD_EACH == 0:
                sheet.write_string(row, WIDTH + len(LABELS), "", red)


def by_openpyxl(source: Path, target: Path, rows: int) -> None:
    """The obvious way: load, change, save."""
    book = openpyxl.load_workbook(source)
    sheet, red = book[SHEET], openpyxl.styles.PatternFill("solid", fgColor=style.STRONG_RED)
    for row in range(1, rows + 1):
        for at, text in enumerate(result_row(row), WIDTH + 1):
            sheet.cell(row + 1, at, text)
        if row % BAD_EACH == 0:
            sheet.cell(row + 1, 5).fill = red
    book.save(target)


CONTENDERS: Mapping[str, Callable[[Path, Path, int], None]] = {
    "calamine": by_calamine, "patch": by_patching, "again": by_patching, "xlsxwriter": by_xlsxwriter, "openpyxl": by_openpyxl,
}  # fmt: skip


def run(name: str, source: Path, target: Path, rows: int) -> None:
    """One contender, in this process."""
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    CONTENDERS[name](source, target, rows)
    spent = time.process_time() - start
    print(spent, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def main() -> None:
    """Prints a line for each contender."""
    if len(sys.argv) > 2:
        run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        source, patched = Path(folder) / "orders.xlsx", Path(folder) / "patch.xlsx"
        make(source, rows)
        measure = 0.0
        for name in CONTENDERS:
            given = patched if name == "again" else source
            command = [sys.executable, __file__, name, str(given), str(Path(folder) / f"{name}.xlsx"), str(rows)]
            spent, memory = map(float, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
            measure = measure or spent
            print(f"{name:12} {spent:7.2f} s  {spent / measure:6.2f} x  {memory:7.0f} MB", flush=True)


if __name__ == "__main__":
    main()
