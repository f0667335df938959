"""The demonstration's unit has a letter template of its own in use and a newer one that waits; its office numbers."""

from datetime import datetime

from django.core.files.uploadedfile import SimpleUploadedFile

from members.choices import Role
from members.models import AssigningOffice, Body, Person
from members.uploads import Use, check
from proposals.handling import actions as handling
from proposals.handling import official
from proposals.handling.eyes import eyes
from proposals.handling.letter_templates import starter
from proposals.handling.letters import letter_docx
from proposals.handling.models import LetterTemplate, PaperKind, Reply

from .people import People


def bring_letters(people: People, at: datetime) -> None:
    clerk, head = people.account(Role.UNIT_CLERK), people.account(Role.UNIT_HEAD)
    unit = clerk.appointments.get().body
    handling.use_template(_brought(unit, clerk, at), by=head, now=at)
    _brought(unit, clerk, at)
    replies = Reply.objects.filter(issuer=unit, state=Reply.State.DELIVERED)
    if reply := replies.order_by("-pk").first():
        part = official.parts().get(pk=reply.assignment_id)
        source = official.sources(part, eyes(clerk, part.matter), [PaperKind.REPLY])[0]
        handling.make_papers(part, source, [None], by=clerk, now=at)
    for office in Body.objects.filter(pk__in=AssigningOffice.objects.values("office")).order_by("pk"):
        for kind, word in (("chase", "督"), ("extension", "函")):
            pattern = f"{office.name[:2]}{word}〔{{年}}〕{{序号}}号"
            handling.set_format(office, kind, pattern, after=0, by=people.officer(office), now=at)


def _brought(unit: Body, clerk: Person, at: datetime) -> LetterTemplate:
    file = SimpleUploadedFile("本单位答复函模板.docx", letter_docx(starter(PaperKind.REPLY)))
    return handling.bring_template(unit, PaperKind.REPLY, check(file, use=Use.TEMPLATE), by=clerk, now=at)
