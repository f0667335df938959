"""What official documents cost: one letter, and the volume of a session of 500 proposals with their replies."""

import subprocess
import sys
import time
from datetime import date

from django.utils import timezone

from members.models import Person, Session
from proposals.handling.letters import Letter, Line, letter_docx, letter_pdf
from proposals.handling.pdf import missing
from proposals.handling.volumes import volume_docx
from proposals.reports.bulletin import Bulletin, bulletin_docx, bulletin_pdf, item
from proposals.volume import collected, contents_of, entries

LETTER_MS, VOLUME_MS, VOLUME_MB = 2_000.0, 60_000.0, 400.0
BULLETIN_MS, ITEMS = 3_000.0, 12
ENTRIES = 500
TEXT = "老旧小区停车难，夜间尤其突出，边角地没有利用，错时共享还没有形成机制。" * 8

# in a process of its own, as in a worker: what it takes at most is what it took
VOLUME = f"""
import resource, time
from datetime import date
import django
django.setup()
from proposals.handling.letters import Line
from proposals.handling.volumes import Entry, Given, Place, volume_docx
text = {TEXT!r}
def one(n):
    answers = [Line(text) for _ in range(4)]
    replies = [Given(f"市{{k}}局", f"函〔2026〕{{n}}号", date(2026, 5, 1), "A类", answers) for k in ("民政", "财政")]
    return Entry(f"第{{n % 6}}类", f"第{{n:04d}}号", "关于增加停车位的建议", [("提案者", "林溪、白露")], text, text, [text] * 3, replies)
order = sorted(range({ENTRIES}), key=lambda n: n % 6)
began = time.perf_counter()
made = volume_docx("汇编", date(2026, 12, 1), [Place(f"第{{n % 6}}类", f"第{{n:04d}}号") for n in order], (one(n) for n in order))
print(int((time.perf_counter() - began) * 1000), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, len(made))
"""


def measured() -> list[tuple[str, float, float, bool]]:
    """Name, figure, limit, and whether it holds."""
    letter = Letter(
        head="市民政局", mark="A类", number="民函〔2026〕1号", title="关于对政协第十四届二次会议第1号提案的答复",
        addressee="林溪委员", lines=[Line(TEXT) for _ in range(8)], signer="市民政局", on=date(2026, 5, 1),
    )  # fmt: skip
    rows = [("letter as .docx", *timed(lambda: letter_docx(letter)))]
    if not missing():
        rows.append(("letter as PDF preview", *timed(lambda: letter_pdf(letter))))
        rows.append(
            (f"bulletin of {ITEMS} items as PDF preview", *timed(lambda: bulletin_pdf(bulletin()), BULLETIN_MS))
        )
    rows.append((f"bulletin of {ITEMS} items as .docx", *timed(lambda: bulletin_docx(bulletin()), BULLETIN_MS)))
    took, megabytes = volume()
    rows.append((f"volume of {ENTRIES} with replies", took, VOLUME_MS, took <= VOLUME_MS))
    return [*rows, ("volume: memory of its process, MB", megabytes, VOLUME_MB, megabytes <= VOLUME_MB)]


def bulletin() -> Bulletin:
    """One issue with as much in it as it may hold of each."""
    items = [item(f"关于第{n}件事的情况反映", "\n".join([TEXT] * 4), "来自政协委员") for n in range(ITEMS)]
    return Bulletin("社情民意信息", "2026年第1期", "市政协办公室", date(2026, 5, 1), items, signer="周正")


def timed(act: object, most: float = LETTER_MS) -> tuple[float, float, bool]:
    assert callable(act)
    act()
    began = time.perf_counter()
    act()
    took = (time.perf_counter() - began) * 1000
    return took, most, took <= most


def volume() -> tuple[float, float]:
    """Milliseconds and megabytes of the whole."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", VOLUME], capture_output=True, text=True, check=True)
    took, megabytes, _ = done.stdout.split()
    return float(took), float(megabytes)


def from_database() -> tuple[str, float, float, bool]:
    """The volume of the session that the measurement has, read and written as the worker does it."""
    session = Session.objects.current(timezone.now())
    assert session is not None
    began = time.perf_counter()
    rows = collected(session, Person.objects.get(username="proposal_staff"))
    contents = contents_of(rows)
    volume_docx("汇编", timezone.localdate(), list(contents.values()), entries(list(contents), "all"))
    took = (time.perf_counter() - began) * 1000
    return f"volume of the {len(contents)} proposals here", took, VOLUME_MS, took <= VOLUME_MS
