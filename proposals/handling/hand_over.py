"""A hand-over as it goes out (P16): the joint notice on the grid of GB/T 9704, and every paper in one archive."""

from collections.abc import Iterator

from .documents import Batch, allocation_docx, chinese, file_name, packet_docx, packet_pdf
from .letters import Letter, Line, letter_docx, letter_pdf


def notice(batch: Batch) -> Letter:
    """What the offices issue together (联合交办通知); the first of them is the main one, its head stands above."""
    return Letter(
        head=batch.issuers[0] if batch.issuers else "",
        number=batch.number,
        title=f"关于交办{batch.title}的通知",
        addressee="各承办单位",
        lines=[Line(text) for text in notice_lines(batch)],
        signer="\n".join(batch.issuers),
        on=batch.on,
        contact=batch.contact and f"联系方式：{batch.contact}",
    )


def notice_lines(batch: Batch) -> list[str]:
    due = f"请于{chinese(batch.reply_due_on)}前书面答复提案者。" if batch.reply_due_on else ""
    lines = [f"现将{batch.title}共 {batch.total()} 件交由有关单位办理。{due}具体分工见分办表。"]
    return lines + [f"{number}. {text}" for number, text in enumerate(batch.requirements, start=1)]


def archive_parts(batch: Batch, *, pdf: bool) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every paper of a hand-over, one by one. Raises NoPdf where the house makes none."""
    letter = notice(batch)
    yield "01 交办通知.docx", letter_docx(letter)
    if pdf:
        yield "01 交办通知（预览）.pdf", letter_pdf(letter)
    yield "02 分办表.docx", allocation_docx(batch)
    for number, packet in enumerate(batch.packets, start=1):
        name = f"{number:02d} {file_name(packet.unit)}"
        yield f"交办件/{name}.docx", packet_docx(batch, packet)
        if pdf:
            yield f"交办件/{name}.pdf", packet_pdf(batch, packet)
