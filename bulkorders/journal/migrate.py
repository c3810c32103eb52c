"""Upgrades a journal to the newest schema with alembic. Imported only when there is something to upgrade."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Engine

from bulkorders.errors import JournalError


def configure() -> Config:
    """Alembic's settings, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", (Path(__file__).parent / "migrations").as_posix().replace("%", "%%"))
    return config


def upgrade(engine: Engine) -> None:
    """Brings the journal to the newest schema. Raises JournalError where it is from a newer version than this program."""
    config = configure()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise JournalError(
                "流水账（journal）是更新版本的程序写的：请升级 bulkorders 再用。",
                "the journal was written by a newer version: upgrade bulkorders.",
            ) from error
