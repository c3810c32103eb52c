"""What stays as it is: journals, drafts, results of newer batches, exit codes when nobody reads on."""

import os
import subprocess

import openpyxl
import pytest
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import SECRET, Broken, line


def test_a_relative_journal_lies_beside_its_configuration(desk: Desk) -> None:
    """Started from another folder the program finds the same journal, and sends nothing twice."""
    config = desk.folder / "bulkorders.toml"
    config.write_text('journal = "sqlite:///mine.db"\n' + config.read_text(encoding="utf-8"), encoding="utf-8")
    book = desk.write("a.xlsx", [line("A-1")])
    desk.submit(book, code=0)
    other = desk.folder / "other"
    other.mkdir()
    ran = Desk(other, desk.foreign, desk.url).run("submit", "--json", "--config", config, book, code=0)
    assert ran.fates == {"A-1": "skipped"}
    assert (desk.folder / "mine.db").is_file()
    assert list(other.glob("*.db")) == []


def test_a_file_that_stops_the_run_leaves_no_batch_of_the_others(desk: Desk) -> None:
    """Exit 2 is known before a batch exists: nothing of the first file waits in the journal."""
    first, second = desk.write("a.xlsx", [line("A-1")]), desk.write("b.xlsx", [line("B-1")])
    desk.run("submit", "--update", first, second, code=2)
    assert desk.run("status", "--json", code=0).lines == []
    assert desk.foreign.tried() == {}


def test_results_of_a_newer_batch_are_not_written_over(desk: Desk) -> None:
    """`resume` of an older batch of the same path writes its results beside the newer ones."""
    desk.foreign.has_look_up = False
    desk.foreign.answers = {"V-1": [Broken(502)]}
    desk.submit(desk.write("x.xlsx", [line("V-1"), line("V-2")]), code=5)
    desk.submit(desk.write("x.xlsx", [line("W-1")]), code=0)
    before = (desk.folder / "x_结果.xlsx").read_bytes()
    resumed = desk.resume(code=5)
    assert (desk.folder / "x_结果.xlsx").read_bytes() == before
    sheet = openpyxl.load_workbook(resumed.one["results"])["Sheet"]
    assert "V-1" in [cell.value for row in sheet.iter_rows() for cell in row]


def test_results_are_not_written_over_the_merchants_file(desk: Desk) -> None:
    """`results -o` that names the submitted workbook is refused."""
    book = desk.write("a.xlsx", [line("A-1")])
    batch = desk.submit(book, code=0).one["batch"]
    before = book.read_bytes()
    desk.run("results", batch, "-o", book, code=2)
    assert book.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="/dev/full is a device of Unix")
def test_a_full_output_changes_no_exit_code(desk: Desk) -> None:
    """The orders are done whether or not somebody reads of it; that not all was printed is said."""
    book = desk.write("a.xlsx", [line("A-1")])
    with open("/dev/full", "wb") as full:  # noqa: PTH123  # a device
        ran = subprocess.run(
            [*desk.command, "submit", "--json", str(book)],
            cwd=desk.folder,
            env=desk.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert ran.returncode == 0
    assert "磁盘满了" in ran.stderr.decode()


def test_english_is_spoken_from_every_thread(desk: Desk) -> None:
    """What waits is told in the language that was asked for."""
    desk.configure(base_url="http://127.0.0.1:9")
    ran = desk.run("submit", "--lang", "en", desk.write("a.xlsx", [line("A-1")]), code=5)
    assert "cannot be reached" in ran.err
    assert "账号" not in ran.err


def test_an_order_that_was_never_sent_has_no_time_of_sending(desk: Desk) -> None:
    """Where the remote was never reached there is no attempt, no time, and no request id."""
    desk.configure(base_url="http://127.0.0.1:9")
    (outcome,) = desk.submit(desk.write("a.xlsx", [line("A-1")]), code=5).one["outcomes"]
    assert (outcome["status"], outcome["attempts"], outcome["submitted_at"], outcome["request_id"]) == ("unsent", 0, None, None)


def test_a_renamed_account_goes_on_with_its_orders(desk: Desk) -> None:
    """What waits belongs to the account at the remote, not to its name in the settings."""
    desk.configure(app_secret="wrong")
    desk.submit(desk.write("a.xlsx", [line("A-1")]), code=5)
    table = {"provider": "lingxing", "base_url": desk.url, "app_id": desk.foreign.app_id, "app_secret": SECRET}
    desk.configure_all({"renamed": table})
    assert desk.resume(code=0).fates == {"A-1": "created"}
