"""A journal opened: its engine, its folder, its transactions.

SQLite with WAL and `synchronous=FULL`; every writing transaction is `BEGIN IMMEDIATE`, since a deferred one that reads before it
writes fails at once under load, whatever the busy timeout.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from bulkorders.errors import JournalError, os_reason

from .tables import HEAD, meta

BUSY_SECONDS = 30
_READING = "reading"


@dataclass(frozen=True)
class Journal:
    """An open journal. `folder` is where its gates and the merchants' files lie, beside it."""

    engine: Engine
    folder: Path
    id: str

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A short transaction that only reads: one state of the journal, let go at the end."""
        with _as_journal_error(str(self.engine.url.database)), self.engine.connect().execution_options(**{_READING: True}) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes; committed at the end, rolled back by an exception."""
        with _as_journal_error(str(self.engine.url.database)), self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Lets go of the files."""
        self.engine.dispose()


def open_journal(url: str) -> Journal:
    """Opens a journal by its SQLAlchemy URL, and makes or upgrades it where needed. Raises JournalError."""
    parsed = _parse(url)
    path = Path(parsed.database or "").resolve()  # by whatever name: its gates lie beside the file itself
    folder = path.with_name(path.name + ".files")
    with _as_journal_error(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)  # what SQLite puts beside it takes its mode
        with FileLock(folder / "open.lock", timeout=BUSY_SECONDS):
            engine = _engine(parsed)
            _prepare(engine)
    with engine.connect() as connection:
        identifier = connection.execute(select(meta.c.value).where(meta.c.name == "journal_id")).scalar_one()
    return Journal(engine, folder, identifier)


def _parse(url: str) -> URL:
    """A URL, or a plain path of a SQLite file."""
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
    except (ArgumentError, ValueError) as error:
        raise JournalError(f"journal 写得不对，应像 sqlite:///文件：{url}", f"not a journal URL: {url}") from error
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise JournalError(
            "journal 只能是一个 SQLite 文件，例如 sqlite:////var/lib/bulkorders/journal.db", "the journal must be a SQLite file"
        )
    return parsed


def _engine(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins no transaction of its own
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get(_READING)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _prepare(engine: Engine) -> None:
    """Makes a new journal, or upgrades an old one. Called under the file lock."""
    if _version(engine) != HEAD:
        from .migrate import upgrade

        upgrade(engine)
    with engine.begin() as connection:
        connection.execute(insert(meta).values(name="journal_id", value=uuid.uuid4().hex).on_conflict_do_nothing())


def _version(engine: Engine) -> str | None:
    with engine.connect().execution_options(**{_READING: True}) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


_REASONS = (
    ("not a database", "那里不是流水账文件，或它已经损坏", "it is no journal, or damaged"),
    ("malformed", "文件已经损坏", "it is damaged"),
    ("locked", "正被别的程序占用，请稍后再试", "another program holds it; try again later"),
    ("readonly", "没有写的权限", "no right to write"),
    ("full", "磁盘满了", "the disk is full"),
    ("unable to open", "打不开，请核对路径和权限", "it cannot be opened; check path and rights"),
    ("disk i/o", "磁盘读写出错", "the disk fails"),
)


@contextmanager
def _as_journal_error(path: str) -> Iterator[None]:
    """What the database or the disk says, as one sentence. The statement's values are never quoted."""
    try:
        yield
    except DatabaseError as error:
        said = str(error.orig).casefold()
        zh, en = next(((zh, en) for word, zh, en in _REASONS if word in said), ("数据库出错", "the database fails"))
        raise JournalError(f"流水账 {path} 用不了：{zh}。", f"the journal {path} cannot be used: {en}.") from error
    except OSError as error:
        busy = ("正被别的程序占用，请稍后再试", "another program holds it; try again later")
        zh, en = busy if isinstance(error, TimeoutError) else os_reason(error)
        raise JournalError(f"流水账 {path} 打不开：{zh}。", f"the journal {path} cannot be opened: {en}.") from error
