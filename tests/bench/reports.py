"""The report office's lists with a hundred thousand reports in store, three hundred of them waiting to be screened."""

from django.db import connection

from members import keys

STORED, WAITING = 100_000, 300
SEARCH_MS = 60.0
SEARCHES = {  # what a list asks the database for: words that are common, rare and absent, a month, a source
    "common word": "?q=社区服务",
    "word of one in a hundred": "?q=停车难",
    "rare word": "?q=第99910件",
    "absent word": "?q=厕所革命",
    "number": "?q=信150000",
    "month": "?since=2026-01-01&until=2026-01-31",
    "nobody's source": "?source=county",
}
PAGES = (
    ("report_staff", "/reports/screening/"),
    ("report_staff", "/reports/"),
    ("report_staff", "/reports/?q=停车"),
    ("report_staff", "/reports/?q=信150000"),
)

_MATTERS = """
    INSERT INTO handling_matter (public_id, kind, origin, session_id, number, title, unit_title, access, exposure, stage,
        readers, key, quiet, placeholder, created_at, closed_at)
    SELECT gen_random_uuid(), 'report', '', (SELECT id FROM members_session ORDER BY id LIMIT 1), '信' || (100000 + n),
        CASE WHEN n %% 97 = 0 THEN '老城区停车难第' ELSE '社区服务情况第' END || n || '件', '', 'open', 'office',
        CASE WHEN n > %(stored)s - %(waiting)s THEN 'screening' ELSE 'kept' END, %(readers)s, false, false, false,
        now() - (%(stored)s - n) * interval '5 minutes', NULL
    FROM generate_series(1, %(stored)s) n
"""
_REPORTS = """
    INSERT INTO reports_report (matter_id, status, source, author_text, title, situation, cause, suggestion, urgent,
        shows_name, version, submissions, submitted_at, fingerprint, decided_text, referred_to, consent, updated_at)
    SELECT id, stage, 'member', '', title, repeat('情况。', 60), '', '建议。', id % 50 = 0, false, 2, 1, created_at,
        md5((id / 2)::text), '', '', '', created_at
    FROM handling_matter WHERE kind = 'report' AND number > '信1' AND number < '信3' AND length(number) = 7
"""


def plant() -> None:
    """Put them there as they would lie; authors do not matter to a list."""
    with connection.cursor() as cursor:
        cursor.execute(_MATTERS, {"stored": STORED, "waiting": WAITING, "readers": [keys.REPORT_OFFICE]})
        cursor.execute(_REPORTS)
        cursor.execute("VACUUM ANALYZE handling_matter")
        cursor.execute("VACUUM ANALYZE reports_report")
