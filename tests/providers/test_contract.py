"""What every provider promises, whatever it talks to."""

import datetime as dt
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import bulkorders.providers
from bulkorders.core.imitation import Fault
from bulkorders.core.kinds import BLANK
from bulkorders.core.order import Order
from bulkorders.core.outcome import Verdict
from bulkorders.core.payload import build
from bulkorders.core.provider import Account, Api, LooksAhead, LooksUp, Provider
from bulkorders.core.result import Fate
from bulkorders.core.template import Template
from bulkorders.core.words import Words
from bulkorders.journal.journal import Journal
from bulkorders.journal.tokens import Tokens
from bulkorders.pipeline.app import App, SystemClock
from bulkorders.pipeline.ingest import Checkup, check_file
from bulkorders.pipeline.service import Options, opened, submit_files
from bulkorders.providers import load_providers, template_modules
from bulkorders.sandbox import Server
from bulkorders.settings import Settings
from bulkorders.workbook.blank import write_blank

SAMPLES = [Path(__file__).parents[2] / "sample_data", *(Path(folder).with_name("sample_data") for folder in bulkorders.providers.__path__)]
"""Where good samples lie: here, and beside a folder of providers that was put on the path of `bulkorders.providers`."""
TAKEN = {Verdict.CREATED, Verdict.ACCEPTED}
"""What an answer says of an order that the remote has."""
FAST = {"read_timeout": 2, "max_per_second": 200}
"""Settings of every account that spare a test its waits."""
PROVIDERS = list(load_providers().values())
TEMPLATES = [template for provider in PROVIDERS for template in provider.templates]
provider_of_each = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
template_of_each = pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)


@contextmanager
def at_sandbox(provider: Provider, journal: Journal) -> Iterator[tuple[Api, Any]]:
    """The provider's api at a sandbox of its own, and that sandbox."""
    imitation = provider.imitate()
    with Server({provider.name: imitation}) as server:
        settings = provider.settings({**server.account(provider.name), **FAST, "name": "test"})
        account = Account("test", provider, provider.principal(settings), settings)
        api = provider.connect(account, Tokens(journal), SystemClock())
        try:
            yield api, imitation
        finally:
            api.close()


def payloads(provider: Provider) -> list[bytes]:
    """The request bodies of the provider's good sample."""
    return [provider.encode(build(order)) for template in provider.templates for order in sample_orders(template.name)]


def sample_path(template: str) -> Path:
    """The good sample of a template."""
    paths = [folder / template / "orders.xlsx" for folder in SAMPLES]
    return next((path for path in paths if path.exists()), paths[0])


@cache
def sample_orders(template: str) -> tuple[Order, ...]:
    """The valid orders of a template's good sample, all of them if the sample is good."""
    orders = read_one(sample_path(template)).orders
    return orders.valid if orders else ()


def read_one(workbook: Path) -> Checkup:
    """What a workbook of one template says."""
    (checkup,) = check_file(workbook)
    return checkup


class QuickClock(SystemClock):
    """The machine's time, but sleeping takes none: what was slept is added to it."""

    def __init__(self) -> None:
        self._slept = 0.0

    def now(self) -> dt.datetime:
        """The time as if everybody had slept."""
        return super().now() + dt.timedelta(seconds=self._slept)

    def monotonic(self) -> float:
        """Seconds, those slept included."""
        return time.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        """Takes the seconds as slept."""
        self._slept += seconds


class Silent:
    """A watcher whom nobody listens to."""

    def starts(self, orders: int) -> None:
        """Says nothing."""

    def settled(self, account: str, verdict: Verdict) -> None:
        """Says nothing."""

    def waits(self, account: str, reason: Words) -> None:
        """Says nothing."""

    def expects(self, account: str, orders: int, seconds: float) -> None:
        """Says nothing."""

    def releases(self) -> None:
        """Says nothing."""

    def interrupted(self) -> float | None:
        """Nobody interrupts."""
        return None

    def follows(self, account: str, orders: int, minutes: float) -> None:
        """Says nothing."""


@template_of_each
def test_labels_aliases_and_api_names_mean_one_field_each(template: Template) -> None:
    """A heading that could mean two columns would be read as the wrong one."""
    assert {field.name for field in template.headings.values()} == {field.name for field in template.fields}


@template_of_each
def test_every_field_has_an_example_that_its_kind_reads(template: Template) -> None:
    """The example row shows what may be typed, so it must be right itself."""
    for field in template.fields:
        reading = field.kind.parse(field.example)
        assert reading is not BLANK, field.name
        assert not reading.bad, field.name


@template_of_each
def test_the_example_of_each_key_fulfils_what_its_kind_asks_for(template: Template) -> None:
    """The number in the example row is what merchants make up their own numbers after."""
    for field in (field for field in template.fields if field.key):
        value = field.kind.parse(field.example).value
        assert [rule.code.name for rule in field.kind.constraints() if not rule.holds(value)] == [], field.name


@template_of_each
def test_a_blank_template_reads_back_clean(template: Template, tmp_path: Path) -> None:
    """Who sends in the template as it is hears of no mistake: its example is passed over, and there are no orders."""
    write_blank(template, tmp_path / "blank.xlsx")
    checkup = read_one(tmp_path / "blank.xlsx")
    assert checkup.refused is None
    assert checkup.checked.template == template.name
    assert {issue.code for issue in checkup.issues} <= {"example_row", "sheet_passed", "no_orders"}
    assert [issue.row for issue in checkup.issues if issue.code == "example_row"] == [2]
    assert checkup.orders is not None
    assert checkup.orders.orders == ()


@template_of_each
def test_each_order_of_the_good_sample_is_valid(template: Template) -> None:
    """A sample that the tool itself refuses teaches nothing."""
    checkup = read_one(sample_path(template.name))
    assert checkup.orders is not None
    assert len(checkup.orders.orders) >= 8
    assert checkup.orders.valid == checkup.orders.orders


@provider_of_each
def test_templates_can_be_loaded_by_name_in_another_process(provider: Provider) -> None:
    """The child process that reads workbooks knows a provider by its import name alone."""
    assert f"{type(provider).__module__}.fields" in template_modules()


@provider_of_each
def test_the_sandbox_creates_every_order_of_the_sample(provider: Provider, journal: Journal) -> None:
    """The bytes that we send are the bytes that the remote enters."""
    bodies = payloads(provider)
    with at_sandbox(provider, journal) as (api, imitation):
        verdicts = [api.create(body).verdict for body in bodies]
        assert set(verdicts) <= TAKEN
        assert [entry.body for entry in imitation.ledger] == bodies


@provider_of_each
def test_what_is_created_is_what_create_is_called_with(provider: Provider, journal: Journal) -> None:
    """Whatever order was got ready for next while the one before was under way: it was only likely."""
    first, second, third = payloads(provider)[:3]
    with at_sandbox(provider, journal) as (api, imitation):
        if isinstance(api, LooksAhead):
            upcoming = iter([second, first, third])
            api.look_ahead(lambda: next(upcoming, None))
        for body in (first, third, second):
            assert api.create(body).verdict in TAKEN
        assert [entry.body for entry in imitation.ledger] == [first, third, second]


@provider_of_each
def test_sending_an_order_again_makes_no_second_one(provider: Provider, journal: Journal) -> None:
    """Whatever the remote answers to it, its books have the order once."""
    body = payloads(provider)[0]
    with at_sandbox(provider, journal) as (api, imitation):
        api.create(body)
        api.create(body)
        assert len(imitation.ledger) == 1


@provider_of_each
def test_a_workbook_submitted_again_makes_no_second_order(provider: Provider, tmp_path: Path) -> None:
    """Through the whole program: the first time each order is created, the second time each is skipped."""
    books = [sample_path(template.name) for template in provider.templates]
    imitation, clock = provider.imitate(), QuickClock()
    with Server({provider.name: imitation}, clock=lambda: clock.now().timestamp()) as server:
        accounts = {"test": {**server.account(provider.name), **FAST}}
        settings = Settings(journal=(tmp_path / "app.db").as_posix(), accounts=accounts)
        with opened(App(settings, clock)) as app:
            first, second = (_fates(app, books, tmp_path / name) for name in ("first", "second"))
    assert first == {Fate.CREATED: len(payloads(provider))}
    assert second == {Fate.SKIPPED: len(payloads(provider))}
    assert [entry.body for entry in imitation.ledger] == payloads(provider)


def _fates(app: App, books: list[Path], results: Path) -> Counter[Fate]:
    """How often each fate occurs when these workbooks are submitted."""
    reports = submit_files(app, books, Options(results=results), Silent())
    return Counter(order.fate for report in reports for batch in report.batches for order in batch.orders)


@provider_of_each
def test_a_look_up_sees_what_was_submitted(provider: Provider, journal: Journal) -> None:
    """An order that is there is never sent again, and one that is not there is never taken for sent."""
    body, *others = payloads(provider)
    with at_sandbox(provider, journal) as (api, _):
        if not isinstance(api, LooksUp):
            pytest.skip(f"{provider.title} has no look-up")
        assert api.look_up(body).verdict is Verdict.ABSENT
        assert api.create(body).verdict in TAKEN
        assert api.look_up(body).verdict in TAKEN
        assert {api.look_up(other).verdict for other in others} == {Verdict.ABSENT}


@provider_of_each
def test_what_is_tracked_can_be_looked_up(provider: Provider, journal: Journal) -> None:
    """A tracking number that comes later is only ever seen by asking for it."""
    with at_sandbox(provider, journal) as (api, _):
        assert isinstance(api, LooksUp) or not provider.tracks


FAULTS = [
    pytest.param(Fault(status=500, body=b"oops"), {Verdict.UNCLEAR}, id="HTTP 500"),
    pytest.param(Fault(status=503, body=b"oops"), {Verdict.UNCLEAR}, id="HTTP 503"),
    pytest.param(Fault(status=429, body=b"{}"), {Verdict.NOT_PROCESSED}, id="HTTP 429"),
    # a remote that documents the status was not reached by the order; elsewhere something in between gave it
    pytest.param(Fault(status=401, body=b"no"), {Verdict.STOPPED, Verdict.UNCLEAR}, id="HTTP 401"),
    pytest.param(Fault(status=302, body=b""), {Verdict.STOPPED, Verdict.UNCLEAR}, id="redirect"),
    pytest.param(Fault(body=b"<html>ok</html>"), {Verdict.UNCLEAR}, id="HTML with 200"),
    pytest.param(Fault(body=b'{"code": 0'), {Verdict.UNCLEAR}, id="cut JSON"),
    # where a remote's own answer has no body, an empty one says that the order is there: that is true, or left to be followed
    pytest.param(Fault(body=b""), {Verdict.UNCLEAR, Verdict.ACCEPTED, Verdict.IGNORED}, id="empty 200"),
    pytest.param(Fault(body=b"[" * 100_000), {Verdict.UNCLEAR}, id="deep JSON"),
    pytest.param(Fault(body=b"x" * 6_000_000), {Verdict.UNCLEAR}, id="6 MB body"),
    pytest.param(Fault(drop="before"), {Verdict.UNCLEAR}, id="cut before the answer"),
    pytest.param(Fault(drop="headers"), {Verdict.UNCLEAR}, id="cut in the headers"),
    pytest.param(Fault(drop="body", entered=True), {Verdict.UNCLEAR}, id="cut in the body"),
    pytest.param(Fault(delay=4.0, entered=True), {Verdict.UNCLEAR}, id="time-out"),
]


@provider_of_each
@pytest.mark.parametrize(("fault", "verdicts"), FAULTS)
def test_every_fault_is_taken_for_what_it_proves(provider: Provider, journal: Journal, fault: Fault, verdicts: set[Verdict]) -> None:
    """Only an answer that proves "not processed" lets an order go again."""
    body = payloads(provider)[0]
    with at_sandbox(provider, journal) as (api, imitation):
        api.test()  # the token is there, so that the fault hits the order
        imitation.fail_next(Fault(**{**vars(fault), "path": provider.endpoint}))
        assert api.create(body).verdict in verdicts


BUYER = "Canary Queen-Ørsted"
QUOTING = ("message", "Message", "msg", "text", "request_id", "TicketId", "error_description", "name")
"""Where remotes put their words."""


def quote_all(words: str) -> bytes:
    """An answer that quotes these words wherever any remote would, in the forms of all of them."""
    parts = {"code": 500, "Code": "E1", "error": "E1", "error_details": [words], "Errors": [{"Code": "E1", "Message": words}]}
    return json.dumps({**parts, **dict.fromkeys(QUOTING, words)}, ensure_ascii=False).encode()


@provider_of_each
def test_what_a_remote_quotes_of_secrets_and_buyers_goes_no_further(provider: Provider, journal: Journal) -> None:
    """A secret nowhere, whoever says it; what may name a buyer nowhere but in the message for the order's own row."""
    body = payloads(provider)[0]
    with at_sandbox(provider, journal) as (api, imitation):
        secrets = secrets_of(provider, imitation)
        words = f"{BUYER} {' '.join(secrets)}"
        api.test()
        for status, answer in product((200, 201, 400, 409, 412, 422, 500, 503), (quote_all(words), words.encode())):
            imitation.fail_next(Fault(status=status, body=answer, path=provider.endpoint))
            outcome = api.create(body)
            assert [secret for secret in secrets if secret in repr(outcome)] == [], (status, answer)
            assert BUYER not in f"{outcome.reason} {outcome.code}", (status, answer)


def secrets_of(provider: Provider, imitation: Any) -> list[str]:
    """The secret settings of an account at a sandbox."""
    settings = provider.settings({**imitation.account("http://127.0.0.1"), "name": "test"})
    found = [value.get_secret_value() for _, value in settings if isinstance(value, SecretStr)]
    assert found
    return found
