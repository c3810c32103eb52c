"""Who may use the upload page: passwords, sessions, tokens, and what whoever guesses runs into."""

import base64
import hashlib
import hmac
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sender import QuickClock
from sqlalchemy import select, update

from bulkorders.core.words import Words
from bulkorders.errors import UsageError
from bulkorders.journal.tables import users as table
from bulkorders.journal.users import count_try, get_guarded, keep_anew, open_session
from bulkorders.pipeline.app import App
from bulkorders.pipeline.passwords import COST, hashed, matches
from bulkorders.pipeline.tries import ADDRESS_SECONDS, FROM_ADDRESS
from bulkorders.pipeline.users import (
    Role,
    Session,
    add_user,
    all_users,
    change_password,
    disable_user,
    enable_user,
    end_token,
    find_user,
    has_users,
    make_token,
    one_time_user,
    session_of,
    sign_in,
    sign_out,
    user_of_token,
)
from bulkorders.settings import Settings

RIGHT, WRONG = "correct horse 1", "incorrect horse"
HOME = "192.0.2.7"
HOUR = 3600.0


@pytest.fixture(name="app")
def make_app(tmp_path: Path) -> Iterator[App]:
    """A program on a journal of its own, on a clock where sleeping takes no time."""
    app = App(Settings(journal=(tmp_path / "journal.db").as_posix()), QuickClock())
    yield app
    app.close()


def let_in(app: App, name: str = "小王", password: str = RIGHT, address: str = HOME) -> Session:
    """Somebody who must be let in."""
    session = sign_in(app, name, password, address)
    assert isinstance(session, Session), session
    return session


def refused(app: App, name: str = "小王", password: str = WRONG, address: str = HOME) -> str:
    """What somebody is told who must not be let in."""
    said = sign_in(app, name, password, address)
    assert isinstance(said, Words)
    return said.zh


def far(number: int) -> str:
    """An address from which nobody else calls."""
    return f"198.51.{number // 200}.{number % 200 + 1}"


def kept(app: App) -> bytes:
    """What the journal and its log hold, byte by byte."""
    folder = Path(app.settings.journal_url.removeprefix("sqlite:///")).parent
    return b"".join(path.read_bytes() for path in folder.rglob("journal.db*") if path.is_file())


# -- users ----------------------------------------------------------------------------------------------------------------
def test_a_user_signs_in_with_his_password_alone(app: App) -> None:
    """In whatever letters he types his name; the page's forms bring what is derived from his session."""
    assert not has_users(app)
    user = add_user(app, " Wang Li ", Role.OPERATOR, RIGHT)
    assert has_users(app)
    assert (user.name, user.role) == ("Wang Li", Role.OPERATOR)
    session = let_in(app, "ｗang LI")
    assert session.user.name == "Wang Li"
    assert session.csrf == hmac.new(session.token.encode(), b"csrf", hashlib.sha256).hexdigest()
    assert session_of(app, session.token) == session
    assert refused(app, "wang li") == refused(app, "nobody")
    assert let_in(app, "wang li").token != session.token


@pytest.mark.parametrize("name", ["", "  ", "a" * 51, "a\nb", "a\u202eb", "a\u200bb", "\ud800"])
def test_a_name_that_people_cannot_read_is_refused(app: App, name: str) -> None:
    """Two that look alike would be two."""
    with pytest.raises(UsageError, match="用户名"):
        add_user(app, name, Role.OPERATOR, RIGHT)


def test_a_name_is_taken_once_and_a_password_is_not_short(app: App) -> None:
    """Capitals and wide letters make no other user."""
    add_user(app, "Wang", Role.ADMIN, RIGHT)
    with pytest.raises(UsageError, match="已经有用户"):
        add_user(app, "ＷＡＮＧ", Role.OPERATOR, RIGHT)
    with pytest.raises(UsageError, match="10"):
        add_user(app, "li", Role.OPERATOR, "123456789")
    with pytest.raises(UsageError, match="没有用户 zhao"):
        find_user(app, "zhao")
    assert [user.name for user, _ in all_users(app)] == ["Wang"]


def test_the_one_time_user_is_an_administrator_with_a_password_of_his_own(app: App, tmp_path: Path) -> None:
    """Another journal, another password."""
    name, password = one_time_user(app)
    assert let_in(app, name, password).user.role is Role.ADMIN
    other = App(Settings(journal=(tmp_path / "other.db").as_posix()), QuickClock())
    assert one_time_user(other)[1] != password
    other.close()


def test_another_password_signs_its_user_out_everywhere(app: App) -> None:
    """Whoever knows the old one is out; other users stay."""
    user, other = add_user(app, "小王", Role.OPERATOR, RIGHT), add_user(app, "小李", Role.OPERATOR, RIGHT)
    session, theirs = let_in(app), let_in(app, other.name)
    change_password(app, user, "another horse 2")
    assert session_of(app, session.token) is None
    assert session_of(app, theirs.token) is not None
    refused(app, password=RIGHT)
    let_in(app, password="another horse 2")


def test_a_password_that_was_changed_while_it_was_compared_lets_nobody_in(app: App) -> None:
    """Whoever has just shown the old one gets no session that outlives it, and it does not come back."""
    user = add_user(app, "小王", Role.OPERATOR, RIGHT)
    seen = get_guarded(app.journal, "小王")
    assert seen is not None
    change_password(app, user, "another horse 2")
    now = app.clock.now()
    assert not open_session(app.journal, seen, "0" * 64, now, now)
    keep_anew(app.journal, seen, hashed(RIGHT))
    assert refused(app, password=RIGHT)
    assert let_in(app, password="another horse 2")


def test_who_is_disabled_is_out_at_once(app: App) -> None:
    """His sessions and his programs' tokens, too; enabled again he signs in anew."""
    user = add_user(app, "小王", Role.OPERATOR, RIGHT)
    session, token = let_in(app), make_token(app, user, "erp")
    disable_user(app, user)
    assert (session_of(app, session.token), user_of_token(app, token)) == (None, None)
    assert refused(app, password=RIGHT) == refused(app, "nobody")
    assert not has_users(app)
    with pytest.raises(UsageError, match="停用"):
        make_token(app, user, "other")
    enable_user(app, user)
    assert (session_of(app, session.token), user_of_token(app, token)) == (None, None)
    let_in(app)


# -- what is kept ----------------------------------------------------------------------------------------------------------
def test_nothing_that_lets_anybody_in_is_in_the_journal(app: App) -> None:
    """Neither passwords nor what a cookie or a program holds: whoever reads a backup is not let in."""
    user = add_user(app, "小王", Role.OPERATOR, RIGHT)
    session, token = let_in(app), make_token(app, user, "erp")
    assert user_of_token(app, token) == user
    refused(app)
    assert "小王".encode() in kept(app)
    secrets = (RIGHT, WRONG, session.token, session.csrf, token, token.removeprefix("bo_"))
    assert [secret for secret in secrets if secret.encode() in kept(app)] == []


def test_passwords_are_kept_by_scrypt_with_its_parameters(app: App) -> None:
    """n = 2^15, r = 8, p = 1, another salt for each; what was kept with others is still known, and kept anew."""
    add_user(app, "小王", Role.OPERATOR, RIGHT)
    assert COST == 2**15
    assert hashed(RIGHT) != hashed(RIGHT)
    salt = bytes(range(16))
    kind, n, r, p, *_ = _password(app).split("$")
    assert (kind, n, r, p) == ("scrypt", "32768", "8", "1")
    weak = hashlib.scrypt(RIGHT.encode(), salt=salt, n=1024, r=8, p=1, dklen=32)
    old = "$".join(["scrypt", "1024", "8", "1", base64.b64encode(salt).decode(), base64.b64encode(weak).decode()])
    with app.journal.write() as connection:
        connection.execute(update(table).values(password=old))
    refused(app)
    session = let_in(app)
    assert session_of(app, session.token) is not None
    assert _password(app).startswith("scrypt$32768$8$1$")
    let_in(app)


def _password(app: App) -> str:
    with app.journal.read() as connection:
        return str(connection.execute(select(table.c.password)).scalar_one())


def test_a_password_is_the_same_on_whatever_keyboard() -> None:
    """Composed or not, wide or not."""
    assert matches("café pass 12", hashed("cafe\u0301 ｐass 12"))
    assert not matches("cafe pass 12", hashed("café pass 12"))


# -- guessing --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["小王", "nobody"])
def test_after_ten_wrong_tries_each_further_one_waits_longer(app: App, name: str) -> None:
    """1, 2, 4, 8, then 15 minutes, from wherever he calls; the right password waits, too. A name of nobody's is told the same."""
    add_user(app, "小王", Role.OPERATOR, RIGHT)
    clock = app.clock
    assert isinstance(clock, QuickClock)
    for number in range(10):
        assert refused(app, name, address=far(number)) == "用户名或密码不对：请再试一次。"
    for number, minutes in enumerate([1, 2, 4, 8, 15, 15], 10):
        assert refused(app, name, RIGHT, far(number)) == f"试错的次数太多：请 {minutes} 分钟后再试。"
        clock.slept += minutes * 60 - 10
        assert refused(app, name, RIGHT, far(number)) == "试错的次数太多：请 1 分钟后再试。"
        clock.slept += 10
        assert refused(app, name, address=far(number)) == "用户名或密码不对：请再试一次。"
    clock.slept += 15 * 60
    if name == "小王":
        let_in(app)
        assert refused(app) == "用户名或密码不对：请再试一次。"


def test_wrong_tries_of_a_user_outlast_the_program(app: App) -> None:
    """Another process on the journal knows them; whoever is enabled anew waits no longer."""
    user = add_user(app, "小王", Role.OPERATOR, RIGHT)
    for number in range(10):
        refused(app, address=far(number))
    app.close()
    again = App(app.settings, app.clock)
    assert "1 分钟" in refused(again, password=RIGHT)
    enable_user(again, user)
    let_in(again)
    again.close()


def test_the_right_password_ends_the_row(app: App) -> None:
    """Seven wrong, one right, seven wrong: nobody waits."""
    add_user(app, "小王", Role.OPERATOR, RIGHT)
    for _ in range(2):
        for number in range(7):
            assert "分钟" not in refused(app, address=far(number))
        let_in(app)


def test_tries_at_the_same_time_are_all_counted(app: App) -> None:
    """Thirty at once, at several servers on one journal: no more than ten are compared."""
    add_user(app, "小王", Role.OPERATOR, RIGHT)
    servers = [app, *(App(app.settings, app.clock) for _ in range(4))]
    with ThreadPoolExecutor(30) as pool:
        said = list(pool.map(lambda number: refused(servers[number % 5], address=far(number)), range(30)))
    for each in servers[1:]:
        each.close()
    assert sum("密码不对" in each for each in said) == 10


def test_of_two_who_have_seen_the_same_count_one_looks_again(app: App) -> None:
    """Else both would be the tenth."""
    add_user(app, "小王", Role.OPERATOR, RIGHT)
    seen = get_guarded(app.journal, "小王")
    assert seen is not None
    assert count_try(app.journal, seen, app.clock.now())
    assert not count_try(app.journal, seen, app.clock.now())


def test_an_address_from_which_all_names_are_tried_waits(app: App) -> None:
    """Fifty tries in vain within ten minutes, whatever the names; others are let in, and whoever is right is not counted."""
    add_user(app, "小王", Role.OPERATOR, RIGHT)
    clock = app.clock
    assert isinstance(clock, QuickClock)
    for number in range(FROM_ADDRESS - 1):
        refused(app, "nobody" if number % 11 else "小王")
    let_in(app)
    let_in(app)
    refused(app)
    assert "10 分钟" in refused(app, password=RIGHT)
    let_in(app, address=far(1))
    clock.slept += ADDRESS_SECONDS
    let_in(app)


def test_an_unknown_name_takes_as_long(app: App) -> None:
    """The password is compared for it as well, and a refusal is given at whole quarters of a second."""
    add_user(app, "小王", Role.OPERATOR, RIGHT)
    clock = app.clock
    assert isinstance(clock, QuickClock)
    for name in ("小王", "nobody"):
        before, slept = clock.monotonic(), clock.slept
        refused(app, name)
        took = clock.monotonic() - before
        assert took - (clock.slept - slept) > 0.02  # scrypt
        assert min(took % 0.25, 0.25 - took % 0.25) < 0.02


def test_odd_names_and_passwords_are_refused_like_all_others(app: App) -> None:
    """Half a surrogate pair, NUL, a megabyte."""
    add_user(app, "小王", Role.OPERATOR, RIGHT)
    for name, password in (("\ud800", RIGHT), ("小王\0", RIGHT), ("小王", "\ud800" * 20), ("x" * 10**6, RIGHT), ("小王", "x" * 10**6)):
        assert "不对" in refused(app, name, password)
    assert "不对" in refused(app, "小王", RIGHT + "x" * 10**6)


# -- sessions and tokens ----------------------------------------------------------------------------------------------------
def test_a_session_ends_after_twelve_idle_hours_and_after_seven_days(app: App) -> None:
    """Whoever comes back within twelve hours stays signed in, for a week."""
    add_user(app, "小王", Role.OPERATOR, RIGHT)
    clock = app.clock
    assert isinstance(clock, QuickClock)
    idle, busy = let_in(app), let_in(app)
    for _ in range(14):
        clock.slept += 11.9 * HOUR
        assert session_of(app, busy.token) is not None
    assert session_of(app, idle.token) is None
    clock.slept += 2 * HOUR
    assert session_of(app, busy.token) is None
    with sqlite3.connect(app.settings.journal_url.removeprefix("sqlite:///")) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (2,)
        let_in(app)  # which forgets what is over
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (1,)


def test_a_session_is_written_down_once_a_minute_at_most(app: App) -> None:
    """A page that asks each second writes nothing each second."""
    add_user(app, "小王", Role.OPERATOR, RIGHT)
    clock = app.clock
    assert isinstance(clock, QuickClock)
    session = let_in(app)
    with sqlite3.connect(app.settings.journal_url.removeprefix("sqlite:///")) as connection:

        def seen() -> object:
            return connection.execute("SELECT seen_at FROM sessions").fetchone()

        first = seen()
        clock.slept += 50
        session_of(app, session.token)
        assert seen() == first
        clock.slept += 15
        session_of(app, session.token)
        assert seen() != first


def test_who_is_signed_in_waits_for_nobody_who_writes(app: App) -> None:
    """A large batch is being released: pages are shown all the same, and it is noted later that somebody was there."""
    user = add_user(app, "小王", Role.OPERATOR, RIGHT)
    clock = app.clock
    assert isinstance(clock, QuickClock)
    session, token = let_in(app), make_token(app, user, "erp")
    assert user_of_token(app, token) is not None
    clock.slept += 300
    with app.journal.write():
        began = time.monotonic()
        assert session_of(app, session.token) is not None
        assert user_of_token(app, token) is not None
        assert time.monotonic() - began < 2
    with sqlite3.connect(app.settings.journal_url.removeprefix("sqlite:///")) as connection:
        for table, look in (("sessions", lambda: session_of(app, session.token)), ("api_tokens", lambda: user_of_token(app, token))):
            before = connection.execute(f"SELECT seen_at FROM {table}").fetchone()  # noqa: S608
            assert look() is not None
            assert connection.execute(f"SELECT seen_at FROM {table}").fetchone() > before  # noqa: S608


def test_who_signs_out_is_out(app: App) -> None:
    """And a token that was never given is nobody's."""
    add_user(app, "小王", Role.OPERATOR, RIGHT)
    session, other = let_in(app), let_in(app)
    sign_out(app, session.token)
    sign_out(app, "nonsense")
    assert session_of(app, session.token) is None
    assert session_of(app, other.token) is not None
    for odd in ("", "x", "\ud800", "é", "x" * 10**6, other.token + "x", other.token[:-1]):
        assert session_of(app, odd) is None
        assert user_of_token(app, odd) is None


def test_a_token_acts_for_its_user_until_it_is_ended(app: App) -> None:
    """It is named for what it is for; a session's token is none of them."""
    user = add_user(app, "小王", Role.ADMIN, RIGHT)
    token, other = make_token(app, user, "erp"), make_token(app, user, "shop")
    assert token.startswith("bo_")
    assert len(token) >= 40
    assert user_of_token(app, token) == user
    assert user_of_token(app, let_in(app).token) is None
    assert session_of(app, token) is None
    with pytest.raises(UsageError, match="erp"):
        make_token(app, user, "erp")
    end_token(app, user, "erp")
    assert user_of_token(app, token) is None
    assert user_of_token(app, other) == user
    with pytest.raises(UsageError, match="没有令牌"):
        end_token(app, user, "erp")
    assert [names for _, names in all_users(app)] == [["shop"]]
