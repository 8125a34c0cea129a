"""Which distribution on PyPI brings a module, where their names differ."""

import re
from typing import Final

# Module (also dotted, for namespaces that many distributions share) -> distribution.
_DISTRIBUTIONS: Final = {
    "Crypto": "pycryptodome",
    "Cryptodome": "pycryptodomex",
    "Levenshtein": "levenshtein",
    "MySQLdb": "mysqlclient",
    "OpenSSL": "pyOpenSSL",
    "PIL": "pillow",
    "PyPDF2": "PyPDF2",
    "Xlib": "python-xlib",
    "_cffi_backend": "cffi",
    "apiclient": "google-api-python-client",
    "attr": "attrs",
    "azure.identity": "azure-identity",
    "azure.storage.blob": "azure-storage-blob",
    "babel": "babel",
    "barcode": "python-barcode",
    "bs4": "beautifulsoup4",
    "cachetools": "cachetools",
    "chess": "chess",
    "consul": "python-consul",
    "cv2": "opencv-python-headless",
    "dateparser": "dateparser",
    "dateutil": "python-dateutil",
    "decouple": "python-decouple",
    "discord": "discord.py",
    "django": "Django",
    "dns": "dnspython",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "email_validator": "email-validator",
    "environ": "django-environ",
    "fitz": "PyMuPDF",
    "flask_bootstrap": "Flask-Bootstrap",
    "flask_jwt": "Flask-JWT",
    "flask_mysqldb": "Flask-MySQLdb",
    "flask_restplus": "flask-restplus",
    "flask_uploads": "Flask-Uploads",
    "ffmpeg": "ffmpeg-python",
    "fpdf": "fpdf2",
    "git": "GitPython",
    "github": "PyGithub",
    "gi": "PyGObject",
    "google.auth": "google-auth",
    "google.cloud.bigquery": "google-cloud-bigquery",
    "google.cloud.firestore": "google-cloud-firestore",
    "google.cloud.pubsub_v1": "google-cloud-pubsub",
    "google.cloud.secretmanager": "google-cloud-secret-manager",
    "google.cloud.storage": "google-cloud-storage",
    "google.generativeai": "google-generativeai",
    "google.oauth2": "google-auth",
    "google.protobuf": "protobuf",
    "google_auth_oauthlib": "google-auth-oauthlib",
    "googleapiclient": "google-api-python-client",
    "graphql": "graphql-core",
    "grpc": "grpcio",
    "haystack": "django-haystack",
    "ibm_db": "ibm-db",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "keycloak": "python-keycloak",
    "kafka": "kafka-python",
    "ldap": "python-ldap",
    "magic": "python-magic",
    "markdown": "Markdown",
    "markupsafe": "MarkupSafe",
    "memcache": "python-memcached",
    "mpl_toolkits": "matplotlib",
    "multipart": "python-multipart",
    "mysql": "mysql-connector-python",
    "nacl": "PyNaCl",
    "oauth2client": "oauth2client",
    "opentelemetry": "opentelemetry-api",
    "opentelemetry.sdk": "opentelemetry-sdk",
    "pkg_resources": "setuptools",
    "playhouse": "peewee",
    "pptx": "python-pptx",
    "psycopg2": "psycopg2-binary",
    "pwiz": "peewee",
    "pylab": "matplotlib",
    "pymysql": "PyMySQL",
    "pythoncom": "pywin32",
    "qrcode": "qrcode",
    "ruamel.yaml": "ruamel.yaml",
    "saml2": "pysaml2",
    "serial": "pyserial",
    "six.moves": "six",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "socketio": "python-socketio",
    "engineio": "python-engineio",
    "socks": "PySocks",
    "sqlalchemy": "SQLAlchemy",
    "tabula": "tabula-py",
    "telegram": "python-telegram-bot",
    "telebot": "pyTelegramBotAPI",
    "twitter": "python-twitter",
    "usb": "pyusb",
    "uwsgidecorators": "uWSGI",
    "weasyprint": "WeasyPrint",
    "werkzeug": "Werkzeug",
    "whois": "python-whois",
    "win32api": "pywin32",
    "wtforms": "WTForms",
    "wtforms_sqlalchemy": "WTForms-SQLAlchemy",
    "xmlsec": "xmlsec",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
    "zope.interface": "zope.interface",
}
# Namespaces of which no single distribution is the owner: their modules count by two names.
_SHARED: Final = frozenset(
    {"google", "azure", "ruamel", "zope", "backports", "jaraco", "opentelemetry", "sphinxcontrib"}
)


def distribution_for(module: str) -> str:
    """Return the distribution to install for a module, by its longest known part, else by its own name."""
    key = known_part(module)
    return _DISTRIBUTIONS.get(key, key.replace("_", "-").replace(".", "-"))


def known_part(module: str) -> str:
    """Return the part of a module's name that a distribution goes by: `yaml` of `yaml.nodes`, or `ruamel.yaml`."""
    parts = module.split(".")
    for length in range(len(parts), 1, -1):
        if (part := ".".join(parts[:length])) in _DISTRIBUTIONS:
            return part
    return ".".join(parts[:2]) if parts[0] in _SHARED else parts[0]


def normalised(name: str) -> str:
    """Return a distribution's name as the index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
