"""What the API takes and gives, as OpenAPI describes it. Answers are built elsewhere; tests compare them with this."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bulkorders.core.result import Fate

FATES = tuple(fate.value for fate in Fate)
MOST_ROWS = 1_048_576
LONGEST_TEXT = 32_767
Count = Annotated[int, Field(ge=0)]


class Asked(BaseModel):
    """What stands in the query of an address. `lang`: the language of messages."""

    model_config = ConfigDict(extra="forbid")

    lang: Literal["zh", "en"] | None = None


class AskedPart(Asked):
    """Which part of a list."""

    start: int = Field(0, alias="from", ge=0, le=10_000_000)
    count: int = Field(100, ge=1, le=500)


class AskedOrders(AskedPart):
    """Which part of a batch's orders, and of which fate alone."""

    status: Fate | None = None


class AskedBatch(Asked):
    """Whether each order's outcome is told, too."""

    outcomes: bool = False


class AskedCells(Asked):
    """Which rows of which sheet; the first sheet where none is named."""

    sheet: str | None = Field(None, max_length=255)
    first: int = Field(1, ge=1, le=MOST_ROWS)
    count: int = Field(100, ge=1, le=500)


class AskedHistory(Asked):
    """What is looked for. `text`: a part of an order's number or of the file's name; days are those of the journal's zone."""

    text: str = Field("", max_length=200)
    status: Fate | Literal["draft", "sending", "done"] | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    page: int = Field(1, ge=1, le=100_000)


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _whole(value: object) -> object:
    """JSON knows one kind of numbers: 5.0 is 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Cell(_Given):
    """A cell and what it is to say; an empty text empties it."""

    sheet: str = Field(min_length=1, max_length=255)
    row: Annotated[int, Field(ge=1, le=MOST_ROWS), BeforeValidator(_whole)]
    column: str = Field(pattern=r"^[A-Z]{1,3}$", examples=["C"])
    text: str = Field(max_length=LONGEST_TEXT)


Cells = Annotated[list[Cell], Field(min_length=1, max_length=500)]


class Submission(_Given):
    """How a batch is submitted. `only_good`: although some of its orders are invalid."""

    only_good: bool = False
    update: bool = False
    keep_going: bool = False


class Resumption(_Given):
    """How a batch goes on. `keep_going`: however many of its orders are refused alike."""

    keep_going: bool = False


# -- answers -------------------------------------------------------------------------------------------------------------------
class Reason(BaseModel):
    """Why a request was refused: a code for programs, a sentence for people."""

    code: str
    message: str


class BestHeader(BaseModel):
    """The row that looks most like a template's header."""

    sheet: str
    row: int
    matched: list[str]
    missing: list[str]


class Refused(Reason):
    """Why a file was refused."""

    best_header: BestHeader | None


class Upload(BaseModel):
    """An uploaded file. `ahead`: how many are checked before it."""

    id: str
    file: str
    state: Literal["queued", "checking", "checked", "refused"]
    ahead: Count
    refused: Refused | None
    batches: list[str]


class Latest(BaseModel):
    """What became of an order just now."""

    order: str
    status: Fate
    word: str
    message: str | None
    at: str


class Progress(BaseModel):
    """How far a batch is. `unfinished`: nothing goes on now, and something is left."""

    batch: str
    state: Literal["draft", "sending", "paused", "unfinished", "done"]
    read: Count
    counts: dict[Fate, Count]
    per_minute: float | None
    seconds_left: float | None
    paused: str | None
    event: Count
    latest: list[Latest]


class Line(BaseModel):
    """A batch in the list of all."""

    batch: str
    file: str
    template: str
    title: str
    by_whom: str | None
    state: str
    read: Count
    counts: dict[Fate, Count]
    created_at: str
    released_at: str | None


class Lines(BaseModel):
    """A page of the list, and how long the whole list is."""

    total: Count
    batches: list[Line]


class Issue(BaseModel):
    """What is wrong with a cell, a row, an order or a sheet."""

    sheet: str | None
    row: int | None
    column: str | None
    label: str | None
    field: str | None
    order: str | None
    code: str
    severity: Literal["error", "warning", "note"]
    value: str | None
    message: str


class Issues(BaseModel):
    """A part of a batch's issues, in the sheet's order."""

    total: Count
    issues: list[Issue]


class Batch(BaseModel):
    """A batch as the command line's JSON has it, and how it stands. `orders`: `read` and each fate."""

    batch: str
    file: str
    template: str
    refused: None
    accounts: list[dict[str, Any]]
    rows: dict[str, Count]
    issues: list[Issue]
    orders: dict[str, Count]
    results: None
    written: None
    outcomes: list[dict[str, Any]] | None = None
    state: str
    by_whom: str | None
    siblings: list[str]
    progress: Progress


class Value(BaseModel):
    """A value under its label."""

    label: str
    value: str | None


class Level(BaseModel):
    """The elements of a level within: items, cartons, SKUs."""

    level: str
    elements: list["Element"]


class Element(BaseModel):
    """An order or a part of it."""

    fields: list[Value]
    children: list[Level]


class Order(BaseModel):
    """An order as it was or will be sent; no values where nothing was made of it."""

    position: Count
    order: str
    account: str | None
    status: Fate
    word: str
    message: str | None
    rows: str
    values: Element | None


class Orders(BaseModel):
    """A part of a batch's orders."""

    total: Count
    orders: list[Order]


class Mark(BaseModel):
    """What is wrong with a cell."""

    severity: Literal["error", "warning", "note"]
    message: str
    code: str


class Row(BaseModel):
    """A row's cells as people see them."""

    row: int
    cells: list[str]


class Grid(BaseModel):
    """Some rows of a sheet. `first`, `last`: of the sheet. `fields`: the columns that are read. `marks`: by row and column."""

    sheet: str
    columns: list[str]
    fields: list[str]
    header_row: int | None
    first: int
    last: int
    rows: list[Row]
    marks: dict[str, dict[str, list[Mark]]]


class Checked(BaseModel):
    """How many orders a batch has now, and how many of them may be sent."""

    read: Count
    valid: Count
    invalid: Count


class Rechecked(BaseModel):
    """What cells were corrected for."""

    orders: Checked


class Submitted(BaseModel):
    """What was released: every batch of the workbook."""

    batches: list[str]


class Template(BaseModel):
    """A kind of workbook."""

    name: str
    title: str
    unit: str


class Account(BaseModel):
    """An account that orders can go to."""

    name: str
    provider: str
    is_test: bool
    paused: bool
