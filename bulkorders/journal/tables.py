"""The journal's tables. Times are UTC; JSON columns hold names and plain values."""

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

HEAD = "0005"
"""The newest migration; a journal that stands at another one is upgraded first, or is from a newer version."""


class Utc(TypeDecorator[dt.datetime]):
    """A time with its zone in the program, UTC without one in the table."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """To the table. Raises ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        """From the table."""
        return value.replace(tzinfo=dt.UTC) if value is not None else None


metadata = MetaData()

meta = Table("meta", metadata, Column("name", String(40), primary_key=True), Column("value", Text, nullable=False))
"""`journal_id`: tells this journal from any other; `incomplete`: why it may not know all orders; `tidied_at`: when it last forgot."""

tokens = Table(
    "tokens",
    metadata,
    Column("principal", String(300), primary_key=True),
    Column("access", Text, nullable=False),
    Column("refresh", Text),
    Column("expires_at", Utc, nullable=False),
)

gates = Table(
    "gates",
    metadata,
    Column("gate", String(400), primary_key=True),
    Column("paused_at", Utc),  # a person has paused the account
    Column("seconds", Float),  # from one order to the next, as measured last
)

facts = Table(
    "facts",
    metadata,
    Column("principal", String(300), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("at", Utc, nullable=False),
)
"""What a remote has said of an account that holds for a while, such as its stores."""

batches = Table(
    "batches",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("file", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("template", String(80), nullable=False),
    Column("status", String(12), nullable=False),  # draft, released
    Column("is_test", Boolean, nullable=False),
    Column("rows", JSON, nullable=False),  # {"read", "blank", "valid", "invalid"}
    Column("sheets", JSON, nullable=False),  # {sheet: {"header_row", "columns": {field: letter}}}
    Column("turn", Integer, nullable=False, server_default="0"),  # batches with orders to send take turns: the lowest is next
    Column("updatable", Boolean, nullable=False, server_default=false()),  # whether the remote can modify orders
    Column("paused", Boolean, nullable=False, server_default=false()),  # after refusals that would only go on
    Column("keeps_going", Boolean, nullable=False, server_default=false()),  # whatever is refused
    Column("by_whom", String(200)),
    Column("profile", String(200)),
    Column("created_at", Utc, nullable=False),
    Column("released_at", Utc),
    Column("forgotten_at", Utc),  # the file and what is personal are no longer kept
    Index("batches_paused", "id", sqlite_where=text("paused = 1")),
    Index("batches_by_whom", "by_whom", "created_at"),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("gate", String(400), nullable=False),
    Column("template", String(80), nullable=False),
    Column("display", Text, nullable=False),
    Column("key", JSON, nullable=False),  # {label: value}
    Column("payload", LargeBinary, nullable=False),  # frozen: every attempt sends these bytes
    Column("digest", String(64)),  # SHA-256 of the payload: what a disk has changed is not sent
    Column("fingerprint", String(80), nullable=False),
    Column("status", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),  # those that the remote may have processed
    Column("waits", Integer, nullable=False),  # answers in a row that proved "not processed"
    Column("due", Utc),  # when to send again, or to ask again
    Column("updates", Boolean, nullable=False, server_default=false()),  # modifies the revision before
    Column("void", Boolean, nullable=False, server_default=false()),  # a modification that was not made: the revision before counts
    Column("taken", Boolean, nullable=False, server_default=false()),  # the remote may have it from us, of this revision or another
    Column("asks", Integer, nullable=False, server_default="0"),  # how often the remote was asked what became of it
    Column("batch", String(40), nullable=False),  # which first brought this revision
    Column("zh", Text),  # the message
    Column("en", Text),
    Column("request_id", Text),
    Column("remote_id", Text),
    Column("tracking_number", Text),
    Column("carrier", Text),
    Column("submitted_at", Utc),
    UniqueConstraint("identity", "revision"),
    Index("orders_by_gate", "gate", "status", "batch", "id"),
    Index("orders_by_due", "gate", "due", sqlite_where=text("due IS NOT NULL")),
)

placements = Table(
    "placements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch", String(40), ForeignKey("batches.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("display", Text, nullable=False),
    Column("key", JSON, nullable=False),  # {label: value}
    Column("rows", JSON, nullable=False),  # [[sheet, row], ...]
    Column("account", String(200)),
    Column("gate", String(400)),
    Column("identity", String(64)),
    Column("fingerprint", String(80)),
    Column("payload", LargeBinary),  # of a draft; on release it moves to the order
    Column("digest", String(64)),  # SHA-256 of the payload
    Column("order_id", Integer, ForeignKey("orders.id")),
    Column("fate", String(12)),  # where it is not the order's own: invalid, skipped, changed
    Column("zh", Text),  # the message
    Column("en", Text),
    UniqueConstraint("batch", "position"),
    Index("placements_by_order", "order_id"),
)

issues = Table(
    "issues",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch", String(40), ForeignKey("batches.id"), nullable=False),
    Column("position", Integer),  # of the placement it belongs to, if any
    Column("code", String(60), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("sheet", Text),
    Column("row", Integer),
    Column("column", String(4)),
    Column("label", Text),
    Column("field", String(80)),
    Column("value", Text),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    Index("issues_by_batch", "batch"),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("order_id", Integer, ForeignKey("orders.id"), nullable=False),
    Column("at", Utc, nullable=False),
    Column("before", String(12)),
    Column("after", String(12), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("code", String(40)),
    Column("message", Text),
    Column("request_id", Text),
    Index("events_by_order", "order_id"),
)

drops = Table(
    "drops",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("folder", Text, nullable=False),
    Column("name", Text, nullable=False),  # as it was dropped
    Column("content_hash", String(64)),  # as soon as it was read
    Column("path", Text, nullable=False),  # where the file lies, within the folder
    Column("goes", Text),  # where it is being moved to: after a kill it lies at one of the two
    Column("status", String(12), nullable=False),  # claimed, entered, finished
    Column("batches", JSON, nullable=False),  # [id, ...]
    Column("verdict", String(12)),  # done, failed, skipped
    Column("zh", Text),  # what was said of it
    Column("en", Text),
    Column("results", Text),  # where its results lie, within the folder
    Column("shown", String(64)),  # what tells whether they show what the journal has now
    Column("at", Utc, nullable=False),
    Column("finished_at", Utc),
    UniqueConstraint("folder", "path"),
    Index("drops_by_content", "folder", "content_hash"),
    Index("drops_open", "folder", sqlite_where=text("status <> 'finished'")),
)
"""Files that were dropped into folders."""

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target", String(200), nullable=False),  # the name of a [notify.*]
    Column("key", String(300), nullable=False),  # what it is about: a target is told each thing once
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("due", Utc),  # when to try to send it; nothing once it was sent or given up
    Column("tries", Integer, nullable=False),
    Column("sent_at", Utc),
    Column("given_up_at", Utc),
    Column("at", Utc, nullable=False),
    UniqueConstraint("target", "key"),
    Index("notices_due", "due", sqlite_where=text("due IS NOT NULL")),
)
"""What people are to be told: an outbox."""

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("folded", String(100), nullable=False, unique=True),  # the name in small letters: two that look alike are one
    Column("role", String(12), nullable=False),  # operator, admin
    Column("password", String(200), nullable=False),  # scrypt, with its parameters and salt
    Column("created_at", Utc, nullable=False),
    Column("disabled_at", Utc),
    Column("failures", Integer, nullable=False, server_default="0"),  # wrong passwords in a row
    Column("failed_at", Utc),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of what the cookie holds
    Column("user_id", Integer, ForeignKey("users.id"), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Index("sessions_by_user", "user_id"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("user_id", Integer, ForeignKey("users.id"), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("name", String(100), nullable=False),
    Column("seen_at", Utc),
    Index("api_tokens_by_user", "user_id"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("by_whom", String(200), nullable=False),
    Column("file", Text, nullable=False),  # as the merchant calls it
    Column("content_hash", String(64), nullable=False),
    Column("account", String(200)),  # the only one that its orders may go to
    Column("status", String(12), nullable=False),  # queued, checking, checked, refused
    Column("refused", JSON),  # {"code", "zh", "en", "best_header"}
    Column("batches", JSON, nullable=False),  # [id, ...]
    Column("at", Utc, nullable=False),
    Column("finished_at", Utc),
    Index("uploads_open", "status", "at"),
)
"""Files that were uploaded in a browser or over the API: they wait for their check."""

corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch", String(40), ForeignKey("batches.id"), nullable=False),
    Column("sheet", Text, nullable=False),
    Column("row", Integer, nullable=False),
    Column("column", String(4), nullable=False),  # its letter
    Column("text", Text, nullable=False),
    Column("by_whom", String(200)),
    Column("at", Utc, nullable=False),
    Index("corrections_by_batch", "batch"),
)
"""What was changed in cells before they were sent: the last one of a cell counts."""
