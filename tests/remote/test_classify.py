"""What an HTTP status and its headers prove, whatever the body says."""

import pytest

from bulkorders.remote.classify import LONGEST_RETRY_AFTER, read_code, read_text, retry_after
from bulkorders.remote.client import Answer

DATE = "Tue, 08 Apr 2025 22:00:00 GMT"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0), ("0", 0.0), ("99999999", LONGEST_RETRY_AFTER), ("Tue, 08 Apr 2025 22:00:30 GMT", 30.0),
        ("Tue, 08 Apr 2025 21:00:00 GMT", 0.0), ("soon", None), ("", None), ("-1", None), ("1.5", None), ("９", 9.0),
    ],
)  # fmt: skip
def test_the_wait_that_a_remote_asks_for_is_seconds_or_a_time_of_its_own_clock(said: str, seconds: float | None) -> None:
    """Both forms of the standard; what cannot be read asks for nothing, and nobody is held for a day."""
    assert retry_after(Answer(429, {"retry-after": said, "date": DATE}, b"")) == seconds


def test_a_time_without_the_remotes_own_time_asks_for_nothing() -> None:
    """This machine's clock may be wrong."""
    assert retry_after(Answer(503, {"retry-after": DATE}, b"")) is None


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (0, "0"), (-1, "-1"), ("800F1533", "800F1533"), ("invalid_grant", "invalid_grant"), ("", None), (None, None), (True, None),
        (0.0, None), ([0], None), ("0\n", None), (" 0", None), ("Jane Doe", None), ("\ud800", None), ("9" * 41, None), ("零", None),
    ],
)  # fmt: skip
def test_a_code_is_one_short_word(said: object, code: str | None) -> None:
    """It may be said anywhere, so nothing that is a text passes for one; and what is not quite `0` is not success."""
    assert read_code(said) == code


@pytest.mark.parametrize(
    ("said", "text"), [("a\x00b\x1b[31mX\nY\ud800", "a b [31mX Y"), (5, "5"), (" ", None), ({"a": 1}, None), (["z"], None), (True, None)]
)
def test_a_text_of_the_remote_is_one_printable_line(said: object, text: str | None) -> None:
    """Control characters would drive a terminal; objects and lists are no text."""
    assert read_text(said) == text
    assert len(read_text("x" * 100_000) or "") <= 300
