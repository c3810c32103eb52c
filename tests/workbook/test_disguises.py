"""Files that are not what they are called: each is read for what it is, or refused with one sentence that says what to do."""

import json
import os
from pathlib import Path

import pytest
from forked import needs_fork, read
from raw_book import archive, order_rows, packed, parts, sheet_rows
from tiny_xls import compound, write_xls
from watched import check

from bulkorders.providers.lingxing.fields import MCF_ORDERS

GRID = order_rows(MCF_ORDERS)
GOOD = packed(parts(sheet_rows(GRID)))
HTML = "<html><body><table><tr><td>店铺名</td></tr></table></body></html>"
XML_SHEET = '<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>'
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(100)
ENCRYPTED = compound(bytes(5000)).replace(
    "Workbook".encode("utf-16-le").ljust(64, b"\0"), "EncryptedPackage".encode("utf-16-le").ljust(64, b"\0")
)


def with_password() -> bytes:
    """An archive whose members have a password: bit 0 of each one's flags."""
    content = bytearray(archive([(name, part.encode(), None, None) for name, part in parts("").items()]))
    for sign, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = content.find(sign)
        while place >= 0:
            content[place + at] |= 1
            place = content.find(sign, place + 1)
    return bytes(content)


REFUSED = {
    "encrypted": ("orders.xlsx", ENCRYPTED, "encrypted"),
    "encrypted members": ("orders.xlsx", with_password(), "encrypted"),
    "empty": ("orders.xlsx", b"", "empty_file"),
    "picture": ("orders.xlsx", PNG, "not_workbook"),
    "jpeg": ("orders.xls", b"\xff\xd8\xff\xe0" + bytes(100), "not_workbook"),
    "pdf": ("orders.xlsx", b"%PDF-1.7\n", "not_workbook"),
    "html": ("orders.xls", HTML.encode(), "not_workbook"),
    "html with a mark": ("orders.xls", HTML.encode("utf-8-sig"), "not_workbook"),
    "html in utf-16": ("orders.xls", HTML.encode("utf-16"), "not_workbook"),
    "xml": ("orders.xls", XML_SHEET.encode(), "not_workbook"),
    "archive": ("orders.xlsx", archive([("a.txt", b"x", None, None)]), "not_workbook"),
    "program": ("orders.xlsx", b"\x7fELF" + bytes(100), "not_workbook"),
    "nothing but zeros": ("orders.xlsx", bytes(1000), "not_workbook"),
    "head only": ("orders.xlsx", GOOD[:100], "broken_file"),
    "no end": ("orders.xlsx", GOOD[:-30], "broken_file"),
    "half": ("orders.xlsx", GOOD[: len(GOOD) // 2], "broken_file"),
    "half an old one": ("orders.xls", compound(bytes(20_000))[:3000], None),
    "an old one of nothing": ("orders.xls", compound(bytes(20_000)), None),
}  # fmt: skip


@needs_fork
@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_workbook_is_refused_with_one_sentence(kind: str, tmp_path: Path) -> None:
    """S5: by its content; the sentence says what to do, and names no library and no path."""
    name, content, code = REFUSED[kind]
    (tmp_path / name).write_bytes(content)
    (tmp_path / "scratch").mkdir()
    refused = read(tmp_path / name, tmp_path / "scratch").refused
    assert refused is not None
    assert code in (None, refused.code)
    sentence = refused.message.zh
    assert sentence.count("。") == 1
    assert sentence.endswith("。")
    assert "请" in sentence
    assert [word for word in ("calamine", "xlrd", "openpyxl", "zip", "Error", "/", "\n") if word in sentence] == []


READ = {
    "xlsx called csv": ("orders.csv", GOOD),
    "xlsx called xls": ("orders.xls", GOOD),
    "csv called xlsx": ("orders.xlsx", "\n".join(",".join(str(cell or "") for cell in row) for row in GRID).encode()),
    "macros": ("orders.xlsm", packed({**parts(sheet_rows(GRID)), "xl/vbaProject.bin": bytes(10_000)})),
    "links": (
        "orders.xlsx",
        packed(
            {**parts(sheet_rows(GRID)), "xl/externalLinks/externalLink1.xml": "<externalLink/>", "xl/connections.xml": "<connections/>"}
        ),
    ),
}


@needs_fork
@pytest.mark.parametrize("kind", READ)
def test_what_is_a_workbook_is_read_whatever_it_is_called(kind: str, tmp_path: Path) -> None:
    """S5: the name says nothing; macros and links are not looked at."""
    name, content = READ[kind]
    (tmp_path / name).write_bytes(content)
    (tmp_path / "scratch").mkdir()
    assert [len(checked.places) for checked in read(tmp_path / name, tmp_path / "scratch").checked] == [1]


@needs_fork
def test_an_old_workbook_called_xlsx_is_read(tmp_path: Path) -> None:
    """S5: an `.xls` is one whatever it is called."""
    write_xls(tmp_path / "orders.xlsx", GRID)
    (tmp_path / "scratch").mkdir()
    assert [len(checked.places) for checked in read(tmp_path / "orders.xlsx", tmp_path / "scratch").checked] == [1]


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="this system does not tell what a process has used")
@pytest.mark.parametrize("kind", ["encrypted", "html", "half"])
def test_the_program_says_one_sentence_and_ends_with_3(kind: str, tmp_path: Path) -> None:
    """S5, from end to end."""
    name, content, code = REFUSED[kind]
    (tmp_path / name).write_bytes(content)
    ran = check(tmp_path / name, 90)
    assert (ran.code, ran.err) == (3, "")
    assert json.loads(ran.out)["refused"]["code"] == code
