"""Uploaded files: kept, checked in turn, and drafts or a sentence in the end; nothing of them is sent before somebody submits it."""

import datetime as dt
import threading
from dataclasses import replace

import pytest
from foreign import CREATE, line
from sender import Sender, make_sender  # noqa: F401  # a fixture
from uploader import WHO, await_check, checked, fates, sent, uploaded, write_book

from bulkorders.core.words import Words
from bulkorders.errors import UsageError
from bulkorders.journal import uploads as kept
from bulkorders.journal.forget import spare_files
from bulkorders.journal.kept import discard, kept_path
from bulkorders.journal.uploads import forget_uploads, put_back, take
from bulkorders.journal.views import get_batch, list_batches
from bulkorders.pipeline.drafts import drop, submit_drafts
from bulkorders.pipeline.keeping import tidy
from bulkorders.pipeline.uploads import LONGEST_NAME, Checker, add_upload, ahead, clean_name, get_upload, latest_uploads


def test_an_upload_becomes_a_draft_of_whoever_uploaded_it_and_nothing_is_sent(sender: Sender) -> None:
    """Its name is the merchant's, without a path; its state goes from queued to checked; the remote gets no order."""
    upload = add_upload(sender.app, write_book(sender.folder / "x1", [line("A-1"), line("A-2", 发货量="x")]), "四月.xlsx", WHO)
    assert (upload.state, upload.refused, upload.batches) == ("queued", None, ())
    with Checker(sender.app):
        done = await_check(sender, upload)
    (batch,) = done.batches
    assert (done.state, done.file, done.by_whom) == ("checked", "四月.xlsx", WHO)
    assert get_batch(sender.app.journal, batch).file == "四月.xlsx"
    assert not get_batch(sender.app.journal, batch).is_released
    assert fates(sender, batch) == {"A-1": "unsent", "A-2": "invalid"}
    assert sender.foreign.calls[CREATE] == 0
    assert latest_uploads(sender.app, WHO) == [done]
    assert latest_uploads(sender.app, "somebody else") == []


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"", "empty_file", "重新上传"),
        (b"%PDF-1.4 a paper", "not_workbook", "另存为"),
        (b"PK\x03\x04 broken", "broken_file", "损坏"),
        (b"a,b\n1,2\n", "no_header", "模板"),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_refused_with_a_sentence_and_not_kept(sender: Sender, content: bytes, code: str, said: str) -> None:
    """The refusal has its code and both languages; the file is gone from beside the journal."""
    (path := sender.folder / "x1").write_bytes(content)
    found = checked(sender, path)
    assert found.state == "refused"
    assert found.batches == ()
    assert found.refused is not None
    assert found.refused["code"] == code
    assert said in found.refused["zh"]
    assert found.refused["en"]
    assert not kept_path(sender.app.journal, found.content_hash).exists()


def test_a_workbook_without_orders_is_refused_with_what_to_do(sender: Sender) -> None:
    """The warning of the check is the sentence."""
    found = checked(sender, write_book(sender.folder / "x1", []))
    assert found.refused is not None
    assert (found.state, found.refused["code"]) == ("refused", "no_orders")
    assert "请在表头下面填写" in found.refused["zh"]


def test_a_header_that_lacks_a_column_is_named(sender: Sender) -> None:
    """The nearest header comes with the refusal."""
    labels = ["店铺名", "店铺国家", "订单号", "收件人", "收货地址国家/地区", "地区", "城市", "地址1", "邮编", "电话号码", "MSKU"]
    found = checked(sender, write_book(sender.folder / "x1", [line("A-1")], labels))
    assert found.refused is not None
    assert found.refused["best_header"]["row"] == 1
    assert "发货量" in found.refused["best_header"]["missing"]


def test_a_check_that_cannot_be_made_ends_as_a_sentence(sender: Sender) -> None:
    """The kept file is gone, or no account takes the orders: each upload is refused, and the next one is checked."""
    book = write_book(sender.folder / "x1", [line("A-1")])
    gone = add_upload(sender.app, book, "gone.xlsx", WHO)
    kept_path(sender.app.journal, gone.content_hash).unlink()
    with Checker(sender.app):
        lost = await_check(sender, gone)
        assert lost.refused is not None
        assert lost.refused["zh"] == "上传的文件不见了：请再上传一次。"
        assert await_check(sender, add_upload(sender.app, book, "there.xlsx", WHO)).state == "checked"
    sender.configure(stores=["another"])
    app = replace(sender.app, settings=sender.app.settings.model_copy(update={"accounts": {}}))
    with Checker(app):
        nobody = await_check(sender, add_upload(app, book, "nobody.xlsx", WHO))
    app.close()
    assert nobody.refused is not None
    assert "还没有配置" in nobody.refused["zh"]


def test_the_named_account_counts_and_one_that_is_not_there_is_refused_at_once(sender: Sender) -> None:
    """`account` is checked before the file is kept."""
    book = write_book(sender.folder / "x1", [line("A-1")])
    with pytest.raises(UsageError, match="没有账号 other"):
        add_upload(sender.app, book, "a.xlsx", WHO, "other")
    assert checked(sender, book, account="main").state == "checked"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd.xlsx", "passwd.xlsx"), ("..\\..\\boot.xlsx", "boot.xlsx"), ("/abs/a.xlsx", "a.xlsx"),
        ("C:\\x\\b.xlsx", "b.xlsx"), ("C:c.xlsx", "c.xlsx"), ("a\0b.xlsx", "ab.xlsx"), ("CON", "CON"), ("..", "表格.xlsx"),
        ("a\r\nSet-Cookie: x.xlsx", "aSet-Cookie: x.xlsx"), ("gpj\u202exslx.exe", "gpjxslx.exe"), ("%2e%2e%2fa.xlsx", "%2e%2e%2fa.xlsx"),
        (" \u3000a .xlsx ", "a .xlsx"), ("", "表格.xlsx"),
        ("\ud800a.xlsx", "a.xlsx"), ("四月" * 100 + ".xlsx", "四月" * 32 + "四.xlsx"),
        ("x" * 300, "x" * 200),
    ],
)  # fmt: skip
def test_a_files_name_is_only_shown(given: str, shown: str) -> None:
    """No folders, nothing unseen or turned round, at most 200 bytes, its ending kept."""
    assert clean_name(given) == shown
    assert len(clean_name(given).encode()) <= LONGEST_NAME


# -- in turn -------------------------------------------------------------------------------------------------------------------------
def test_users_are_served_in_turn_and_each_ones_oldest_first(sender: Sender) -> None:
    """Ten files of one user do not keep another's waiting; `ahead` says the same as what then happens."""
    now, journal = sender.clock.now(), sender.app.journal
    book = write_book(sender.folder / "x1", [line("A-1")])
    queued = [add_upload(sender.app, book, f"{name}.xlsx", name[0]) for name in ("a1", "a2", "a3", "b1", "c1", "b2")]
    assert [ahead(sender.app, upload) for upload in queued] == [0, 3, 5, 1, 2, 4]
    taken = []
    for _ in queued:
        upload = take(journal, now)
        assert upload is not None
        taken.append(upload.file)
        sender.clock.sleep(1)
        kept.refuse(journal, upload.id, {"code": "x"}, sender.clock.now())
    assert [name[:2] for name in taken] == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert take(journal, now) is None
    assert ahead(sender.app, queued[0]) == 0


def test_whoever_has_a_file_under_check_comes_after_the_others(sender: Sender) -> None:
    """Two threads serve two users."""
    book = write_book(sender.folder / "x1", [line("A-1")])
    for name in ("a1", "a2", "b1"):
        add_upload(sender.app, book, name, name[0])
    taken = [take(sender.app.journal, sender.clock.now()) for _ in range(3)]
    assert [upload.file for upload in taken if upload] == ["a1", "b1", "a2"]


def test_what_was_being_checked_when_a_server_ended_is_checked_again(sender: Sender) -> None:
    """A server takes an upload and is killed; the next one starts with it, and there is one draft in the end."""
    upload = add_upload(sender.app, write_book(sender.folder / "x1", [line("A-1")]), "a.xlsx", WHO)
    assert take(sender.app.journal, sender.clock.now()) is not None
    found = get_upload(sender.app, upload.id)
    assert found is not None
    assert found.state == "checking"
    with Checker(sender.app):
        assert len(await_check(sender, upload).batches) == 1
    assert len(list_batches(sender.app.journal)) == 1


def test_only_one_of_two_servers_checks_and_the_other_takes_over(sender: Sender) -> None:
    """Two checkers of one journal: every upload is checked once; when the first ends, the second goes on."""
    book = write_book(sender.folder / "x1", [line("A-1")])
    with Checker(sender.app):
        with Checker(sender.app):
            uploads = [add_upload(sender.app, book, f"{number}.xlsx", WHO) for number in range(3)]
            assert all(await_check(sender, upload).state == "checked" for upload in uploads)
        assert await_check(sender, add_upload(sender.app, book, "4.xlsx", WHO)).state == "checked"
    assert len(list_batches(sender.app.journal)) == 4


def test_a_check_that_was_cut_short_waits_for_the_next_server(sender: Sender) -> None:
    """The server stops in the middle: the upload is not refused for it."""
    rows = [line(f"A-{number}") for number in range(3000)]
    upload = add_upload(sender.app, write_book(sender.folder / "x1", rows), "a.xlsx", WHO)
    with Checker(sender.app):
        until = threading.Event()
        while (found := get_upload(sender.app, upload.id)) is not None and found.state == "queued":
            until.wait(0.02)
    found = get_upload(sender.app, upload.id)
    assert found is not None
    assert found.state in ("checking", "checked")
    with Checker(sender.app):
        assert await_check(sender, upload).state == "checked"
    assert len(list_batches(sender.app.journal)) == 1


def test_two_that_finish_one_upload_leave_one_draft(sender: Sender) -> None:
    """What was put back and taken by another is entered by one of them: the other's transaction writes nothing."""
    upload = add_upload(sender.app, write_book(sender.folder / "x1", [line("A-1")]), "a.xlsx", WHO)
    take(sender.app.journal, sender.clock.now())
    put_back(sender.app.journal)
    with pytest.raises(UsageError, match="别的程序"), sender.app.journal.write() as connection:
        kept.finish(connection, upload.id, ["b1"], sender.clock.now())


# -- files ---------------------------------------------------------------------------------------------------------------------------
def test_the_file_of_a_waiting_upload_is_kept(sender: Sender) -> None:
    """Neither who lets go of an equal file nor who tidies up takes it away before its check."""
    upload = add_upload(sender.app, write_book(sender.folder / "x1", [line("A-1")]), "a.xlsx", WHO)
    discard(sender.app.journal, upload.content_hash)
    later = sender.clock.now() + dt.timedelta(days=30)
    assert spare_files(sender.app.journal, later) == []
    take(sender.app.journal, sender.clock.now())
    discard(sender.app.journal, upload.content_hash)
    assert spare_files(sender.app.journal, later) == []
    assert kept_path(sender.app.journal, upload.content_hash).exists()
    kept.refuse(sender.app.journal, upload.id, {"code": "x"}, sender.clock.now())
    assert spare_files(sender.app.journal, later) == [kept_path(sender.app.journal, upload.content_hash)]


def test_uploads_are_forgotten_in_time_but_not_while_their_drafts_wait(sender: Sender) -> None:
    """The list of uploads does not grow for ever."""
    draft = checked(sender, write_book(sender.folder / "x1", [line("A-1")]))
    gone = checked(sender, write_book(sender.folder / "x1", []))
    forget_uploads(sender.app.journal, sender.clock.now() + dt.timedelta(days=1))
    assert get_upload(sender.app, gone.id) is None
    assert get_upload(sender.app, draft.id) is not None
    sender.clock.sleep(dt.timedelta(days=100).total_seconds())
    tidy(sender.app)
    assert list_batches(sender.app.journal) == []


# -- drafts --------------------------------------------------------------------------------------------------------------------------
def test_a_draft_is_submitted_as_a_second_step(sender: Sender) -> None:
    """With a mistake in it only if just the good ones are asked for; then they go out, and a second time there is nothing to do."""
    batch = uploaded(sender, [line("A-1"), line("A-2", 发货量="x")])
    refused = submit_drafts(sender.app, batch, only_good=False)
    assert isinstance(refused, Words)
    assert refused.zh.startswith("有 1 单数据有误")
    assert sender.foreign.calls[CREATE] == 0
    assert sent(sender, batch, only_good=True) == {"A-1": "created", "A-2": "invalid"}
    again = submit_drafts(sender.app, batch, only_good=True)
    assert isinstance(again, Words)
    assert "已经提交过了" in again.zh


def test_a_draft_without_a_good_order_has_nothing_to_submit(sender: Sender) -> None:
    """Not even with only the good ones."""
    batch = uploaded(sender, [line("A-1", 发货量="x")])
    refused = submit_drafts(sender.app, batch, only_good=True)
    assert isinstance(refused, Words)
    assert "没有可以提交的订单" in refused.zh
    assert not get_batch(sender.app.journal, batch).is_released


def test_orders_are_not_modified_where_the_remote_cannot(sender: Sender) -> None:
    """`update` at Lingxing is refused in words."""
    batch = uploaded(sender, [line("A-1")])
    refused = submit_drafts(sender.app, batch, only_good=True, update=True)
    assert isinstance(refused, Words)
    assert "不能修改已有的订单" in refused.zh


def test_a_dropped_draft_leaves_nothing(sender: Sender) -> None:
    """Batch, file and upload are gone; a batch that was submitted cannot be dropped."""
    batch = uploaded(sender, [line("A-1")])
    assert [upload.batches for upload in latest_uploads(sender.app, WHO)] == [(batch,)]
    copy = kept_path(sender.app.journal, get_batch(sender.app.journal, batch).content_hash)
    drop(sender.app, batch)
    assert list_batches(sender.app.journal) == []
    assert latest_uploads(sender.app, WHO) == []
    assert not copy.exists()
    other = uploaded(sender, [line("A-2")])
    sent(sender, other)
    with pytest.raises(UsageError, match="已经提交过了"):
        drop(sender.app, other)
