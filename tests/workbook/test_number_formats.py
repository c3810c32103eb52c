"""Number formats with words: what a cell shows, and that it is read so, or that it is said how it is read."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from books import patched
from making import CARTONS, carton_row
from tiny_xls import Formatted, write_xls

from bulkorders.core.cell import MarkKind
from bulkorders.core.check import check
from bulkorders.core.checked import Checked
from bulkorders.workbook.formats import read_format
from bulkorders.workbook.read import read_tables


@pytest.mark.parametrize(
    ("code", "number", "shown", "words"),
    [
        ('0"g"', 500, "500g", "g"), ('0.00 "lb"', 27.5, "27.50 lb", "lb"), (r"0\ \k\g", 12, "12 kg", "kg"), ('0" kg"', 12.6, "13 kg", "kg"),
        ('General"克"', 12.5, "12.5克", "克"), ('G/通用格式"克"', 3, "3克", "克"), ("[$¥-804]#,##0.00", 1234.5, "¥1,234.50", "¥"),
        ('_ "¥"* #,##0.00_ ;_ "¥"* \\-#,##0.00_ ', 9.9, "¥9.90", "¥"), ("0%", 0.5, "50%", "%"), ('0.0,"kg"', 12500, "12.5kg", "kg"),
        ('[<1000]0"g";0.0##,"kg"', 500, "500g", "g"), ('[<1000]0"g";0.0##,"kg"', 1250, "1.25kg", "kg"), (r"0\"", 3, '3"', '"'),
        ('"毛重"0.0"kg"', 2, "毛重2.0kg", "毛重 kg"), ('0"g";-0"g"', -5, "-5g", "g"), ('"是";;"否"', 1, "是", "是"),
        ('"是";;"否"', 0, "否", "否"),
        ("0 ㎏", 5, "5 ㎏", "㎏"), ('[Red]0"磅"', 7, "7磅", "磅"), ('0.##"m"', 3, "3m", "m"),
    ],
)  # fmt: skip
def test_a_format_with_words_shows_them_as_excel_does(code: str, number: float, shown: str, words: str) -> None:
    """Quoted, escaped, in brackets; before the number and behind it; for some numbers only; with the number made smaller."""
    read = read_format(code)
    mark = read.mark(number) if read else None
    assert mark is not None
    assert (mark.kind, mark.text, mark.words, mark.number) == (MarkKind.WORDED, shown, words, number)


@pytest.mark.parametrize(
    "code",
    [
        "General", "0", "0.00", "#,##0", "0;-0;;@", "@", "", "yyyy-mm-dd", 'yyyy"年"m"月"d"日"', '[h]"小时"', '0"时"mm"分"', "0.00E+00",
        "# ?/?", "_ * #,##0.00_ ;_ * -#,##0.00_ ", '"x"' * 100, ";;;", "[Red]0", "[>5]0;0",
    ],
)  # fmt: skip
def test_numbers_without_words_dates_and_times_are_not_marked(code: str) -> None:
    """They are read by their value, or are no numbers."""
    read = read_format(code)
    assert read is None or read.mark(12) is None


def test_no_code_is_too_strange_to_be_read() -> None:
    """The longest of one sign after another, with the largest and the smallest number."""
    for sign in '%,.0#"\\[]$;_*!/@<>=元gG-( ':
        for code in (sign * 255, "0" + sign * 254, sign * 254 + "0", f'{sign * 120}0{sign * 120}"g"', f'0.{sign * 200}"g"'):
            read = read_format(code)
            marks = [read.mark(number) for number in (0, 1e20, -1e20, 1e-300)] if read else []
            assert all(mark is None or mark.kind in (MarkKind.WORDED, MarkKind.PADDED) for mark in marks)


# -- as cells ------------------------------------------------------------------------------------------------------------------
NAMES = [field.name for field in CARTONS.fields]


def formatted(path: Path, codes: dict[str, str], cells: Mapping[str, Any], labels: Mapping[str, str] | None = None) -> Checked:
    """A workbook of one row of CARTONS with such cells, some of a number format."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([(labels or {}).get(field.name, field.label) for field in CARTONS.fields])
    row = carton_row(**cells)
    sheet.append([row.get(name) for name in NAMES])
    for name, code in codes.items():
        sheet.cell(2, NAMES.index(name) + 1).number_format = code
    book.save(path)
    return checked_of(path)


def checked_of(path: Path) -> Checked:
    """A file as CARTONS."""
    tables = read_tables(path)
    assert isinstance(tables, list)
    (checked,) = check(tables, [CARTONS])
    return checked


def test_the_fields_own_unit_in_a_number_format_is_fine(tmp_path: Path) -> None:
    """Nothing is to be said."""
    for code in ('0.00"kg"', '0.0 "KG"', 'General"公斤"', r"0\ \k\g", '0"kg/箱"'):
        checked = formatted(tmp_path / "orders.xlsx", {"weight": code}, {"weight": 12.5})
        assert (checked.columns["weight"], checked.issues) == ([Decimal("12.5")], [])


@pytest.mark.parametrize(
    ("field", "code", "number", "value"),
    [
        ("weight", '0"g"', 500, "0.5"), ("weight", 'General"克"', 12500.5, "12.5005"), ("weight", '0.00"t"', 0.01, "10"),
        ("length", '0 "mm"', 405, "40.5"), ("length", '0.00"米"', 0.4, "40"), ("net", '0.0,"kg"', 1234, "1.234"),
    ],
)  # fmt: skip
def test_a_metric_relative_in_a_number_format_is_converted_exactly_and_said(
    field: str, code: str, number: float, value: str, tmp_path: Path
) -> None:
    """The merchant sees 500g, and 0.5 kg is sent."""
    checked = formatted(tmp_path / "orders.xlsx", {field: code}, {field: number})
    assert checked.columns[field] == [Decimal(value)]
    (issue,) = checked.issues
    assert (issue.code, issue.severity, issue.field) == ("cell_unit_converted", "note", field)
    assert f"{value} {CARTONS[field].unit}" in issue.message.zh


@pytest.mark.parametrize(
    ("field", "code", "found"),
    [
        ("weight", '0.00 "lb"', "lb"), ("weight", '0"磅"', "磅"), ("weight", '0"cm"', "cm"), ("length", '0"in"', "in"),
        ("length", r"0\"", '"'),
        ("worth", '"¥"#,##0.00', "¥"), ("worth", '[$HK$-C04]0.00', "HK$"), ("worth", '0.00"元"', "元"),
    ],
)  # fmt: skip
def test_another_unit_in_a_number_format_is_refused_naming_both(field: str, code: str, found: str, tmp_path: Path) -> None:
    """Pounds are no kilograms, however the cell came to them; the order is held."""
    checked = formatted(tmp_path / "orders.xlsx", {field: code}, {field: 12})
    assert checked.bad.keys() == {(0, field)}
    (issue,) = checked.issues
    assert issue.code == "cell_unit_mismatch"
    assert f"显示的单位是 {found}，" in issue.message.zh
    assert f"要用 {CARTONS[field].unit}" in issue.message.zh


def test_a_unit_where_none_is_wanted_is_refused(tmp_path: Path) -> None:
    """12 kg are no quantity."""
    checked = formatted(tmp_path / "orders.xlsx", {"quantity": '0"kg"'}, {"quantity": 12})
    assert [issue.code for issue in checked.issues] == ["cell_unit_unwanted"]


def test_a_word_of_counting_says_nothing_new_and_any_other_is_told(tmp_path: Path) -> None:
    """12件 are 12; of a dozen boxes, and of a percentage, it is said what is read."""
    assert formatted(tmp_path / "orders.xlsx", {"quantity": '0"件"'}, {"quantity": 12}).issues == []
    for code in ('0"打"', "0%", "0.00%"):
        checked = formatted(tmp_path / "orders.xlsx", {"quantity": code}, {"quantity": 12})
        assert checked.columns["quantity"] == [12]
        assert [issue.code for issue in checked.issues] == ["cell_words"]


def test_the_unit_of_a_cell_goes_before_that_of_its_heading(tmp_path: Path) -> None:
    """A column in grams: 500g is as said, 0.5kg is told."""
    for code, number, codes in (('0"g"', 500, []), ('0.0"kg"', 0.5, ["cell_unit_converted"]), ("0", 500, [])):
        checked = formatted(tmp_path / "orders.xlsx", {"weight": code}, {"weight": number}, {"weight": "箱重(g)"})
        assert checked.columns["weight"] == [Decimal("0.5")]
        assert [issue.code for issue in checked.issues if issue.code != "unit_converted"] == codes


def test_a_text_is_read_as_its_number_format_shows_it(tmp_path: Path) -> None:
    """What a remark, a code or a choice says is what the merchant sees, and that is said."""
    codes = {"remark": '0"号箱"', "sku": '"SKU"0', "insured": '"是";;"否"'}
    checked = formatted(tmp_path / "orders.xlsx", codes, {"remark": 3, "sku": 7, "insured": 0})
    assert [checked.columns[name] for name in ("remark", "sku", "insured")] == [["3号箱"], ["SKU7"], [False]]
    assert [issue.code for issue in checked.issues] == ["as_shown"] * 3


def test_an_xls_tells_the_words_of_its_formats_too(tmp_path: Path) -> None:
    """As an .xlsx does."""
    row = carton_row(weight=Formatted(500, '0"g"'), length=Formatted(12, '0.0"in"'), quantity=Formatted(2, '0"件"'))
    write_xls(tmp_path / "orders.xls", [[field.label for field in CARTONS.fields], [row.get(name) for name in NAMES]])
    checked = checked_of(tmp_path / "orders.xls")
    assert [checked.columns[name] for name in ("weight", "length", "quantity")] == [[Decimal("0.5")], [None], [2]]
    assert [issue.code for issue in checked.issues] == ["cell_unit_converted", "cell_unit_mismatch"]


def test_a_formula_is_read_as_its_number_format_shows_its_result(tmp_path: Path) -> None:
    """The unit counts whether the number was typed or calculated."""
    path = tmp_path / "orders.xlsx"
    formatted(path, {"weight": '0"g"'}, {"weight": 500})
    patched(path, tmp_path / "other.xlsx", lambda _, content: content.replace(b"<v>500</v>", b"<f>250+250</f><v>500</v>"))
    assert checked_of(tmp_path / "other.xlsx").columns["weight"] == [Decimal("0.5")]
