from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate

from members.database import set_mark


class Command(Migrate):
    """Django's `migrate`, and afterwards the rights of the two roles on what there is now."""

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options["plan"] or options["check_unapplied"]:
            return
        call_command("grants", verbosity=options["verbosity"])
        if not settings.PRODUCTION:
            set_mark(settings.MODE)
