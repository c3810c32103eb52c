"""CSV and its kin: encodings, delimiters, quotes; rows numbered as Excel shows them."""

import csv
import io
from pathlib import Path

import pytest
from books import LABELS, ROWS, codes, payloads, plain, read, refused

from bulkorders.providers.lingxing.fields import MCF_ORDERS
from bulkorders.workbook.read_text import decode

WIDTH = len(LABELS)


def text_of(delimiter: str = ",", end: str = "\r\n", **changed: str) -> str:
    """The plain orders as a text file; `changed` cells of the first order by field name."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
    writer.writerow(LABELS)
    for number, row in enumerate(ROWS):
        writer.writerow([str((row | (changed if number < 2 else {})).get(field.name, "")) for field in MCF_ORDERS.fields])
    return file.getvalue()


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    """A file of this text."""
    path = folder / "orders.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_text_file_is_read_as_its_workbook(encoding: str, delimiter: str, end: str, tmp_path: Path) -> None:
    """Whatever stands between its cells and ends its lines, in all encodings that Excel and WPS write."""
    path = written(tmp_path, text_of(delimiter, end), encoding)
    assert payloads(path) == payloads(plain(tmp_path / "plain.xlsx"))


def test_lines_above_the_table_and_ragged_rows_do_not_matter(tmp_path: Path) -> None:
    """Exports have up to two dozen lines of preamble, with delimiters of their own, and rows that end early."""
    preamble = "".join(f"导出说明 {number},,操作员: 张三; 部门: 物流\n" for number in range(20))
    text = text_of().rstrip("\r\n") + ",,,\r\n合计\r\n"
    path = written(tmp_path, f"{preamble}\n{text}", "gb18030")
    assert len(payloads(path)) == 2
    assert read(path).places[0].row == 23


def test_a_row_has_the_number_that_excel_shows(tmp_path: Path) -> None:
    """A cell with a line break in quotes makes no row of its own; an empty line is one."""
    head, *rest = text_of(address2="Unit 4\nBack door").split("\r\n")
    path = written(tmp_path, "\r\n".join([head, "", *rest]))
    assert [place.row for place in read(path).places] == [3, 4, 5]
    assert "line_break" in codes(path)


def test_excels_own_line_about_the_delimiter_is_no_row(tmp_path: Path) -> None:
    """`sep=;` says what stands between the cells, and Excel does not show it."""
    path = written(tmp_path, "sep=;\r\n" + text_of(";"))
    assert read(path).places[0].row == 2


@pytest.mark.parametrize(("typed", "meant"), [('="00796"', "00796"), ("'00796", "00796"), ("00796\t", "00796"), ("＝00796", "=00796")])
def test_identifiers_are_read_as_excel_shows_them(typed: str, meant: str, tmp_path: Path) -> None:
    """`="00796"` and an apostrophe keep zeros in a text file; a tab behind an identifier does the same."""
    assert payloads(written(tmp_path, text_of(order_id_for_packing=typed)))[0]["order_id_for_packing"] == meant


def test_quotes_that_are_not_in_pairs_are_refused_with_their_row(tmp_path: Path) -> None:
    """An opening quote that nothing closes would swallow the orders behind it."""
    lines = text_of().split("\r\n")
    lines[2] = lines[2].replace("Jack Smith", '"Jack Smith', 1)
    found = read(written(tmp_path, "\r\n".join(lines))).refused
    assert found is not None
    assert found.code == "quotes_unpaired"
    assert "第 3 行" in found.message.zh


def test_a_quote_inside_a_cell_is_a_quote(tmp_path: Path) -> None:
    """An inch sign needs no partner."""
    assert payloads(written(tmp_path, text_of().replace("Unit 4", '5" pipe')))[0]["address2"] == '5" pipe'


def test_an_encoding_that_nobody_can_tell_is_refused(tmp_path: Path) -> None:
    """Latin-1 would be taken for Chinese, a letter with its neighbour at a time: never a name of other letters."""
    text = ",".join(field.path.removeprefix("item_list[].") for field in MCF_ORDERS.fields) + "\r\nJosé,Müller,Español\r\n"
    assert refused(written(tmp_path, text, "latin-1")) == "encoding_unknown"


@pytest.mark.parametrize("text", ["订单号", "店铺名,订单号\n龘鿕,😀", "é 中文,ß"])
def test_short_texts_in_gb18030_are_chinese(text: str) -> None:
    """Detectors take them for Korean or Latin."""
    assert decode(text.encode("gb18030")) == text


def test_a_cell_longer_than_excels_is_refused_with_the_limit(tmp_path: Path) -> None:
    """32,767 characters."""
    found = read(written(tmp_path, text_of(remark="x" * 32_768))).refused
    assert found is not None
    assert found.code == "file_too_large"
    assert "32767" in found.message.zh
