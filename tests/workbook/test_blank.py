"""The blank workbook shows what to fill in, keeps what is typed as it is typed, and reads back clean."""

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from making import CARTONS
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from bulkorders.core.field import Field
from bulkorders.core.kinds import Choice, Text
from bulkorders.core.template import Template
from bulkorders.providers import load_providers, template_modules
from bulkorders.workbook.blank import GUIDE_SHEET, LAST_ROW, LIST_SHEET, LONGEST_ERROR, write_blank
from bulkorders.workbook.isolated import check_workbook
from bulkorders.workbook.style import text_width

KEPT = Path(__file__).parents[2] / "templates"
TEMPLATES = [template for provider in load_providers().values() for template in provider.templates]
every_template = pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
LONG_LIST = tuple(f"第{number}种包装方式" for number in range(60))
WORDS = Template(
    "words",
    title="清单",
    unit="订单",
    display="number",
    fields=(
        Field("number", "单号", Text(identifier=True), "number", key=True, example="0001"),
        Field("few", "少", Choice(("甲", "乙")), "few", example="甲"),
        Field("open", "开放", Choice(("甲", "乙"), others=".+"), "open", required=False, example="甲"),
        Field("many", "多", Choice(LONG_LIST), "many", example=LONG_LIST[0]),
        Field("commas", "逗号", Choice(("A,B", "C")), "commas", required=False),
        Field("formula", "公式", Text(), "formula", required=False, example="=1+1"),
    ),
)
"""Drop-downs of every sort, and an example that looks like a formula."""


def written(template: Template, folder: Path) -> Any:
    """The blank workbook, read again."""
    write_blank(template, folder / "blank.xlsx")
    return load_workbook(folder / "blank.xlsx")


def columns(template: Template, sheet: Any) -> Iterator[tuple[Field, Any, Any]]:
    """Each field with its heading cell and its example cell."""
    for number, field in enumerate(template.fields, 1):
        yield field, sheet.cell(1, number), sheet.cell(2, number)


def drop_downs(sheet: Any) -> dict[str, Any]:
    """The validations of a sheet by column letter."""
    return {str(each.sqref).partition("2:")[0]: each for each in sheet.data_validations.dataValidation}


@every_template
def test_the_kept_file_is_what_the_tool_writes(template: Template, tmp_path: Path) -> None:
    """A kept file that lags behind the fields would teach merchants old rules: write it anew with `bulkorders template`."""
    write_blank(template, tmp_path / "blank.xlsx")
    assert (KEPT / f"{template.name}.xlsx").read_bytes() == (tmp_path / "blank.xlsx").read_bytes()


@pytest.mark.parametrize("template", [*TEMPLATES, CARTONS, WORDS], ids=lambda template: template.name)
def test_equal_templates_give_equal_bytes(template: Template, tmp_path: Path) -> None:
    """Neither the time nor the run shows in the file."""
    write_blank(template, tmp_path / "one.xlsx")
    write_blank(template, tmp_path / "other.xlsx")
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "other.xlsx").read_bytes()


@every_template
def test_it_reads_back_as_its_template_without_errors(template: Template) -> None:
    """A merchant who fills in nothing wrong is told of nothing wrong."""
    (checked,) = check_workbook(KEPT / f"{template.name}.xlsx", [], template_modules())
    assert checked.template == template.name
    assert checked.refused is None
    assert [issue.code for issue in checked.issues if issue.is_error] == []


@every_template
def test_its_example_row_is_no_order(template: Template) -> None:
    """The example is skipped with a note, so that nobody has to delete it."""
    (checked,) = check_workbook(KEPT / f"{template.name}.xlsx", [], template_modules())
    assert checked.places == []
    assert [issue.row for issue in checked.issues if issue.code == "example_row"] == [2]


@every_template
def test_the_guide_is_passed_over(template: Template) -> None:
    """The labels stand there too, one below the other, and that makes no header."""
    (checked,) = check_workbook(KEPT / f"{template.name}.xlsx", [], template_modules())
    assert [issue.code for issue in checked.issues if issue.sheet == GUIDE_SHEET] == ["sheet_passed"]


@every_template
def test_required_headings_have_a_star_and_optional_ones_none(template: Template, tmp_path: Path) -> None:
    """The mark that merchants know from other sheets."""
    for field, heading, _ in columns(template, written(template, tmp_path).worksheets[0]):
        assert heading.value == ("*" if field.required else "") + field.label


def test_colours_tell_levels_and_required_fields_apart(tmp_path: Path) -> None:
    """One look at the header says what must be filled in, and what belongs to the order, the carton, the SKU."""
    sheet = written(CARTONS, tmp_path).worksheets[0]
    colours: dict[tuple[str, bool], set[str]] = {}
    for field, heading, _ in columns(CARTONS, sheet):
        colours.setdefault((field.level, field.required), set()).add(heading.fill.fgColor.rgb)
    assert all(len(found) == 1 for found in colours.values())
    assert len({next(iter(found)) for found in colours.values()}) == len(colours) == 6


@every_template
def test_no_label_is_cut(template: Template, tmp_path: Path) -> None:
    """Headings wrap onto two lines at most, and the row has room for two; a Chinese sign is two wide."""
    sheet = written(template, tmp_path).worksheets[0]
    assert sheet.row_dimensions[1].height >= 30
    for _, heading, _ in columns(template, sheet):
        assert heading.alignment.wrap_text
        assert text_width(heading.value) <= 2 * (sheet.column_dimensions[heading.column_letter].width - 3)


@every_template
def test_the_header_is_frozen(template: Template, tmp_path: Path) -> None:
    """The headings stay in sight on the thousandth row."""
    assert written(template, tmp_path).worksheets[0].freeze_panes == "A2"


@every_template
def test_columns_have_the_number_format_of_their_kind(template: Template, tmp_path: Path) -> None:
    """Text columns are formatted as text down to the last row, so that Excel keeps zeros and long digits."""
    sheet = written(template, tmp_path).worksheets[0]
    for number, field in enumerate(template.fields, 1):
        assert sheet.column_dimensions[get_column_letter(number)].number_format == field.kind.number_format
        assert sheet.cell(2, number).number_format == field.kind.number_format


@pytest.mark.parametrize("template", [*TEMPLATES, CARTONS], ids=lambda template: template.name)
def test_examples_are_typed_as_merchants_would(template: Template, tmp_path: Path) -> None:
    """Numbers as numbers, days as dates, identifiers as text, in grey italics."""
    for field, _, example in columns(template, written(template, tmp_path).worksheets[0]):
        kind = {"0": int, "General": int | float, "yyyy-mm-dd": dt.datetime}.get(field.kind.number_format, str)
        assert isinstance(example.value, kind), field.name
        assert example.font.italic


@every_template
def test_every_choice_is_a_drop_down_over_the_whole_column(template: Template, tmp_path: Path) -> None:
    """From the example row to Excel's last row, with a Chinese text for what is not in it."""
    validations = drop_downs(written(template, tmp_path).worksheets[0])
    choices = {get_column_letter(number): field for number, field in enumerate(template.fields, 1) if field.kind.choices}
    assert validations.keys() == choices.keys()
    for letter, validation in validations.items():
        assert str(validation.sqref) == f"{letter}2:{letter}{LAST_ROW}"
        assert validation.showErrorMessage
        assert 0 < len(validation.error) <= LONGEST_ERROR


def test_a_short_list_stands_in_the_validation(tmp_path: Path) -> None:
    """It then survives when a merchant copies the sheet into another workbook."""
    assert drop_downs(written(WORDS, tmp_path).worksheets[0])["B"].formula1 == '"甲,乙"'


@pytest.mark.parametrize(("letter", "column", "choices"), [("D", "A", LONG_LIST), ("E", "B", ("A,B", "C"))])
def test_a_list_that_does_not_fit_stands_on_a_hidden_sheet(letter: str, column: str, choices: tuple[str, ...], tmp_path: Path) -> None:
    """Excel takes 255 characters, parted by commas; a file with more is called damaged."""
    book = written(WORDS, tmp_path)
    assert drop_downs(book.worksheets[0])[letter].formula1 == f"'{LIST_SHEET}'!${column}$1:${column}${len(choices)}"
    assert tuple(cell.value for cell in book[LIST_SHEET][column] if cell.value) == choices
    assert book[LIST_SHEET].sheet_state == "hidden"


def test_a_list_that_may_grow_asks_instead_of_refusing(tmp_path: Path) -> None:
    """Where other words may be right, Excel only warns."""
    validations = drop_downs(written(WORDS, tmp_path).worksheets[0])
    assert (validations["B"].errorStyle, validations["C"].errorStyle) == ("stop", "warning")


@every_template
def test_each_heading_has_a_comment_that_says_what_to_fill_in(template: Template, tmp_path: Path) -> None:
    """What may be typed, whether it is required, the note, the example."""
    for field, heading, _ in columns(template, written(template, tmp_path).worksheets[0]):
        said = heading.comment.text
        assert all(text in said for text in (field.label, field.kind.describe().zh, field.note.zh, field.example))
        assert ("（必填）" if field.required else "（选填，可以不填）") in said


def test_a_long_comment_has_a_tall_box(tmp_path: Path) -> None:
    """Excel does not grow a comment's box by itself."""
    write_blank(WORDS, tmp_path / "blank.xlsx")
    with zipfile.ZipFile(tmp_path / "blank.xlsx") as archive:
        shapes = archive.read("xl/drawings/commentsDrawing1.vml").decode()
    heights = [int(height) for height in re.findall(r"height:([0-9]+)px", shapes)]
    assert heights[3] > 3 * heights[1]


def test_an_example_that_looks_like_a_formula_is_text(tmp_path: Path) -> None:
    """Nothing that the template shows is ever computed."""
    book = written(WORDS, tmp_path)
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert [cell.data_type for cell in cells] == ["s", "s"]


@every_template
def test_the_guide_tells_of_every_field(template: Template, tmp_path: Path) -> None:
    """Label, required or not, what may be typed, example, note."""
    rows = list(written(template, tmp_path)[GUIDE_SHEET].iter_rows(values_only=True))
    for field in template.fields:
        told = (field.label, "必填" if field.required else "选填", field.kind.describe().zh, field.example or None, field.note.zh or None)
        assert told in rows


@every_template
def test_the_guide_has_the_templates_notes_as_numbered_lines(template: Template, tmp_path: Path) -> None:
    """In the order in which the template has them."""
    first = [row[0] for row in written(template, tmp_path)[GUIDE_SHEET].iter_rows(values_only=True)]
    assert first[1 : 1 + len(template.notes)] == [f"{number}. {note}" for number, note in enumerate(template.notes, 1)]


def test_the_guide_explains_the_colours_of_the_header(tmp_path: Path) -> None:
    """Each colour of the header stands in the legend."""
    book = written(CARTONS, tmp_path)
    used = {heading.fill.fgColor.rgb for _, heading, _ in columns(CARTONS, book.worksheets[0])}
    shown = {row[0].fill.fgColor.rgb for row in book[GUIDE_SHEET].iter_rows() if row[0].value in ("*必填", "选填")}
    assert shown == used


@every_template
def test_both_sheets_print_on_the_width_of_a_page(template: Template, tmp_path: Path) -> None:
    """Nobody glues pages together."""
    for sheet in written(template, tmp_path).worksheets[:2]:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToHeight == 0
