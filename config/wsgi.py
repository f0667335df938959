import importlib
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("HUIYIN_PROCESS", "web")

application = get_wsgi_application()
importlib.import_module("config.fitness").refuse_unless_fit()  # it needs the applications that stand above
