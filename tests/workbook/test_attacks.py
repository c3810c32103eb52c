"""Files that are meant to do harm: nothing is told, nothing is called, nothing runs away, and one sentence says why."""

import io
import os
import socket
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forked import Read, needs_fork, read
from raw_book import (
    BOOK,
    BOOK_RELATIONS,
    HEAD,
    SHEET,
    STRINGS,
    STYLES,
    archive,
    deflated,
    end,
    member,
    order_rows,
    packed,
    parts,
    sheet_rows,
)
from watched import check

from bulkorders.core.cell import column_letter
from bulkorders.providers.lingxing.fields import MCF_ORDERS

SECONDS = 10
"""Of the processor, for a file that is too large."""
AT_ONCE = 2
"""Seconds for one that is refused before it is parsed."""
MEMORY = 2_200_000_000
LIMITED = ("file_too_large", "too_much_memory")
CANARY = "canary-5f1e0c"
ROWS = sheet_rows(order_rows(MCF_ORDERS))

pytestmark = needs_fork
Put = Callable[[bytes], Read]


@pytest.fixture(name="put")
def make_put(tmp_path: Path) -> Put:
    """Reads a file, given its content, as the program's child does."""

    def put(content: bytes) -> Read:
        path = tmp_path / "orders.xlsx"
        path.write_bytes(content)
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        return read(path, scratch)

    return put


def assert_limited(found: Read, *words: str, seconds: float = SECONDS) -> None:
    """Refused in time, by a limit that the sentence names."""
    assert found.refused is not None
    assert found.refused.code in LIMITED
    assert [word for word in words if word not in found.refused.message.zh] == []
    assert found.seconds < seconds
    assert found.memory < MEMORY


def assert_read(found: Read, rows: int = 1) -> None:
    """Read as if nothing were."""
    assert [len(checked.places) for checked in found.checked] == [rows], found.refused
    assert found.seconds < SECONDS
    assert found.memory < MEMORY


# -- S2: entities ------------------------------------------------------------------------------------------------------------------
@pytest.fixture(name="listener")
def make_listener() -> Iterator[socket.socket]:
    """A server that nobody should call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def is_called(listener: socket.socket) -> bool:
    """Whether anybody has."""
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


PLACES = {
    "cell": (SHEET, ">A1<", ">{}<"),
    "strings": (STRINGS, "</sst>", "<si><t>{}</t></si></sst>"),
    "sheet name": (BOOK, 'name="S"', 'name="{}"'),
    "style": (STYLES, "<cellXfs", '<numFmts><numFmt numFmtId="164" formatCode="{}"/></numFmts><cellXfs'),
    "target": (BOOK_RELATIONS, "</Relationships>", '<Relationship Id="r9" Type="x" Target="{}"/></Relationships>'),
    "types": ("[Content_Types].xml", "</Types>", '<Override PartName="/{}" ContentType="x"/></Types>'),
}
"""Where a text of a workbook can stand: part, what is there, what is there with it."""


def with_entity(place: str, declared: str, text: str) -> bytes:
    """A workbook with a text of entities in a place, and what declares them."""
    part, before, after = PLACES[place]
    book = parts(ROWS)
    assert before in book[part]
    book[part] = book[part].replace(before, after.format(text), 1).replace(HEAD, HEAD + declared)
    return packed(book)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", ["file", "call", "parameter", "dtd"])
def test_an_external_entity_tells_and_calls_nothing(place: str, form: str, put: Put, listener: socket.socket, tmp_path: Path) -> None:
    """S2: the content of no file is in what is said, and no connection is made; the end comes at once."""
    (tmp_path / "secret.txt").write_text(CANARY)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    declared = {
        "file": f'<!DOCTYPE x [<!ENTITY e SYSTEM "{(tmp_path / "secret.txt").as_uri()}">]>',
        "call": f'<!DOCTYPE x [<!ENTITY e SYSTEM "{url}">]>',
        "parameter": f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{url}"> %p; <!ENTITY e "x">]>',
        "dtd": f'<!DOCTYPE x SYSTEM "{url}.dtd">',
    }
    found = put(with_entity(place, declared[form], "x" if form == "dtd" else "&e;"))
    assert CANARY not in repr(found)
    assert not is_called(listener)
    assert found.seconds < AT_ONCE


LAUGHS = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 12))
BOMBS = {
    "billion laughs": (f'<!DOCTYPE x [<!ENTITY e0 "ha">{LAUGHS}]>', "&e11;"),
    "quadratic": (f'<!DOCTYPE x [<!ENTITY e "{"x" * 50_000}">]>', "&e;" * 20_000),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("bomb", BOMBS)
def test_an_entity_that_grows_is_not_grown(place: str, bomb: str, put: Put) -> None:
    """S2: an entity of entities, and a long one that is named often, cost neither time nor memory."""
    found = put(with_entity(place, *BOMBS[bomb]))
    assert found.seconds < AT_ONCE
    assert found.memory < 400_000_000


# -- S3: archives ------------------------------------------------------------------------------------------------------------------
def whole(*more: tuple[str, bytes, int | None, int | None]) -> bytes:
    """An archive of a good workbook and of more members."""
    return archive([*((name, part.encode(), None, None) for name, part in parts(ROWS).items()), *more])


def test_an_archive_that_unpacks_to_much_more_is_refused(put: Put) -> None:
    """S3: a ratio of a thousand, told by the archive's directory."""
    assert_limited(put(whole(("xl/media/a.xml", b" " * 20_000_000, None, None))), "压缩比", "200:1", seconds=AT_ONCE)


def test_an_archive_that_says_that_it_unpacks_to_gigabytes_is_refused(put: Put) -> None:
    """S3: what the directory says is enough, also where it is said of many members that lie in one place."""
    assert_limited(put(whole(("xl/media/a.xml", b"x", 3_000_000_000, None))), "解开后的大小", "2048 MB", seconds=AT_ONCE)
    local, _ = member("xl/a.xml", os.urandom(1000) * 1000)
    entries = [member(f"xl/{at}.xml", b"", size=2_000_000)[1] for at in range(1500)]
    assert_limited(put(local + b"".join(entries) + end(1500, sum(map(len, entries)), len(local))), "解开后的大小", seconds=AT_ONCE)


def test_an_archive_of_very_many_members_is_refused(put: Put) -> None:
    """S3: by their number, and a directory of hundreds of thousands before it is read."""
    assert_limited(put(whole(*((f"xl/{at}.xml", b"", None, None) for at in range(2000)))), "内部文件数", "2000", seconds=AT_ONCE)
    local, _ = member(BOOK, b"")
    entries = b"".join(member(f"xl/{at:09}.xml", b"")[1] for at in range(300_000))
    assert_limited(put(local + entries + end(300_000, len(entries), len(local))), "内部目录", "4 MB", seconds=AT_ONCE)


@pytest.mark.parametrize("part", [SHEET, STRINGS, BOOK, STYLES, "xl/SHAREDSTRINGS.XML"])
def test_a_member_that_is_longer_than_its_directory_says_is_not_read(part: str, put: Put) -> None:
    """S3: it is left where what was said ends, whatever its checksum says; no reader meets the rest."""
    good = parts(ROWS).get(part, "<sst></sst>").encode()
    bomb = good + b" " * 300_000_000
    members = [(name, text.encode(), None, None) for name, text in parts(ROWS).items() if name != part]
    found = put(archive([*members, (part, bomb, len(good), _checksum(good))]))
    assert found.refused is not None
    assert found.seconds < AT_ONCE
    assert found.memory < 400_000_000


def _checksum(content: bytes) -> int:
    packed_once = io.BytesIO()
    with zipfile.ZipFile(packed_once, "w") as made:
        made.writestr("x", content)
        return made.getinfo("x").CRC


def test_an_archive_in_an_archive_is_not_opened(put: Put) -> None:
    """S3: it is a member like a picture; alone it is no workbook."""
    bomb = archive([("xl/workbook.xml", b" " * 20_000_000, None, None)])
    assert_read(put(whole(("xl/embeddings/a.xlsx", bomb, None, None))))
    found = put(archive([("a.zip", bomb, None, None)]))
    assert found.refused is not None
    assert found.refused.code == "not_workbook"


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "..\\..\\evil.txt", "/evil.txt", "C:\\evil.txt", "xl/../../evil.txt", "evil\0.txt", "xl/", ""]
)
def test_no_member_is_written_anywhere(name: str, put: Put, tmp_path: Path) -> None:
    """A name that leads out of the archive leads nowhere: members are read, not unpacked."""
    before = {path for path in tmp_path.parent.rglob("*") if path.name != "orders.xlsx"}
    assert_read(put(whole((name, b"evil", None, None))))
    made = {path.name for path in tmp_path.parent.rglob("*")} - {path.name for path in before}
    assert made <= {"orders.xlsx", "scratch", "answer", "said"}


# -- S3: sheets --------------------------------------------------------------------------------------------------------------------
FAR = {
    "corner": ('<c r="XFD1048576"><v>1</v></c>', ("列数", "16384", "500")),
    "box": ('<c r="SF1048576"><v>1</v></c>', ("格子数", "40000000")),
    "small letters": ('<c r="xfd1048576"><v>1</v></c>', ("列数", "16384")),
    "blanks": ('<c r = "XFD1048576"><v>1</v></c>', ("列数", "16384")),
    "a tab": ('<c\tr\n=\t"XFD1048576"><v>1</v></c>', ("列数", "16384")),
    "quotes": ("<c r='XFD1048576'><v>1</v></c>", ("列数",)),
    "prefix": ('<x:c xmlns:x="urn:x" r="XFD1048576"><x:v>1</x:v></x:c>', ("列数", "16384")),
    "another row": ('<c r="SF2"><v>1</v></c><c r="B1048576"><v>1</v></c><c r="C3"><v>1</v></c>', ("格子数", "40000000")),
}


@pytest.mark.parametrize("form", FAR)
def test_cells_far_apart_are_refused(form: str, put: Put) -> None:
    """S3: a reader would ask for half a terabyte; in whatever way the place is written, the limit is what is said."""
    cell, words = FAR[form]
    assert_limited(put(packed(parts(f'{ROWS}<row r="1048576">{cell}</row>'))), *words, seconds=AT_ONCE)


def test_a_cell_in_the_last_row_is_read(put: Put) -> None:
    """Phantom rows between it and the others cost no more than a sheet of that size."""
    assert_read(put(packed(parts(f'{ROWS}<row r="1048576"><c r="A1048576"><v>1</v></c></row>'))), rows=2)


def test_a_dimension_that_lies_is_not_believed(put: Put) -> None:
    """S3: all of Excel in it costs nothing, a single cell hides nothing."""
    for reference in ("A1:XFD1048576", "A1", "XFD1048576"):
        assert_read(put(packed(parts(ROWS, dimension=f'<dimension ref="{reference}"/>'))))


@pytest.mark.parametrize(("length", "times"), [(1_000_000, 3000), (32_767, 100_000)])
def test_a_long_text_that_is_named_often_is_refused(length: int, times: int, put: Put) -> None:
    """S3: gigabytes out of a small file."""
    cells = "".join(f'<row r="{at}"><c r="A{at}" t="s"><v>0</v></c></row>' for at in range(3, times + 3))
    assert_limited(put(packed(parts(ROWS + cells, strings=f"<si><t>{'x' * length}</t></si>"))))


def test_a_cell_of_more_characters_than_excel_has_is_refused_by_its_place(put: Put) -> None:
    """The limit is Excel's own, and named."""
    rows = order_rows(MCF_ORDERS)
    rows[1][7] = "x" * 32_768
    assert_limited(put(packed(parts(sheet_rows(rows)))), "H2", "32768", "32767", seconds=AT_ONCE)
    rows[1][7] = "x" * 32_767
    assert_read(put(packed(parts(sheet_rows(rows)))))


def test_a_million_shared_texts_are_read(put: Put) -> None:
    """S3: texts that no cell names cost what they weigh."""
    strings = "<si><t/></si>" * 1_000_000
    assert_read(put(packed({**parts(ROWS, strings=strings), "xl/media/picture.png": os.urandom(100_000)})))


def test_more_columns_than_a_sheet_has_are_refused(put: Put) -> None:
    """S15: 16,384 headings, at once; 501 are one too many, the last counts."""
    header, order = order_rows(MCF_ORDERS)
    for columns in (16_384, 501):
        wide = [*header, *(column_letter(at) for at in range(len(header), columns))]
        assert_limited(put(packed(parts(sheet_rows([wide, order])))), "列数", str(columns), "500", seconds=AT_ONCE)
    assert_read(put(packed(parts(sheet_rows([wide[:500], order])))))
    found = put((",".join(["店铺名", *(column_letter(at) for at in range(1, 16_384))]) + "\n").encode())
    assert_limited(found, "列数", "16384", seconds=AT_ONCE)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "waitid"), reason="this system does not tell what a process has used")
def test_thirty_million_shared_texts_stay_within_the_limits_of_the_program(tmp_path: Path) -> None:
    """S3: beside a picture that makes the ratio an ordinary one; the memory is that of all processes of the real program."""
    strings = parts(ROWS)[STRINGS].replace("</sst>", "").encode() + b"<si><t/></si>" * 30_000_000 + b"</sst>"
    book: dict[str, str | bytes] = {
        **parts(ROWS),
        STRINGS: strings,
        "xl/media/picture.png": os.urandom(len(deflated(strings[:1_000_000])) * 800),
    }
    (tmp_path / "orders.xlsx").write_bytes(packed(book))
    ran = check(tmp_path / "orders.xlsx", 150)
    assert ran.code in (0, 3), ran.err
    assert ran.memory < MEMORY
    assert ran.processor < 3 * SECONDS  # with the starting of two processes, on a slow machine
    assert ran.err == ""
