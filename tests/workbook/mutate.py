"""Damages workbooks: in the bytes of the container, and in the XML inside it, where the container stays whole."""

import io
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Sequence
from random import Random

NUMBERS = (
    "", "0", "-1", "1", "65535", "65536", "1048576", "1048577", "2147483648", "4294967296", "9223372036854775808", "1e400", "-1e400",
    "1e-400", "NaN", "INF", "0x10", "1,5", "９", "1" * 400, "60", "2958466", "-0.5",
)  # fmt: skip
"""What a number in a workbook is replaced by: the edges of its types, and what is none."""
REFERENCES = (
    "A0",
    "A1",
    "XFD1048576",
    "XFE1",
    "A1048577",
    "ZZZZ99999999999",
    "",
    "1A",
    "a1",
    "A-1",
    "$A$1",
    "A1:B2",
    "Sheet1!A1",
    "R1C1",
    "AA",
)
TEXTS = (
    "",
    " ",
    "x" * 40_000,
    "&#0;",
    "&nosuch;",
    "&#x10FFFF;",
    "\0",
    "\ufffe",
    "\ud7ff",
    "<",
    "]]>",
    "../../x",
    "=1+1",
    "真",
    "_x0000_",
    "e",
    "s",
    "b",
    "str",
    "d",
)
TYPES = ("s", "n", "b", "e", "d", "str", "inlineStr", "", "x")
PARTS = (
    (re.compile(r"xl/worksheets/sheet\d+\.xml"), 8),
    (re.compile(r"xl/sharedStrings\.xml"), 3),
    (re.compile(r"xl/styles\.xml"), 3),
    (re.compile(r"xl/workbook\.xml"), 3),
    (re.compile(r".*\.rels|\[Content_Types\]\.xml"), 2),
    (re.compile(r".*"), 1),
)
"""How often a part is damaged, by its name."""


def mutate(content: bytes, random: Random) -> bytes:
    """A damaged copy of a file: one to four damages, mostly inside where it is an archive."""
    is_archive = content.startswith(b"PK")
    for _ in range(random.choice((1, 1, 2, 4))):
        inside = is_archive and random.random() < 0.75
        content = _mutate_part(content, random) if inside else random.choice(BYTES)(content, random)
        is_archive = is_archive and inside
    return content


# -- bytes -------------------------------------------------------------------------------------------------------------------------
def _block(content: bytes, random: Random) -> tuple[int, int]:
    start = random.randrange(len(content) + 1)
    return start, min(start + random.choice((1, 2, 4, 16, 128, 512, 4096)), len(content))


def flip(content: bytes, random: Random) -> bytes:
    """Some bytes are others."""
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 3, 20)) if changed else 0):
        changed[random.randrange(len(changed))] = random.choice((0, 0x22, 0x3C, 0x7F, 0xFF, random.randrange(256)))
    return bytes(changed)


def cut(content: bytes, random: Random) -> bytes:
    """A piece is missing."""
    start, end = _block(content, random)
    return content[:start] + content[end:]


def cut_off(content: bytes, random: Random) -> bytes:
    """The end is missing."""
    return content[: random.randrange(len(content) + 1)]


def insert(content: bytes, random: Random) -> bytes:
    """Something stands between."""
    start, _ = _block(content, random)
    return content[:start] + random.choice((b"\0", b"\xff" * 7, b'"', b"\r\n", random.randbytes(100), b"\0" * 4096)) + content[start:]


def swap(content: bytes, random: Random) -> bytes:
    """Two pieces have changed places."""
    (a, b), (c, d) = sorted((_block(content, random), _block(content, random)))
    return content if b > c else content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def repeat(content: bytes, random: Random) -> bytes:
    """A piece stands there twice, or a hundred times."""
    start, end = _block(content, random)
    return content[:start] + content[start:end] * random.choice((2, 3, 100)) + content[end:]


def number(content: bytes, random: Random) -> bytes:
    """Where a length or a place may stand, there is another."""
    size = random.choice((2, 4))
    at = random.randrange(max(len(content) - size, 1))
    value = random.choice((0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)) & (256**size - 1)
    return content[:at] + struct.pack("<L", value)[:size] + content[at + size :]


BYTES: Sequence[Callable[[bytes, Random], bytes]] = (flip, flip, cut, cut_off, insert, swap, repeat, number, number)


# -- the parts of an archive -------------------------------------------------------------------------------------------------------
def _mutate_part(content: bytes, random: Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    if not parts:
        return content
    if random.random() < 0.05:
        parts = random.choice((_without, _renamed, _doubled, _exchanged))(parts, random)
    else:
        at = _choose(parts, random)
        name, part = parts[at]
        parts[at] = (name, _mutate_xml(part, random))
    return pack(parts, random.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)))


def pack(parts: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of parts, names that stand twice too."""
    packed = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w", method) as archive:
        warnings.simplefilter("ignore")  # two parts of one name
        for name, part in parts:
            archive.writestr(zipfile.ZipInfo(name), part, method)
    return packed.getvalue()


def _choose(parts: Sequence[tuple[str, bytes]], random: Random) -> int:
    weights = [next(weight for form, weight in PARTS if form.fullmatch(name)) for name, _ in parts]
    return random.choices(range(len(parts)), weights)[0]


Parts = list[tuple[str, bytes]]


def _without(parts: Parts, random: Random) -> Parts:
    gone = random.randrange(len(parts))
    return [part for at, part in enumerate(parts) if at != gone]


def _renamed(parts: Parts, random: Random) -> Parts:
    at = random.randrange(len(parts))
    name = parts[at][0]
    return [
        *parts[:at],
        (random.choice((name.upper(), "/" + name, "../" + name, name.replace("/", "\\"), name + "x")), parts[at][1]),
        *parts[at + 1 :],
    ]


def _doubled(parts: Parts, random: Random) -> Parts:
    name, part = random.choice(parts)
    return [*parts, (name, _mutate_xml(part, random))]


def _exchanged(parts: Parts, random: Random) -> Parts:
    at, to = random.randrange(len(parts)), random.randrange(len(parts))
    found = list(parts)
    found[at], found[to] = (parts[at][0], parts[to][1]), (parts[to][0], parts[at][1])
    return found


# -- the XML of a part -------------------------------------------------------------------------------------------------------------
def _mutate_xml(part: bytes, random: Random) -> bytes:
    text = part.decode("utf-8", "surrogateescape")
    return random.choice(XML)(text, random).encode("utf-8", "surrogateescape")


def _replaced(form: str, values: Sequence[str]) -> Callable[[str, Random], str]:
    """A damage: one place of a form, or all, gets another value."""
    compiled = re.compile(form)

    def damage(text: str, random: Random) -> str:
        found = list(compiled.finditer(text))
        if not found:
            return text
        for each in sorted(random.sample(found, 1 if random.random() < 0.8 else min(len(found), 50)), key=lambda one: -one.start(1)):
            text = text[: each.start(1)] + random.choice(values) + text[each.end(1) :]
        return text

    return damage


def _byte(text: str, random: Random) -> str:
    return flip(text.encode("utf-8", "surrogateescape"), random).decode("utf-8", "surrogateescape")


def _element(text: str, random: Random) -> str:
    """A tag is gone, stands there twice, or has changed places with another; or an element nests a hundred times."""
    tags = list(re.finditer(r"<[^<>]+>", text))
    if len(tags) < 2:
        return text
    one, other = sorted(random.sample(tags, 2), key=lambda tag: tag.start())
    match random.randrange(4):
        case 0:
            return text[: one.start()] + text[one.end() :]
        case 1:
            return text[: one.end()] + one[0] * random.choice((1, 100)) + text[one.end() :]
        case 2:
            return text[: one.start()] + other[0] + text[one.end() : other.start()] + one[0] + text[other.end() :]
        case _:
            return text[: one.start()] + text[one.start() : other.end()] * random.choice((2, 20)) + text[other.end() :]


def _declared(text: str, random: Random) -> str:
    """Something stands before the root that has no place there, or the encoding is said to be another."""
    kinds = ('<!DOCTYPE x [<!ENTITY y "z">]>', "<!-- -->", "<?pi?>", "\ufeff", "x", '<!DOCTYPE x SYSTEM "nowhere.dtd">')
    if random.random() < 0.3:
        return re.sub(r'encoding="[^"]*"', f'encoding="{random.choice(("UTF-16", "GB18030", "latin-1", "nosuch"))}"', text, count=1)
    start = text.find("?>") + 2 if text.startswith("<?xml") else 0
    return text[:start] + random.choice(kinds) + text[start:]


def _namespace(text: str, random: Random) -> str:
    found = sorted(set(re.findall(r'xmlns(?::\w+)?="([^"]*)"', text)))
    return (
        text.replace(random.choice(found), random.choice(("", "urn:x", "http://purl.oclc.org/ooxml/spreadsheetml/main"))) if found else text
    )


XML: Sequence[Callable[[str, Random], str]] = (
    _byte,
    _element,
    _element,
    _declared,
    _namespace,
    _replaced(r'="([^"]*)"', (*NUMBERS, *TEXTS)),
    _replaced(r'="(-?[0-9.]+)"', NUMBERS),
    _replaced(r">([^<>]+)<", (*NUMBERS, *TEXTS)),
    _replaced(r"<v>([^<]*)</v>", (*NUMBERS, "x")),
    _replaced(r't="s"[^<>]*><v>([^<]*)</v>', NUMBERS),
    _replaced(r' r="([A-Z]+[0-9]+)"', REFERENCES),
    _replaced(r' ref="([^"]*)"', (*REFERENCES, "A1:XFD1048576", "B2:A1", "A1:A1:A1", "A0:A0", "A1:")),
    _replaced(r'<row [^<>]*r="([0-9]+)"', NUMBERS),
    _replaced(r'<c [^<>]*\bt="([^"]*)"', TYPES),
    _replaced(r'<c [^<>]*\bs="([^"]*)"', NUMBERS),
    _replaced(r"<f[^<>]*>([^<]*)</f>", TEXTS),
    _replaced(r'formatCode="([^"]*)"', ("0" * 255, "0" * 300, '"', "[", "\\", "yyyy", "[<5]0", '0"' * 50, "_", "*")),
    _replaced(r'(?:Target|Id|r:id)="([^"]*)"', (*TEXTS, "/xl/worksheets/sheet1.xml", "http://127.0.0.1/x", "file:///etc/passwd")),
)
