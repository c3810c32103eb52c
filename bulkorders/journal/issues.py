"""Some of a batch's issues: those of a part of a sheet, or of some codes. A large batch has a hundred thousand."""

from collections.abc import Collection

from sqlalchemy import select

from bulkorders.core.issue import Issue

from .journal import Journal
from .tables import issues
from .views import issue_of


def issues_between(journal: Journal, batch: str, sheet: str, first_row: int, last_row: int) -> list[Issue]:
    """The issues at some rows of a sheet, in the workbook's order."""
    there = issues.c.batch == batch, issues.c.sheet == sheet, issues.c.row.between(first_row, last_row)
    with journal.read() as connection:
        return [issue_of(row, None) for row in connection.execute(select(issues).where(*there).order_by(issues.c.id))]


def issues_of_codes(journal: Journal, batch: str, codes: Collection[str], most: int) -> list[Issue]:
    """The first issues of some codes that stand at a cell, in the workbook's order."""
    of_codes = issues.c.batch == batch, issues.c.code.in_(codes), issues.c.row.is_not(None), issues.c.column.is_not(None)
    with journal.read() as connection:
        return [issue_of(row, None) for row in connection.execute(select(issues).where(*of_codes).order_by(issues.c.id).limit(most))]
