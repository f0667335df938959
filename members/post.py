"""Mail that must go to an address itself, not to a person: a code, or word to an old address.

It leaves after the commit and in the background, so that an answer takes as long for an unknown name as for a known one.
"""

import logging
import threading

from django.core.mail import EmailMessage
from django.db import transaction

logger = logging.getLogger(__name__)
_running: set[threading.Thread] = set()


def post(address: str, title: str, text: str) -> None:
    """Send a plain mail after the commit; a failure is logged without the address."""
    message = EmailMessage(title, text, to=[address])

    def start() -> None:
        thread = threading.Thread(target=_send, args=(message,), name="post")
        _running.add(thread)
        thread.start()

    transaction.on_commit(start, robust=True)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except OSError as error:
        logger.warning("a mail could not be sent: %s", type(error).__name__)
    finally:
        _running.discard(threading.current_thread())


def finish(seconds: float = 10) -> None:
    """Wait until the mails on their way have left."""
    for thread in list(_running):
        thread.join(seconds)
