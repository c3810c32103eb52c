"""A journal opened: its engine, its folder, its transactions.

SQLite with WAL and `synchronous=FULL`; every writing transaction is `BEGIN IMMEDIATE`, since a deferred one that reads before it
writes fails at once under load, whatever the busy timeout.
"""

import sqlite3
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, delete, event, func, inspect, select, text
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from bulkorders.core.words import Words
from bulkorders.crash import crash_point
from bulkorders.errors import JournalError, os_reason

from .ready import Ready
from .side import Side
from .tables import HEAD, events, meta

BUSY_SECONDS = 30
CHECKED_EACH_TIME = 64 * 1024 * 1024
"""Bytes up to which a journal is looked through whenever it is opened: that takes some tenths of a second."""
CHECKED_SECONDS = 24 * 60 * 60
_READING, _IF_FREE = "reading", "if free"
_FREE_SECONDS = 0.05
"""How long somebody waits for his turn to write who can do without."""
_NEWEST_EVENT = Ready(select(func.max(events.c.id)))
_BEGIN_READING, _BEGIN_WRITING = Ready(text("BEGIN")), Ready(text("BEGIN IMMEDIATE"))


@dataclass(frozen=True)
class Journal:
    """An open journal. `folder` is where its gates and the merchants' files lie, beside it.

    `incomplete`: why it may not know every order that was created; each is looked up before it is sent. `noticed`: that was found now.
    """

    engine: Engine
    folder: Path
    id: str
    side: Side
    incomplete: Words | None = None
    noticed: bool = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A short transaction that only reads: one state of the journal, let go at the end."""
        with _as_journal_error(str(self.engine.url.database)), self.engine.connect().execution_options(**{_READING: True}) as connection:
            yield connection

    @contextmanager
    def write(self, *, if_free: bool = False) -> Iterator[Connection]:
        """A transaction that writes; committed at the end, rolled back by an exception. Raises JournalError.

        `if_free`: nobody who is writing just now is waited for.
        """
        with _as_journal_error(str(self.engine.url.database)):
            with self.engine.connect().execution_options(**{_IF_FREE: if_free}) as connection, connection.begin():
                yield connection
                newest = _NEWEST_EVENT.execute(connection).fetchone()[0] or 0
                crash_point()
            crash_point()
            self.side.note(self.id, newest)

    def empty_log(self) -> None:
        """Takes what was overwritten out of the log, too; where others use it just now, the last of them does. Raises JournalError."""
        with _as_journal_error(str(self.engine.url.database)), closing(self.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Lets go of the files."""
        self.engine.dispose()


def open_journal(url: str) -> Journal:
    """Opens a journal by its SQLAlchemy URL, and makes or upgrades it where needed. Raises JournalError.

    One that is gone or older than it was is opened as incomplete; one that is damaged, or of a newer version, is refused.
    """
    path = journal_path(url)
    folder = path.with_name(path.name + ".files")
    with _as_journal_error(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        with FileLock(folder / "open.lock", timeout=BUSY_SECONDS, mode=0o600):
            _refuse_a_log_alone(path)
            path.touch(mode=0o600)  # what SQLite puts beside it takes its mode
            engine = _engine(_parse(url))
            try:
                return _prepared(Journal(engine, folder, "", Side(path.with_name(path.name + ".side"))))
            except BaseException:
                engine.dispose()
                raise


def journal_path(url: str) -> Path:
    """The file of a journal's URL, by whatever name: its gates lie beside the file itself. Raises JournalError."""
    return Path(_parse(url).database or "").resolve()


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
    # who waits to write holds a connection meanwhile: others still read
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, max_overflow=-1)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins no transaction of its own
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get(_IF_FREE):
            _begin_if_free(connection)
        else:
            (_BEGIN_READING if options.get(_READING) else _BEGIN_WRITING).execute(connection)

    return engine


def _begin_if_free(connection: Connection) -> None:
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {1000 * _FREE_SECONDS:.0f}")
    try:
        _BEGIN_WRITING.execute(connection)
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {1000 * BUSY_SECONDS}")


def _refuse_a_log_alone(path: Path) -> None:
    """A write-ahead log whose journal is gone would be taken for a new one's."""
    log = path.with_name(path.name + "-wal")
    if (not path.exists() or not path.stat().st_size) and log.exists() and log.stat().st_size:
        raise JournalError(
            f"流水账 {path} 不见了，只剩下 {log.name}：请从备份恢复；找不回来就把 {log.name} 移走，再运行一次。",
            f"the journal {path} is gone, only {log.name} is left: restore it from a backup, or move {log.name} away and run again.",
        )


def _prepared(journal: Journal) -> Journal:
    """A new journal made, or an old one checked and upgraded. Called under the file lock."""
    version = _version(journal.engine)
    if version is not None:
        check_pages(journal)
    if version != HEAD:
        from .migrate import upgrade

        upgrade(journal.engine)
    with journal.engine.begin() as connection:
        connection.execute(insert(meta).values(name="journal_id", value=uuid.uuid4().hex).on_conflict_do_nothing())
        kept = {row.name: row.value for row in connection.execute(select(meta))}
        newest = connection.execute(select(func.max(events.c.id))).scalar() or 0
        lacks = _missing(journal, kept, newest)
        if lacks:
            said = insert(meta).values(name="incomplete", value=f"{lacks.zh}|{lacks.en}")
            connection.execute(said.on_conflict_do_update(index_elements=["name"], set_={"value": said.excluded.value}))
    journal.side.note(kept["journal_id"], newest)
    told = kept.get("incomplete")
    incomplete = lacks or (Words(*told.split("|", 1)) if told else None)
    return replace(journal, id=kept["journal_id"], incomplete=incomplete, noticed=lacks is not None)


def _missing(journal: Journal, kept: Mapping[str, str], newest: int) -> Words | None:
    """What the journal lacks, as far as that is news: a backup put to its place has no side file, and says itself that it is one."""
    if "incomplete" in kept and not journal.side.path.exists():
        return None
    has_traces = any(path.suffix == ".xlsx" or path.name.startswith("gate-") for path in journal.folder.iterdir())
    return journal.side.missing(kept["journal_id"], newest, has_traces=has_traces)


def check_pages(journal: Journal, *, always: bool = False) -> None:
    """Looks for damage in the journal's pages and indices. Raises JournalError.

    A large journal is looked through once a day, unless `always`.
    """
    stamp = journal.folder / "checked"
    path = Path(str(journal.engine.url.database))
    is_recent = stamp.exists() and time.time() - stamp.stat().st_mtime < CHECKED_SECONDS
    if not always and is_recent and path.stat().st_size > CHECKED_EACH_TIME:
        return
    with journal.read() as connection:
        said = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        loose = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if said != "ok" or loose is not None:
        raise JournalError(
            f"流水账 {path} 已经损坏，没有使用它：请从备份恢复（bulkorders journal backup 留的那份），或联系技术支持。",
            f"the journal {path} is damaged and was not used: restore it from a backup.",
        )
    with suppress(OSError):  # then it is looked through again
        stamp.touch(mode=0o600)


def _version(engine: Engine) -> str | None:
    with engine.connect().execution_options(**{_READING: True}) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


_DAMAGED = ("文件已经损坏，请从备份恢复", "it is damaged: restore it from a backup")
_REASONS = (
    ("not a database", "那里不是流水账文件，或它已经损坏", "it is no journal, or damaged"),
    ("malformed", *_DAMAGED),
    ("decode", *_DAMAGED),
    ("locked", "正被别的程序占用，请稍后再试", "another program holds it; try again later"),
    ("readonly", "没有写的权限", "no right to write"),
    ("full", "磁盘满了", "the disk is full"),
    ("unable to open", "打不开，请核对路径和权限", "it cannot be opened; check path and rights"),
    ("disk i/o", "磁盘读写出错", "the disk fails"),
)


def database_reason(said: str) -> tuple[str, str]:
    """Why the database refused, in a few words of each language."""
    return next(((zh, en) for word, zh, en in _REASONS if word in said.casefold()), ("数据库出错", "the database fails"))


@contextmanager
def _as_journal_error(path: str) -> Iterator[None]:
    """What the database or the disk says, as one sentence. The statement's values are never quoted."""
    try:
        yield
    except (DatabaseError, sqlite3.Error) as error:
        zh, en = database_reason(str(error.orig if isinstance(error, DatabaseError) else error))
        raise JournalError(f"流水账 {path} 用不了：{zh}。", f"the journal {path} cannot be used: {en}.") from error
    except UnicodeEncodeError:  # what was to be written is wrong, not the file: a bug of ours, and no reason to restore anything
        raise
    except (ValueError, TypeError) as error:  # a time, a text or a JSON that nobody has written like this
        raise JournalError(f"流水账 {path} 用不了：{_DAMAGED[0]}。", f"the journal {path} cannot be used: {_DAMAGED[1]}.") from error
    except OSError as error:
        busy = ("正被别的程序占用，请稍后再试", "another program holds it; try again later")
        zh, en = busy if isinstance(error, TimeoutError) else os_reason(error)
        raise JournalError(f"流水账 {path} 打不开：{zh}。", f"the journal {path} cannot be opened: {en}.") from error


def declare_complete(journal: Journal) -> None:
    """A person has compared a journal that was gone or restored with the remotes: orders are no longer looked up first."""
    with journal.write() as connection:
        connection.execute(delete(meta).where(meta.c.name == "incomplete"))
