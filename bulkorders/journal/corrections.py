"""Corrections to the cells of drafts, and the drafts that they make anew."""

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from bulkorders.core.correction import Correction, latest
from bulkorders.errors import UsageError

from .batches import insert_orders
from .journal import Journal
from .records import NewBatch
from .tables import batches, corrections, issues, placements


def corrections_of(journal: Journal, names: Sequence[str]) -> tuple[list[Correction], int]:
    """The corrections of some batches, of each cell the last one; and the number of the newest, 0 where there is none."""
    with journal.read() as connection:
        rows = connection.execute(select(corrections).where(corrections.c.batch.in_(names)).order_by(corrections.c.id)).all()
    found = latest(Correction(row.sheet, row.row, row.column, row.text) for row in rows)
    return found, rows[-1].id if rows else 0


def replace_drafts(
    journal: Journal, drafts: Sequence[NewBatch], added: Mapping[str, Sequence[Correction]], seen: int, by_whom: str, now: dt.datetime
) -> bool:  # fmt: skip
    """Writes corrections down, by the drafts that they belong to, with the orders and issues that the drafts have by them now.

    `seen`: the newest correction that the drafts know of; gives False, and changes nothing, where there is a newer one. Raises UsageError
    where one of them is no draft any more, JournalError.
    """
    names = [draft.id for draft in drafts]
    with journal.write() as connection:
        _refuse_others(connection, names)
        newest = select(func.max(corrections.c.id)).where(corrections.c.batch.in_(names))
        if (connection.execute(newest).scalar() or 0) != seen:
            return False
        values = [
            {"batch": name, "sheet": each.sheet, "row": each.row, "column": each.column, "text": each.text, "by_whom": by_whom, "at": now}
            for name, found in added.items()
            for each in found
        ]
        if values:
            connection.execute(insert(corrections), values)
        for draft in drafts:
            _replace(connection, draft)
        return True


def _refuse_others(connection: Connection, names: Sequence[str]) -> None:
    found = connection.execute(select(batches.c.status).where(batches.c.id.in_(names))).scalars().all()
    if "released" in found:
        raise UsageError("这份表格刚刚已经提交，不能再改。", "the workbook has just been submitted and cannot be changed any more.")
    if len(found) < len(names):
        raise UsageError("这份草稿已经删除，不能再改。", "the draft was dropped and cannot be changed any more.")


def _replace(connection: Connection, draft: NewBatch) -> None:
    for table in (issues, placements):
        connection.execute(delete(table).where(table.c.batch == draft.id))
    values = {"rows": dict(draft.rows), "sheets": dict(draft.sheets), "is_test": draft.is_test}
    connection.execute(update(batches).where(batches.c.id == draft.id).values(values))
    insert_orders(connection, draft)
