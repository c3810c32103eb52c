"""What every provider promises, whatever it talks to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bulkorders.core.imitation import Fault
from bulkorders.core.kinds import BLANK
from bulkorders.core.outcome import Verdict
from bulkorders.core.provider import Account, Api, Provider
from bulkorders.core.template import Template
from bulkorders.journal.journal import Journal
from bulkorders.journal.tokens import Tokens
from bulkorders.pipeline.app import SystemClock
from bulkorders.pipeline.ingest import check_file
from bulkorders.providers import load_providers, template_modules
from bulkorders.sandbox import Server

SAMPLES = Path(__file__).parents[2] / "sample_data"
PROVIDERS = list(load_providers().values())
TEMPLATES = [template for provider in PROVIDERS for template in provider.templates]
provider_of_each = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
template_of_each = pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)


@contextmanager
def at_sandbox(provider: Provider, journal: Journal) -> Iterator[tuple[Api, Any]]:
    """The provider's api at a sandbox of its own, and that sandbox."""
    imitation = provider.imitate()
    with Server({provider.name: imitation}) as server:
        settings = provider.settings({**server.account(provider.name), "name": "test", "read_timeout": 2})
        account = Account("test", provider, provider.principal(settings), settings)
        api = provider.connect(account, Tokens(journal), SystemClock())
        try:
            yield api, imitation
        finally:
            api.close()


def payloads(provider: Provider) -> list[bytes]:
    """The request bodies of the provider's good sample."""
    from bulkorders.core.payload import build

    found = [orders for template in provider.templates for orders in _sample(template)]
    return [provider.encode(build(order)) for order in found]


def _sample(template: Template) -> list[Any]:
    (checkup,) = check_file(SAMPLES / template.name / "orders.xlsx")
    assert checkup.orders is not None
    return list(checkup.orders.valid)


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
def test_each_order_of_the_good_sample_is_valid(template: Template) -> None:
    """A sample that the tool itself refuses teaches nothing."""
    (checkup,) = check_file(SAMPLES / template.name / "orders.xlsx")
    assert checkup.orders is not None
    assert len(checkup.orders.orders) >= 12
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
        assert set(verdicts) <= {Verdict.CREATED, Verdict.ACCEPTED}
        assert [entry.body for entry in imitation.ledger] == bodies


@provider_of_each
def test_sending_an_order_again_makes_no_second_one(provider: Provider, journal: Journal) -> None:
    """Whatever the remote answers to it, its books have the order once."""
    body = payloads(provider)[0]
    with at_sandbox(provider, journal) as (api, imitation):
        api.create(body)
        api.create(body)
        assert len(imitation.ledger) == 1


FAULTS = [
    pytest.param(Fault(status=500, body=b"oops"), Verdict.UNCLEAR, id="HTTP 500"),
    pytest.param(Fault(status=503, body=b"oops"), Verdict.UNCLEAR, id="HTTP 503"),
    pytest.param(Fault(status=429, body=b"{}"), Verdict.NOT_PROCESSED, id="HTTP 429"),
    pytest.param(Fault(status=401, body=b"no"), Verdict.STOPPED, id="HTTP 401"),
    pytest.param(Fault(status=302, body=b""), Verdict.STOPPED, id="redirect"),
    pytest.param(Fault(body=b"<html>ok</html>"), Verdict.UNCLEAR, id="HTML with 200"),
    pytest.param(Fault(body=b'{"code": 0'), Verdict.UNCLEAR, id="cut JSON"),
    pytest.param(Fault(body=b""), Verdict.UNCLEAR, id="empty 200"),
    pytest.param(Fault(body=b"[" * 100_000), Verdict.UNCLEAR, id="deep JSON"),
    pytest.param(Fault(body=b"x" * 6_000_000), Verdict.UNCLEAR, id="6 MB body"),
    pytest.param(Fault(drop="before"), Verdict.UNCLEAR, id="cut before the answer"),
    pytest.param(Fault(drop="headers"), Verdict.UNCLEAR, id="cut in the headers"),
    pytest.param(Fault(drop="body", entered=True), Verdict.UNCLEAR, id="cut in the body"),
    pytest.param(Fault(delay=4.0, entered=True), Verdict.UNCLEAR, id="time-out"),
]


@provider_of_each
@pytest.mark.parametrize(("fault", "verdict"), FAULTS)
def test_every_fault_is_taken_for_what_it_proves(provider: Provider, journal: Journal, fault: Fault, verdict: Verdict) -> None:
    """Only an answer that proves "not processed" lets an order go again."""
    body = payloads(provider)[0]
    with at_sandbox(provider, journal) as (api, imitation):
        api.test()  # the token is there, so that the fault hits the order
        imitation.fail_next(Fault(**{**vars(fault), "path": provider.endpoint}))
        assert api.create(body).verdict is verdict
