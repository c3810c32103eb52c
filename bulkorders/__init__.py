"""Orders from merchants' workbooks: checked cell by cell, grouped, created once, told truthfully.

The names below are for programs that use bulkorders as a library; each is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import BulkordersError, JournalError, RemoteError, SettingsError, UsageError
    from .pipeline.app import App
    from .pipeline.ingest import Checkup, check_file
    from .pipeline.service import FileReport, Options, resume_batches, submit_files
    from .settings import Settings, load_settings

__version__ = "0.1.0"

__all__ = [
    "App",
    "BulkordersError",
    "Checkup",
    "FileReport",
    "JournalError",
    "Options",
    "RemoteError",
    "Settings",
    "SettingsError",
    "UsageError",
    "check_file",
    "load_settings",
    "resume_batches",
    "submit_files",
]

_HOMES = {
    **dict.fromkeys(("BulkordersError", "JournalError", "RemoteError", "SettingsError", "UsageError"), "errors"),
    "App": "pipeline.app",
    **dict.fromkeys(("Checkup", "check_file"), "pipeline.ingest"),
    **dict.fromkeys(("FileReport", "Options", "resume_batches", "submit_files"), "pipeline.service"),
    **dict.fromkeys(("Settings", "load_settings"), "settings"),
}


def __getattr__(name: str) -> Any:
    """A public name, imported now. Raises AttributeError for any other."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
