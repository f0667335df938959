"""The outgoing gateways, on a real one: what each answer means, and what may never leave (S4, S15)."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from config.portal import health, vitals
from members.choices import Role
from members.errors import WrongStep
from members.gateways import entries, gateways
from members.inbox import actions, engine, webhook
from members.inbox.actions import Fact
from members.inbox.lines import Lines
from members.inbox.models import Channel, ChannelStop, Message, State
from members.models import Person
from tests.factories import PersonFactory, appoint
from tests.inbox.gateway import SECRET, GatewaySink, running_gateway
from tests.inbox.sink import Sink

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 22, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
WORDS = "phone plain inside everyone"


@pytest.fixture
def gateway(settings: Settings) -> Iterator[GatewaySink]:
    with running_gateway() as sink:
        leads_to(settings, sink, "/")
        yield sink


def leads_to(settings: Settings, sink: GatewaySink, path: str, words: str = WORDS) -> None:
    settings.WEBHOOKS = f"sms=http://127.0.0.1:{sink.port}{path} {words}"
    settings.WEBHOOK_SECRETS = f"sms={SECRET}"
    settings.EMAIL_URL = ""


def told(event: int = 9, phone: str = "13800000000", **subject: object) -> Message:
    person = PersonFactory(phone=phone)
    actions.tell(
        [person.pk], event_id=event, template="plain", subject={"text": "关于停车场的提案", **subject}, now=NOW
    )
    return Message.objects.get(recipient=person, channel=Channel.WEBHOOK)


def sent(message: Message, at: datetime = NOW) -> Message:
    engine.send(now=at)
    message.refresh_from_db()
    return message


def test_a_message_goes_out_once_signed_and_says_only_what_may_leave_the_house(gateway: GatewaySink) -> None:
    message = told()
    sent(message)
    sent(message, NOW + timedelta(hours=1))

    [parcel] = gateway.parcels
    assert (message.state, gateway.ledger, gateway.forged) == (State.SENT, [message.key], 0)
    assert (parcel["to"], parcel["title"], parcel["lines"]) == ("13800000000", "您有一件待办", ["您有一件待办"])
    assert gateway.hosts == [f"127.0.0.1:{gateway.port}"]


def test_the_facts_of_one_hour_are_one_message_at_the_hour_that_was_chosen(gateway: GatewaySink) -> None:
    person = PersonFactory(phone="13800000000", digest_hour=17)
    facts = [Fact(f"o{n}:e1:s4:n1", person.pk, "plain", {"text": "x", "outside": f"第{n}号"}, n, 1) for n in (1, 2)]
    actions.remind(facts, now=NOW)
    engine.send(now=NOW)
    assert gateway.ledger == []

    engine.send(now=NOW + timedelta(hours=8))

    assert gateway.ledger == [f"digest:p{person.pk}:webhook:2026-05-22T17"]
    assert gateway.parcels[0]["lines"] == ["第1号", "第2号"]


@pytest.mark.parametrize(
    ("path", "state", "error"),
    [
        ("/later", State.PENDING, "503"),
        ("/busy", State.PENDING, "429"),
        ("/away", State.PENDING, "307"),
        ("/refuse", State.DEAD, "422"),
        ("/gone", State.DEAD, "410"),
        ("/flood", State.SENT, ""),
        ("/drop", State.UNKNOWN, "通知已交出"),
    ],
)
def test_what_each_answer_means(gateway: GatewaySink, settings: Settings, path: str, state: State, error: str) -> None:
    leads_to(settings, gateway, path)

    message = sent(told())

    assert (message.state, message.error[: len(error)]) == (state, error)
    assert gateway.paths == [path]  # nobody follows to elsewhere
    assert ChannelStop.objects.exists() == (path == "/gone")


@pytest.mark.parametrize("path", ["/hang", "/drip"])
def test_a_gateway_that_takes_all_and_does_not_answer_in_time_leaves_it_unknown(
    gateway: GatewaySink, settings: Settings, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(webhook, "SECONDS", 0.4)
    leads_to(settings, gateway, path)
    message = sent(told())

    engine.send(now=NOW + timedelta(days=1))

    message.refresh_from_db()
    assert (message.state, len(gateway.ledger)) == (State.UNKNOWN, 1)


def test_not_now_is_tried_ever_more_rarely_under_the_same_key(gateway: GatewaySink, settings: Settings) -> None:
    leads_to(settings, gateway, "/later")
    message, at, pauses = told(), NOW, []

    for _ in range(4):
        sent(message, at)
        pauses.append(round((message.not_before - at).total_seconds() / 60))
        at = message.not_before

    assert pauses == [1, 2, 4, 8]
    assert set(gateway.ledger) == {message.key}


def test_a_gateway_that_is_down_keeps_no_mail_and_no_other_gateway_waiting(
    gateway: GatewaySink, settings: Settings, sink: Sink
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = f"dead=http://127.0.0.1:{unused.getsockname()[1]}/ plain inside"
        settings.WEBHOOKS = f"{dead}; {settings.WEBHOOKS}"
        settings.WEBHOOK_SECRETS = f"dead={SECRET}; sms={SECRET}"
        settings.EMAIL_URL = sink.url
        unlucky = PersonFactory(gateway="dead", mail="a@example.com")
        lucky = PersonFactory(phone="13800000000")
        actions.tell([unlucky.pk, lucky.pk], event_id=1, template="plain", subject={"text": "x"}, now=NOW)

        engine.send(now=NOW)

    states = Message.objects.exclude(channel=Channel.INAPP).values_list("recipient", "channel", "state")
    assert set(states) == {
        (unlucky.pk, "webhook", "pending"), (unlucky.pk, "email", "sent"), (lucky.pk, "webhook", "sent")
    }  # fmt: skip


def test_who_is_reached_by_which_gateway(settings: Settings) -> None:
    settings.WEBHOOKS = "sms=https://a.example.cn/ phone everyone; wecom=https://b.example.cn/"
    settings.WEBHOOK_SECRETS = f"sms={SECRET}; wecom={SECRET}"
    people = {
        "wecom": PersonFactory(gateway="wecom"),
        "sms": PersonFactory(phone="138 0000-0000"),
        "refuses": PersonFactory(phone="13800000000", gateway="none"),
        "no phone": PersonFactory(),
        "gateway is gone": PersonFactory(phone="13800000000", gateway="pager"),
    }
    for number, person in enumerate(people.values()):
        actions.tell([person.pk], event_id=number, template="plain", subject={"text": "x"}, now=NOW)

    rows = Message.objects.filter(channel=Channel.WEBHOOK).values_list("recipient", "gateway")
    assert set(rows) == {(people["wecom"].pk, "wecom"), (people["sms"].pk, "sms")}


def test_a_gateway_that_is_named_no_more_sets_its_messages_aside_with_a_sentence(
    gateway: GatewaySink, settings: Settings
) -> None:
    message = told()
    settings.WEBHOOKS = ""

    sent(message)
    assert (message.state, message.error) == (State.DEAD, "设置里没有可用的网关“sms”")

    with pytest.raises(WrongStep, match="没有可用的短信等网关"):
        actions.resend(message, by=PersonFactory(), now=NOW)


def test_whose_number_is_gone_is_set_aside_and_nobody_waits_for_him(gateway: GatewaySink) -> None:
    message, other = told(1), told(2, phone="13900000000")
    Person.objects.filter(pk=message.recipient_id).update(phone="")

    assert (sent(message).state, message.error) == (State.DEAD, "没有登记手机号，或手机号不合法")
    other.refresh_from_db()
    assert other.state == State.SENT


def test_nothing_can_be_slipped_into_a_header_or_an_address(gateway: GatewaySink, settings: Settings) -> None:
    leads_to(settings, gateway, "/", "plain inside everyone")
    person = PersonFactory(username="a\r\nX-Evil: 1")
    actions.tell([person.pk], event_id=1, template="plain", subject={"text": "x"}, now=NOW)

    message = sent(Message.objects.get(channel=Channel.WEBHOOK))

    assert (message.state, gateway.ledger) == (State.DEAD, [])


# at most once ---------------------------------------------------------------------------------------------------------


def test_what_may_have_arrived_at_a_once_gateway_is_never_sent_again_by_itself(
    gateway: GatewaySink, settings: Settings
) -> None:
    leads_to(settings, gateway, "/", f"{WORDS} once")
    message = told()
    [(pk, token, name)] = engine.claim(now=NOW)
    assert Lines().at_most_once(name)
    assert engine._begin(pk, token)  # and then the process dies

    sent(message, NOW + engine.LEASE)

    assert (message.state, gateway.ledger) == (State.UNKNOWN, [])
    assert sent(message, NOW + timedelta(days=1)).state == State.UNKNOWN


def test_what_surely_did_not_arrive_at_a_once_gateway_is_tried_again(gateway: GatewaySink, settings: Settings) -> None:
    leads_to(settings, gateway, "/later", f"{WORDS} once")
    message = sent(told())
    assert message.state == State.PENDING
    leads_to(settings, gateway, "/", f"{WORDS} once")

    assert sent(message, message.not_before).state == State.SENT


# where it may connect to ----------------------------------------------------------------------------------------------


def test_an_inside_address_needs_the_word_and_the_checked_address_is_the_one_connected_to(
    gateway: GatewaySink, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS = f"sms=http://sms.example.cn:{gateway.port}/ phone plain everyone"
    answers, really = ["127.0.0.1"], socket.getaddrinfo

    def looked_up(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        if host != "sms.example.cn":
            return list(really(host, port, *args, **kwargs))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers[0], port))]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    message = sent(told())
    assert (message.state, gateway.ledger) == (State.PENDING, [])

    settings.WEBHOOKS = f"sms=http://sms.example.cn:{gateway.port}/ phone plain everyone inside"
    line = Lines().by("sms")
    line.open()
    answers[0] = "169.254.169.254"  # whatever the name says by now
    line.deliver(webhook.compose(message, gateways()["sms"], "", [], now=NOW))
    assert gateway.hosts == [f"sms.example.cn:{gateway.port}"]


def test_over_tls_the_certificate_must_be_that_of_the_name(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    with running_gateway(certificate) as sink:
        settings.WEBHOOKS = f"sms=https://127.0.0.1:{sink.port}/ phone inside everyone"
        settings.WEBHOOK_SECRETS = f"sms={SECRET}"
        message = sent(told())
        assert (message.state, sink.ledger) == (State.PENDING, [])

        trusting = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
        assert sent(message, NOW + timedelta(hours=1)).state == State.SENT
        assert sink.ledger == [message.key]


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gateway")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    built = built.not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = built.add_extension(names, critical=False).sign(key, hashes.SHA256())
    file = folder / "gateway.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + signed.public_bytes(pem))
    return file


# what the environment says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("sms=http://a.example.cn/ phone", "须以 https:// 开头"),
        ("sms=https://user:pw@a.example.cn/", "不能写在地址里"),
        ("sms=https://a.example.cn/ phnoe", "不认识的字样：phnoe"),
        ("sms=https:///send", "没有主机名"),
        ("sms=https://a.example.cn:99999/", "端口不合法"),
        ("wecom=https://a.example.cn/", "没有它的密钥"),
        ("SMS!=https://a.example.cn/", "名称只能用"),
        ("sms=https://a.example.cn/; sms=https://b.example.cn/", "写了两次"),
    ],
)
def test_a_faulty_entry_is_not_used_and_the_doctor_says_why(settings: Settings, entry: str, fault: str) -> None:
    settings.WEBHOOKS, settings.WEBHOOK_SECRETS = entry, f"sms={SECRET}; SMS!={SECRET}"

    finding = health.gateway_entries()

    assert finding.level == "fail"
    assert fault in finding.text
    assert len(gateways()) == len(entries()) - 1


def test_the_doctor_finds_a_gateway_that_answers(gateway: GatewaySink) -> None:
    assert health.gateway_entries().level == "ok"


def test_prometheus_counts_gateways_apart_from_mail(gateway: GatewaySink, settings: Settings) -> None:
    leads_to(settings, gateway, "/refuse")
    sent(told())

    lines = vitals.exposition().decode().splitlines()

    assert 'huiyin_messages{channel="webhook",state="dead"} 1.0' in lines
    assert 'huiyin_messages{channel="email",state="dead"} 0.0' in lines


def test_production_writes_no_messages_to_files(settings: Settings, tmp_path: Path) -> None:
    settings.WEBHOOKS = f"sms=file://{tmp_path} phone everyone"
    assert list(gateways()) == ["sms"]

    settings.PRODUCTION = True
    assert gateways() == {}


# pages ----------------------------------------------------------------------------------------------------------------


def test_the_demonstration_shows_what_its_gateway_took(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.WEBHOOKS = f"sms=file://{tmp_path} phone everyone label:短信"
    sent(told(outside="第7号：已交办"))

    page = client.get(reverse("inbox:sent_mail"))

    assert [(one["to"], one["title"]) for one in page.context["parcels"]] == [("13800000000", "第7号：已交办")]
    assert "第7号：已交办" in page.content.decode()


def test_a_person_chooses_the_gateway_on_the_page_of_preferences(client: Client, gateway: GatewaySink) -> None:
    person = appoint(Role.MEMBER)
    client.force_login(person)
    facts = {"size": "normal", "theme": "auto", "digest_hour": "9"}
    assert "按统一设置（sms）" in client.get(reverse("account_preferences")).content.decode()

    client.post(reverse("account_preferences"), {**facts, "gateway": "none"})
    person.refresh_from_db()
    assert person.gateway == "none"

    client.post(reverse("account_preferences"), {**facts, "gateway": "pager"})
    person.refresh_from_db()
    assert person.gateway == "none"
