"""Who asks is read once: for tests that ask hundreds of pages."""

from functools import cache

from members.backend import AppointmentBackend

read_once = cache(AppointmentBackend().get_user)
