"""Every exception of bulkorders: each means that this command cannot go on, and each ends as one sentence and its exit code.

    BulkordersError            1  a bug of ours, if it is not one of those below
    ├── UsageError             2  what was asked cannot be done: a path, an option, an account
    │   ├── SettingsError      2  the configuration says something that cannot be used
    │   └── JournalError       2  the journal cannot be opened, or is not ours to use
    └── RemoteError            2  the remote refused the account, where no order was at stake
        └── AccountError       5  the account cannot be used now; its orders wait

Expected failures are values instead: a bad cell is an `Issue`, a refused file a `Refusal`, an answer of the remote an `Outcome`.
"""


class BulkordersError(Exception):
    """The root. `str()` of it is one plain sentence for the person at the terminal."""

    exit_code = 1

    def __init__(self, zh: str, en: str | None = None) -> None:
        super().__init__(zh)
        self.zh = zh
        self.en = en or zh

    def message(self, lang: str = "zh") -> str:
        """The sentence in `zh` or `en`."""
        return self.en if lang == "en" else self.zh


class UsageError(BulkordersError):
    """What was asked cannot be done; known before anything is sent."""

    exit_code = 2


class SettingsError(UsageError):
    """The configuration cannot be used."""


class JournalError(UsageError):
    """The journal cannot be used."""


class RemoteError(BulkordersError):
    """The remote cannot be asked, or refused the account, where no order was at stake."""

    exit_code = 2


class AccountError(RemoteError):
    """The account cannot be used now (credentials, white list, authorisation): its orders wait, nothing is lost."""

    exit_code = 5
