"""The blank workbook of a template: a sheet for merchants to fill in, and a sheet that says how.

Equal templates give equal bytes, so that a test can tell whether a kept file is fresh.
"""

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from bulkorders.core.field import Field
from bulkorders.core.kinds import Choice
from bulkorders.core.template import Level, Template

from . import style
from .headings import MARK, colours_of, heading_of, levels
from .style import Look, heading_look, height_of, line_count, text_width

GUIDE_SHEET = "填写说明"
LIST_SHEET = "选项"
LAST_ROW = 1_048_576
LONGEST_LIST = 255
"""Characters of a drop-down that stands in the validation itself; Excel calls a file with a longer one damaged."""
LONGEST_ERROR = 225
_EPOCH = dt.datetime(2026, 1, 1)  # noqa: DTZ001  # a workbook's times have no zone
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)

_NARROWEST, _WIDEST = 11, 28
_COMMENT_WIDTH, _COMMENT_LINE = 300, 19
"""Pixels. A line takes some more than its letters need, since WPS and LibreOffice set comments larger than Excel."""
_COMMENT_LETTERS = 36


def write_blank(template: Template, path: Path) -> None:
    """Writes the blank workbook of a template. Raises OSError."""
    book = Workbook()
    book.properties.creator = "bulkorders"
    book.properties.created = book.properties.modified = _EPOCH
    sheet = book.worksheets[0]
    sheet.title = template.title
    _write_sheet(sheet, template)
    _write_guide(book.create_sheet(GUIDE_SHEET), template)
    path.write_bytes(_packed(book))


def _packed(book: Workbook) -> bytes:
    """The workbook's bytes, which hang on nothing but its content: no time, no system, no version of a compressor."""
    loose, packed = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(loose, "w") as archive:
        ExcelWriter(book, archive).write_data()
    with zipfile.ZipFile(loose) as archive, zipfile.ZipFile(packed, "w") as target:
        for member in archive.infolist():
            entry = zipfile.ZipInfo(member.filename, _ZIP_TIME)
            entry.create_system = 0
            target.writestr(entry, archive.read(member), zipfile.ZIP_STORED)
    return packed.getvalue()


# -- the sheet to fill in ---------------------------------------------------------------------------------------------------
def _write_sheet(sheet: Worksheet, template: Template) -> None:
    colours = colours_of(template)
    for number, field in enumerate(template.fields, 1):
        _write_heading(sheet, number, field, _look(colours[field.level], field))
        _write_example(sheet, number, field)
        column = sheet.column_dimensions[get_column_letter(number)]
        column.width = _width(field)
        column.number_format = field.kind.number_format
        if field.kind.choices:
            sheet.add_data_validation(_drop_down(sheet, number, field))
    sheet.row_dimensions[1].height = height_of(2)
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    _print_on_one_width(sheet)


def _look(colour: int, field: Field) -> Look:
    return heading_look(colour, required=field.required)


def _width(field: Field) -> int:
    """Wide enough for heading and example, the drop-down's arrow and the triangle of the comment included."""
    return min(max(text_width(heading_of(field)) + 3, text_width(field.example) + 4, _NARROWEST), _WIDEST)


def _write_heading(sheet: Worksheet, number: int, field: Field, look: Look) -> None:
    cell = sheet.cell(1, number, heading_of(field))
    look.dress(cell)
    text = _comment(field)
    height = 14 + _COMMENT_LINE * line_count(text, _COMMENT_LETTERS + 2)
    cell.comment = Comment(text, "bulkorders", height=height, width=_COMMENT_WIDTH)


def _comment(field: Field) -> str:
    need = "必填" if field.required else "选填，可以不填"
    lines = [f"{field.label}（{need}）", f"填什么：{field.kind.describe().zh}"]
    if field.note.zh:
        lines.append(f"说明：{field.note.zh}")
    if field.example:
        lines.append(f"示例：{field.example}")
    return "\n".join(lines)


_EXAMPLE = Look(style.GREY, italic=True)
_EXAMPLE_NUMBER = Look(style.GREY, italic=True, across="center")


def _write_example(sheet: Worksheet, number: int, field: Field) -> None:
    value = _example(field)
    cell: Any = sheet.cell(2, number, value)
    is_text = isinstance(value, str)
    (_EXAMPLE if is_text else _EXAMPLE_NUMBER).dress(cell, field.kind.number_format)
    if is_text:
        cell.data_type = "s"


def _example(field: Field) -> Any:
    """The example as a merchant's cell would hold it: numbers and days as such, all else as text."""
    value = field.kind.parse(field.example or None).value
    return field.example or None if isinstance(value, bool | str) else value


def _drop_down(sheet: Worksheet, number: int, field: Field) -> DataValidation:
    """Over the whole column. Where words beyond the list may be right, Excel asks instead of refusing."""
    letter = get_column_letter(number)
    asks = isinstance(field.kind, Choice) and field.kind.others is not None
    advice = "不在清单里：请核对有没有写错。清单：" if asks else "请从下拉列表里选，或照样填写："
    error = f"{advice}{field.kind.describe().zh}"
    return DataValidation(
        type="list",
        formula1=_source(sheet, field),
        sqref=f"{letter}2:{letter}{LAST_ROW}",
        allow_blank=True,
        showErrorMessage=True,
        errorStyle="warning" if asks else "stop",
        errorTitle="请核对" if asks else "请从列表里选",
        error=error if len(error) <= LONGEST_ERROR else error[: LONGEST_ERROR - 1] + "…",
    )


def _source(sheet: Worksheet, field: Field) -> str:
    """Where the words of a drop-down stand: in the validation itself, or on a hidden sheet where they do not fit there."""
    choices = field.kind.choices
    inline = ",".join(choices)
    if len(inline) <= LONGEST_LIST and not any(sign in word for word in choices for sign in ',"'):
        return f'"{inline}"'
    return _listed(sheet, choices)


def _listed(sheet: Worksheet, choices: Sequence[str]) -> str:
    book: Any = sheet.parent
    lists = book[LIST_SHEET] if LIST_SHEET in book.sheetnames else book.create_sheet(LIST_SHEET)
    lists.sheet_state = "hidden"
    number = lists.max_column + 1 if lists.cell(1, 1).value is not None else 1
    for row, word in enumerate(choices, 1):
        lists.cell(row, number, word).data_type = "s"
    letter = get_column_letter(number)
    return f"{quote_sheetname(LIST_SHEET)}!${letter}$1:${letter}${len(choices)}"


def _print_on_one_width(sheet: Worksheet) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]  # openpyxl always makes one


# -- the sheet that says how ------------------------------------------------------------------------------------------------
_GUIDE_WIDTHS = (24, 8, 40, 26, 44)
_GUIDE_HEADINGS = ("列", "必填", "可以填什么", "示例", "说明")
_STANDING_NOTES = (
    "深色、带 * 的列必须填写；浅色的列可以不填。鼠标停在表头上，可以看到这一列怎么填。",
    "第 2 行是示例，不会提交：可以留着，也可以删掉。",
    "请不要改表头的文字；列的顺序可以换，用不到的选填列可以删掉，也可以加自己的列。",
)


def _write_guide(sheet: Worksheet, template: Template) -> None:
    """The title, the notes, the legend of colours, and a table of all fields, from top to bottom."""
    for number, width in enumerate(_GUIDE_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.sheet_view.showGridLines = False
    row = _write_line(sheet, 1, f"{template.title} · {GUIDE_SHEET}", style.TITLE, height=30)
    for number, note in enumerate((*template.notes, *_STANDING_NOTES), 1):
        row = _write_line(sheet, row, f"{number}. {note}", Look(wraps=True))
    row = _write_legend(sheet, row + 1, template)
    _write_fields(sheet, row + 1, template)
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    _print_on_one_width(sheet)


def _write_line(sheet: Worksheet, row: int, text: str, look: Look, first: int = 1, height: float = 0) -> int:
    """A text over the sheet's width from column `first` on; gives the next row."""
    last = len(_GUIDE_WIDTHS)
    look.dress(sheet.cell(row, first, text))
    sheet.merge_cells(start_row=row, end_row=row, start_column=first, end_column=last)
    sheet.row_dimensions[row].height = height or height_of(line_count(text, sum(_GUIDE_WIDTHS[first - 1 :])))
    return row + 1


def _write_legend(sheet: Worksheet, row: int, template: Template) -> int:
    row = _write_line(sheet, row, "表头的颜色", style.SECTION)
    colours = colours_of(template)
    for level in levels(template.root):
        for field in _one_of_each(level):
            need = "必填" if field.required else "选填"
            _look(colours[level.path], field).dress(sheet.cell(row, 1, f"{MARK}{need}" if field.required else need))
            row = _write_line(sheet, row, _meaning(template, level), Look(wraps=True), first=2)
    return row


def _one_of_each(level: Level) -> list[Field]:
    """A required field of the level and one that is not, as far as there are."""
    found = {field.required: field for field in level.fields}
    return [found[required] for required in (True, False) if required in found]


def _meaning(template: Template, level: Level) -> str:
    """Which rows share a level's cells."""
    if not level.keys:
        return "每一行的内容：每行都填"
    keys = "".join(f"「{key.label}」" for key in level.keys)
    if level is template.root:
        return f"{template.unit}的内容：{keys}相同的几行是同一个{template.unit}，填在第一行就行"
    return f"同一{template.unit}里{keys}相同的几行共用的内容：填在其中的第一行就行"


def _write_fields(sheet: Worksheet, row: int, template: Template) -> None:
    row = _write_line(sheet, row, "每一列怎么填", style.SECTION)
    _write_row(sheet, row, _GUIDE_HEADINGS, (style.HEAD,) * len(_GUIDE_HEADINGS))
    colours = colours_of(template)
    for at, field in enumerate(template.fields, row + 1):
        texts = (field.label, "必填" if field.required else "选填", field.kind.describe().zh, field.example, field.note.zh)
        _write_row(sheet, at, texts, (_look(colours[field.level], field), style.MIDDLE, style.CELL, style.CELL, style.CELL))


def _write_row(sheet: Worksheet, row: int, texts: Sequence[str], looks: Sequence[Look]) -> None:
    for number, (text, look) in enumerate(zip(texts, looks, strict=True), 1):
        cell: Any = sheet.cell(row, number, text or None)
        look.dress(cell, style.TEXT)
        if text:
            cell.data_type = "s"
    lines = max(line_count(text, width) for text, width in zip(texts, _GUIDE_WIDTHS, strict=True))
    sheet.row_dimensions[row].height = height_of(lines)
