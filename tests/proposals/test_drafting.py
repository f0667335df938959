"""A draft is written, by one person in two places, and seen by nobody else."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django.fixtures import Settings

from members.choices import BodyKind, Role, System
from members.errors import Refused, Stale, WrongStep
from members.uploads import Use, check, open_file
from proposals import actions
from proposals.handling.actions.attaching import admit, attach
from proposals.handling.attachments import attachments_of
from proposals.handling.models import Matter, Purpose
from proposals.models import Proposal, Status, Text
from tests.factories import BodyFactory, appoint
from tests.uploads import made
from tests.uploads.made import upload

from .conftest import TEXT, House, reason
from .test_reviewing import fresh


def test_nobody_but_the_author_sees_a_draft(house: House, draft) -> None:
    proposal = draft()

    seen = [
        who
        for who in (house.member, house.staff, house.officer, house.director)
        if Matter.objects.visible_to(who).filter(pk=proposal.matter_id).exists()
    ]

    assert seen == [house.member]


def test_saving_the_same_text_again_changes_nothing(house: House, draft) -> None:
    proposal = draft()

    again = actions.save_text(proposal, TEXT, version=1, by=house.member, now=house.later())

    assert again.version == proposal.version


def test_another_text_over_a_newer_one_is_refused_and_nothing_is_lost(house: House, draft) -> None:
    proposal = draft()
    newer = actions.save_text(
        proposal, replace(TEXT, analysis="新"), version=proposal.version, by=house.member, now=house.later()
    )

    with pytest.raises(Stale):
        actions.save_text(
            proposal, replace(TEXT, analysis="旧"), version=proposal.version, by=house.member, now=house.later()
        )

    assert Proposal.objects.get(pk=newer.pk).analysis == "新"


def test_rare_characters_count_as_one(house: House, draft) -> None:
    text = Text("𠮷" * 50, "䶮" * 10 + "\r\n", "", ("😀",))

    proposal = draft(text=text)

    assert proposal.text() == Text("𠮷" * 50, "䶮" * 10, "", ("😀",))
    assert actions.missing(proposal, by=house.member, now=house.later()) == []
    assert proposal.text().length == 11


@pytest.mark.parametrize("text", [Text("长" * 301), Text("题", "长" * 20_001), Text("题", "\x00" * 5 + "长" * 20_001)])
def test_a_draft_has_an_end(house: House, draft, text: Text) -> None:
    with pytest.raises(Refused):
        draft(text=text)


def test_a_discarded_draft_is_gone_for_everyone(house: House, draft) -> None:
    proposal = draft()

    actions.discard(proposal, by=house.member, now=house.later())

    matter = Matter.objects.get(pk=proposal.matter_id)
    assert (matter.title, matter.readers, matter.proposal.status) == ("", [], Status.WITHDRAWN)
    assert [event.verb for event in matter.events.all()] == ["discarded"]


def test_a_collective_proposal_has_three_drafters_at_most(house: House) -> None:
    body = BodyFactory(kind=BodyKind.DEMOCRATIC_PARTY, system=System.CPPCC)
    secretary = appoint(Role.ORGANISATION_SECRETARY, body)
    drafters = [appoint(Role.MEMBER) for _ in range(4)]

    with pytest.raises(Refused, match="最多3位"):
        actions.begin(actions.Behind(body=body, drafters=drafters), by=secretary, now=house.later())


def test_a_collective_proposal_names_signer_and_contact(house: House) -> None:
    body = BodyFactory(kind=BodyKind.DEMOCRATIC_PARTY, system=System.CPPCC)
    secretary = appoint(Role.ORGANISATION_SECRETARY, body)
    proposal = actions.begin(actions.Behind(body=body), by=secretary, now=house.later())
    proposal = actions.save_text(proposal, TEXT, version=None, by=secretary, now=house.later())

    assert [field for field, _ in actions.missing(proposal, by=secretary, now=house.later())] == [
        "signer",
        "contact",
        "seal",
    ]

    upload = SimpleUploadedFile("签章页.pdf", made.pdf(), "application/pdf")
    page = admit(upload, purpose=Purpose.SIGNATURES, by=secretary)
    attach(proposal.matter, page, purpose=Purpose.SIGNATURES, by=secretary, now=house.later())
    assert [field for field, _ in actions.missing(proposal, by=secretary, now=house.later())] == ["signer", "contact"]


def test_a_sector_has_no_seal_and_its_convener_signs(house: House) -> None:
    body = BodyFactory(kind=BodyKind.SECTOR, system=System.CPPCC)
    convener = appoint(Role.CONVENER, body)
    proposal = actions.begin(actions.Behind(body=body), by=convener, now=house.later())
    proposal = actions.save_text(proposal, TEXT, version=None, by=convener, now=house.later())

    assert [field for field, _ in actions.missing(proposal, by=convener, now=house.later())] == ["signer", "contact"]


def test_a_submitted_text_is_not_written_any_more(house: House, submitted) -> None:
    proposal = submitted()

    with pytest.raises(WrongStep):
        actions.save_text(proposal, replace(TEXT, title="另一件"), version=None, by=house.member, now=house.later())


def test_a_file_left_out_of_what_is_written_again_stays_with_what_was_handed_in(
    house: House, submitted, tmp_path: Path, settings: Settings
) -> None:
    settings.MEDIA_ROOT = tmp_path
    proposal = submitted()
    data = check(upload("测算.docx", made.docx()), use=Use.ATTACHMENT)
    file = attach(proposal.matter, data, purpose=Purpose.TEXT, by=house.member, now=house.later())
    actions.claim(proposal, by=house.staff, now=house.later())
    actions.send_back(proposal, reason=reason("return", "facts"), text="补充。", by=house.staff, now=house.later())

    actions.remove_file(fresh(proposal), file, by=house.member, now=house.later())

    assert attachments_of(proposal.matter, house.member) == []
    assert attachments_of(proposal.matter, house.staff) == [file]
    with open_file(file.stored) as kept:
        assert kept.read(2) == b"PK"
    with pytest.raises(WrongStep, match="已删除"):
        actions.remove_file(fresh(proposal), file, by=house.member, now=house.later())

    actions.submit(fresh(proposal), not_secret=True, by=house.member, now=house.later())

    assert attachments_of(proposal.matter, house.staff) == []
