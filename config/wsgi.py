import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("HUIYIN_PROCESS", "web")

from django.core.wsgi import get_wsgi_application  # noqa: E402  after the two settings above

from config.fitness import refuse_unless_fit  # noqa: E402

application = get_wsgi_application()
refuse_unless_fit()
