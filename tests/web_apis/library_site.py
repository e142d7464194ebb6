"""A library with Django REST framework and drf-spectacular: settings, routes and a user. Usage: library_site.py PORT"""
import os
import sys
import tempfile

import django
from django.conf import settings
from django.core.management import call_command
from django.urls import include, path

DATABASE = os.path.join(tempfile.mkdtemp(), "db.sqlite3")
settings.configure(
    SECRET_KEY="only-for-tests",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE, "OPTIONS": {"timeout": 30}}},
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "rest_framework.authtoken",
        "drf_spectacular", "library",
    ],
    REST_FRAMEWORK={
        "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
        "PAGE_SIZE": 20,
    },
    SPECTACULAR_SETTINGS={"TITLE": "Library", "VERSION": "1.0",
                          "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"]},
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from drf_spectacular.views import SpectacularAPIView  # noqa: E402
from library.api import router  # noqa: E402
from rest_framework.authtoken.views import obtain_auth_token  # noqa: E402

urlpatterns = [
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/auth/token/", obtain_auth_token),
    path("api/", include(router.urls)),
]

if __name__ == "__main__":
    call_command("migrate", run_syncdb=True, verbosity=0)
    User.objects.create_superuser("admin", "admin@example.com", os.environ["API_PASSWORD"])
    call_command("runserver", f"127.0.0.1:{sys.argv[1]}", use_reloader=False)
