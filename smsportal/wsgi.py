"""Pages under a WSGI server, as the compose file runs them."""

import os

from django.core.wsgi import get_wsgi_application

from smsportal.settling import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsportal.settings")
os.environ.setdefault("DATABASE_POOL", "10")

application = get_wsgi_application()
settle()
