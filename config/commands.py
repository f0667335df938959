"""What `manage.py` does before Django takes over."""

import os

from django.core.management import execute_from_command_line


def main(argv: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    execute_from_command_line(argv)
