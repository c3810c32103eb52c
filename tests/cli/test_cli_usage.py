"""Mistakes in the command line and in the settings: exit 2, one plain sentence, nothing sent, no secret said."""

import json
from pathlib import Path

import pytest
from desk import Desk, Ran, make_bare, make_desk  # noqa: F401  # fixtures
from foreign import APP_ID, SECRET, line
from shapes import assert_sentence

HOST = "https://openapi.lingxing.com"
CLIENT = {"client_id": "client-77", "client_secret": SECRET, "redirect_uri": "https://shop.example.com", "provider": "chukou1"}
MAIN = {"provider": "lingxing", "base_url": "http://127.0.0.1:9", "app_id": APP_ID, "app_secret": SECRET}


def refused(ran: Ran, *names: str) -> None:
    """Exit 2, nothing on standard output, one sentence that names these."""
    assert (ran.code, ran.out) == (2, ""), ran
    assert_sentence(ran.said)
    assert SECRET not in ran.said
    for name in names:
        assert name in ran.said, ran.said


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["sumbit"], "sumbit"),
        (["submit", "--jsno", "a.xlsx"], "--jsno"),
        (["submit"], "FILE"),
        (["check", "--json", "missing.xlsx"], "missing.xlsx"),
        (["check", "a.xlsx", "--config", "missing.toml"], "missing.toml"),
        (["status", "--lang", "fr"], "lang"),
        (["template", "nothing"], "lingxing-mcf"),
        (["status", "20250101-nobody"], "20250101-nobody"),
    ],
)
def test_mistakes_in_the_command_line(bare: Desk, arguments: list[str], name: str) -> None:
    """An unknown command, option, file, template or batch is named."""
    bare.write("a.xlsx", [line("A-1")])
    refused(bare.run(*arguments), name)


def test_a_missing_path_sends_nothing(desk: Desk) -> None:
    """One missing file among several, a folder, a missing configuration, modifying where that is impossible: known before any call."""
    book = desk.write("a.xlsx", [line("A-1")])
    refused(desk.submit(book, "missing.xlsx"), "missing.xlsx")
    refused(desk.submit(book, desk.folder), str(desk.folder))
    refused(desk.submit("--config", "missing.toml", book), "missing.toml")
    refused(desk.run("submit", book, BULKORDERS_CONFIG="gone.toml"), "gone.toml")
    refused(desk.submit("--update", book), "--update")
    refused(desk.submit(book, book, "--results", "one.xlsx"), "--results")
    refused(desk.submit("--account", "other", book), "other")
    assert desk.foreign.calls == {}
    assert not list(desk.folder.glob("*_结果.xlsx"))


def test_which_account(desk: Desk) -> None:
    """None configured, or several that fit: the sentence names --account; the named one takes all."""
    book = desk.write("a.xlsx", [line("A-1")])
    config = desk.folder / "bulkorders.toml"
    config.unlink()
    refused(desk.submit(book), "--account")
    desk.configure_all({"one": {**MAIN, "base_url": desk.url}, "two": {**MAIN, "app_id": "ak_other00000000"}})
    refused(desk.submit(book), "--account", "one", "two")
    assert desk.foreign.calls == {}
    assert desk.submit("--account", "one", book, code=0).fates == {"A-1": "created"}


@pytest.mark.parametrize(
    ("accounts", "names"),
    [
        ({"one": MAIN, "two": {**MAIN, "stores": ["x"]}}, ["one", "two"]),
        ({"one": {**MAIN, "base_url": HOST}, "two": {**MAIN, "base_url": f"{HOST}."}}, ["one", "two"]),
        ({name: {"provider": "chukou1", "token": SECRET} for name in ("one", "two")}, ["one", "two", "授权"]),
        (
            {"one": {**CLIENT, "refresh_token": "r1", "customer_id": "7"}, "two": {**CLIENT, "refresh_token": "r2"}},
            ["one", "two", "customer_id"],
        ),
        ({"main": {**MAIN, "app_id": "too-short"}}, ["main", "app_id"]),
        ({"main": {**MAIN, "base_url": "http://openapi.lingxing.com"}}, ["main", "base_url", "https"]),
        ({"main": {**MAIN, "app_secert": SECRET}}, ["main", "app_secert"]),
        ({"main": {name: value for name, value in MAIN.items() if name != "app_secret"}}, ["main", "app_secret"]),
        ({"main": {**MAIN, "provider": "linxing"}}, ["main", "lingxing"]),
        ({"main": {**MAIN, "read_timeout": "soon"}}, ["main", "read_timeout"]),
        ({"main": {**MAIN, "app_secret_file": "nowhere.txt"}}, ["nowhere.txt"]),
    ],
)
def test_mistakes_in_the_settings(bare: Desk, accounts: dict[str, dict[str, object]], names: list[str]) -> None:
    """Each is told by the account's name and the setting's, never by a value that may be a secret."""
    bare.configure_all(accounts)
    refused(bare.run("accounts", "list"), *names)


def test_a_settings_file_that_is_no_toml(bare: Desk) -> None:
    """The sentence names the file."""
    (bare.folder / "bulkorders.toml").write_text(f'[accounts.main\napp_secret = "{SECRET}"\n', encoding="utf-8")
    refused(bare.run("accounts"), "bulkorders.toml")


def test_secrets_from_elsewhere(desk: Desk) -> None:
    """Out of a file of its own, or out of the environment; never shown, and in no process's arguments."""
    (desk.folder / "secret.txt").write_text(f"{SECRET}\n", encoding="utf-8")
    desk.configure(app_secret=None, app_secret_file="secret.txt")
    desk.run("accounts", "test", code=0)
    desk.configure(app_secret=None)
    refused(desk.run("accounts", "test"), "app_secret")

    book = desk.write("a.xlsx", [line("A-1")])
    process = desk.start("submit", "--json", book, BULKORDERS_ACCOUNTS__MAIN__APP_SECRET=SECRET)
    seen = set()
    while process.poll() is None:
        seen |= {text for path in Path("/proc").glob("[0-9]*/cmdline") if (text := _text(path)) and "bulkorders" in text}
    ran = desk.finish(process, 0)
    assert json.loads(ran.out)["orders"]["created"] == 1
    assert any("bulkorders.workbook." in text for text in seen)
    assert not any("canary" in text.casefold() for text in seen)
    listed = desk.run("accounts", "list", code=0, BULKORDERS_ACCOUNTS__MAIN__APP_SECRET=SECRET)
    assert "canary" not in listed.out


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""
