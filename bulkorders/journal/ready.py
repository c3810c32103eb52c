"""Statements that are carried out for each order: compiled once, then handed to the driver as they are.

SQLAlchemy's own way from a statement to the driver takes several times longer than SQLite takes to carry it out.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.expression import ClauseElement


class _Bind(NamedTuple):
    """A parameter: its name, what it is where nothing is given, how the driver takes it."""

    name: str
    usual: object
    convert: Callable[[Any], Any] | None

    def of(self, values: Mapping[str, object]) -> object:
        """Its value."""
        value = values.get(self.name, self.usual)
        return value if self.convert is None else self.convert(value)


class Ready:
    """One statement. Raises what the driver raises."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, Sequence[_Bind]]] = {}

    def execute(self, connection: Connection, *values: Mapping[str, object]) -> Any:
        """Carries it out for each set of values; gives the driver's cursor: flags are 0 or 1 in it, times are text."""
        text, binds = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)
        rows = [tuple([bind.of(each) for bind in binds]) for each in values or ({},)]
        cursor = connection.connection.cursor()
        if len(rows) > 1:
            cursor.executemany(text, rows)
        else:
            cursor.execute(text, rows[0])
        return cursor

    def _compile(self, dialect: Dialect) -> tuple[str, Sequence[_Bind]]:
        made: Any = self._statement.compile(dialect=dialect)
        types = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in made.binds.items()}
        binds = [_Bind(name, made.params[name], types[name]) for name in made.positiontup or ()]
        self._compiled[dialect.name] = str(made), binds
        return self._compiled[dialect.name]
