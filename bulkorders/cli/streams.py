"""Standard output and standard error as the program needs them: the one is data, the other a courtesy that may go unheard."""

import io
import os
import sys
from typing import Any, TextIO


def prepare_streams() -> None:
    """JSON is UTF-8 wherever it goes; a console that lacks a letter shows its code instead of failing."""
    _open_missing()
    sys.stderr = _unbreakable(sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:
            continue
        if stream.isatty():
            reconfigure(errors="backslashreplace")
        else:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def _open_missing() -> None:
    """A stream that the program was started without leads nowhere: else its number would go to the next file, the journal perhaps."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123  # open to the end of the process


def _unbreakable(stream: TextIO) -> TextIO:
    """The same stream, but for its errors; one that is no file of the system is left as it is."""
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    if not isinstance(raw, io.RawIOBase):
        return stream
    buffer = io.BufferedWriter(_Courtesy(raw, stream))
    return io.TextIOWrapper(buffer, encoding=stream.encoding, errors=stream.errors, line_buffering=True)


class _Courtesy(io.RawIOBase):
    """Writes what can be written: that nobody reads it, or that its disk is full, stops nothing of what the program is there for."""

    def __init__(self, raw: io.RawIOBase, stream: TextIO) -> None:
        self._raw, self._stream = raw, stream  # a stream that nobody holds any more closes what is beneath it

    def write(self, content: Any, /) -> int:
        """Takes all for written, where nothing of it can be."""
        try:
            return self._raw.write(content) or len(content)
        except OSError:
            return len(content)

    def writable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """The number of the stream beneath."""
        return self._raw.fileno()

    def isatty(self) -> bool:
        """Whether the stream beneath is a terminal."""
        return self._raw.isatty()
