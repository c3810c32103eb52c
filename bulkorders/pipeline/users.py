"""Who may use the upload page: users sign in with a password, programs with a token.

Sessions and tokens are random and kept as SHA-256 alone. Whoever guesses is made to wait, and learns neither from the words nor from the
time of an answer whether a name is anybody's.
"""

import datetime as dt
import hashlib
import hmac
import math
import secrets
import unicodedata
from contextlib import suppress
from dataclasses import dataclass

from bulkorders.core.words import Words
from bulkorders.errors import JournalError, UsageError
from bulkorders.journal import users as book
from bulkorders.journal.users import Guarded
from bulkorders.journal.users import Role as Role
from bulkorders.journal.users import User as User

from .app import App
from .passwords import NOBODYS, hashed, is_outdated, matches
from .tries import wait_seconds

IDLE, LONGEST = dt.timedelta(hours=12), dt.timedelta(days=7)
"""How long a session lasts in which nobody does anything, and how long at all."""
SEEN = dt.timedelta(minutes=1)
"""How exactly it is written down when a session or a token was last used."""
SHORTEST_PASSWORD, LONGEST_PASSWORD, LONGEST_NAME = 10, 1000, 50
TOKEN_PREFIX, TOKEN_BYTES, LONGEST_TOKEN = "bo_", 32, 200
ROUND_SECONDS = 0.25
"""A refusal is given at whole quarters of a second after the try: what the journal has to do for it does not show."""
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})
"""Letters that nobody sees: two names could look alike."""

_WRONG = Words("用户名或密码不对：请再试一次。", "The name or the password is wrong: try again.")
_WAIT = Words("试错的次数太多：请 {minutes} 分钟后再试。", "Too many wrong tries: try again in {minutes} minutes.")


@dataclass(frozen=True)
class Session:
    """Somebody is signed in. `token`: what his cookie holds; `csrf`: what every form of his has to bring."""

    user: User
    token: str
    csrf: str


# -- users ----------------------------------------------------------------------------------------------------------------
def add_user(app: App, name: str, role: Role, password: str) -> User:
    """Adds a user. Raises UsageError for a name that is taken or cannot be one, and for a password that is too short."""
    shown = _checked_name(name)
    kept = hashed(_checked_password(password))
    user = book.insert_user(app.journal, shown, _folded(name), role, kept, app.clock.now())
    if user is None:
        raise UsageError(f"已经有用户 {shown}：请换一个名字。", f"there is a user {shown} already: choose another name.")
    return user


def has_users(app: App) -> bool:
    """Whether anybody may sign in."""
    return book.count_enabled(app.journal) > 0


def all_users(app: App) -> list[tuple[User, list[str]]]:
    """All users, each with the names of his tokens."""
    return book.list_users(app.journal)


def find_user(app: App, name: str) -> User:
    """A user by his name, in whatever letters. Raises UsageError."""
    found = book.get_guarded(app.journal, _folded(name))
    if found is None:
        known = "、".join(user.name for user, _ in all_users(app)) or "（还没有用户）"
        raise UsageError(f"没有用户 {name}，现有：{known}。", f"there is no user {name}: see bulkorders users list.")
    return found.user


def change_password(app: App, user: User, password: str) -> None:
    """Gives a user another password; he is signed out everywhere. Raises UsageError."""
    book.set_password(app.journal, user.id, hashed(_checked_password(password)))


def disable_user(app: App, user: User) -> None:
    """Lets a user in no more; his sessions and tokens end at once."""
    book.set_disabled(app.journal, user.id, app.clock.now())


def enable_user(app: App, user: User) -> None:
    """Lets a user sign in again, at once."""
    book.set_disabled(app.journal, user.id, None)


def one_time_user(app: App) -> tuple[str, str]:
    """An administrator for a journal that is thrown away: his name and his random password."""
    name, password = "admin", secrets.token_urlsafe(9)
    add_user(app, name, Role.ADMIN, password)
    return name, password


def _checked_name(name: str) -> str:
    shown = unicodedata.normalize("NFC", name).strip()
    if not shown or len(shown) > LONGEST_NAME or any(unicodedata.category(letter) in _HIDDEN for letter in shown):
        raise UsageError(
            f"用户名要有 1–{LONGEST_NAME} 个字符，不能有换行和看不见的字符：请换一个。",
            f"a user's name has 1 to {LONGEST_NAME} characters, none of them invisible: choose another.",
        )
    return shown


def _folded(name: str) -> str:
    """A name as it is compared: wide letters, capitals and spaces around it make no other user."""
    text = name[: 4 * LONGEST_NAME].encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _checked_password(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UsageError(
            f"密码至少要 {SHORTEST_PASSWORD} 个字符，最多 {LONGEST_PASSWORD} 个：请换一个。",
            f"a password has at least {SHORTEST_PASSWORD} characters and at most {LONGEST_PASSWORD}: choose another.",
        )
    return password


# -- sessions -------------------------------------------------------------------------------------------------------------
def sign_in(app: App, name: str, password: str, address: str) -> Session | Words:
    """Lets somebody in, or says why not. `address`: where he calls from. Raises JournalError."""
    began, tries = app.clock.monotonic(), app.tries
    if (waits := tries.address_waits(address, began)) > 0:
        return _wait(waits)
    tries.address_failed(address, began)  # until it has proved right
    with tries.turns:
        known, waits = _counted(app, _folded(name))
        is_right = waits <= 0 and matches(password[:LONGEST_PASSWORD], known.password if known else NOBODYS)
        session = _opened(app, known, password) if known and is_right and len(password) <= LONGEST_PASSWORD else None
    if session is not None:
        tries.address_succeeded(address, began)
        return session
    app.clock.sleep(ROUND_SECONDS - (app.clock.monotonic() - began) % ROUND_SECONDS)
    return _wait(waits) if waits > 0 else _WRONG


def _counted(app: App, folded: str) -> tuple[Guarded | None, float]:
    """The user of a name, one more try of it counted before it is made; or seconds until it may be tried again."""
    while (known := book.get_guarded(app.journal, folded)) is not None:
        longest = wait_seconds(known.failures)
        since = (app.clock.now() - known.failed_at).total_seconds() if known.failed_at else math.inf
        waits = min(max(0.0, longest - since), longest)
        if waits > 0 or book.count_try(app.journal, known, app.clock.now()):
            return known, waits
    waits = app.tries.name_waits(folded, app.clock.monotonic())
    if waits <= 0:
        app.tries.name_failed(folded, app.clock.monotonic())
    return None, waits


def _wait(seconds: float) -> Words:
    return _WAIT.fill(minutes=math.ceil(seconds / 60))


def _opened(app: App, known: Guarded, password: str) -> Session | None:
    token, now = secrets.token_urlsafe(TOKEN_BYTES), app.clock.now()
    if not book.open_session(app.journal, known, _hash(token), now, now + IDLE):
        return None
    if is_outdated(known.password):
        book.keep_anew(app.journal, known, hashed(password))
    return _session(known.user, token)


def session_of(app: App, token: str) -> Session | None:
    """Who is signed in with a token; each time his session begins to idle anew."""
    now = app.clock.now()
    visit = book.get_visit(app.journal, _hash(token), now) if _may_be_token(token) else None
    if visit is None:
        return None
    if not visit.seen_at <= now < visit.seen_at + SEEN:
        with suppress(JournalError):  # on a full disk, and while others write, people still see how their orders stand
            book.see_session(app.journal, _hash(token), now, min(now + IDLE, visit.created_at + LONGEST))
    return _session(visit.user, token)


def sign_out(app: App, token: str) -> None:
    """Ends a session, if there is one."""
    if _may_be_token(token):
        book.end_session(app.journal, _hash(token))


def _session(user: User, token: str) -> Session:
    return Session(user, token, hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest())


# -- tokens ---------------------------------------------------------------------------------------------------------------
def make_token(app: App, user: User, name: str) -> str:
    """A token with which a program acts for a user, shown this once. `name`: what it is for. Raises UsageError."""
    shown, token = _checked_name(name), TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    if not book.insert_token(app.journal, user.id, shown, _hash(token), app.clock.now()):
        raise UsageError(
            f"用户 {user.name} 已经有令牌 {shown}，或已停用：请换一个名字，或先启用。",
            f"user {user.name} has a token {shown} already, or is disabled: choose another name, or enable the user.",
        )
    return token


def end_token(app: App, user: User, name: str) -> None:
    """Ends a token: nobody is let in with it any more. Raises UsageError where there is none of that name."""
    if not book.delete_token(app.journal, user.id, name):
        raise UsageError(f"用户 {user.name} 没有令牌 {name}：用 users list 看有哪些。", f"user {user.name} has no token {name}.")


def user_of_token(app: App, token: str) -> User | None:
    """For whom a program acts that shows a token."""
    found = book.get_token_user(app.journal, _hash(token)) if _may_be_token(token) and token.startswith(TOKEN_PREFIX) else None
    if found is None:
        return None
    user, seen_at = found
    now = app.clock.now()
    if seen_at is None or not seen_at <= now < seen_at + SEEN:
        with suppress(JournalError):
            book.see_token(app.journal, _hash(token), now)
    return user


def _may_be_token(token: str) -> bool:
    return 0 < len(token) <= LONGEST_TOKEN and token.isascii()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
