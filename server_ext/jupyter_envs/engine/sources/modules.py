"""Which package brings a module: import names that are not the package's own. Data, and one rule. Pure.

Owns the names that people meet in ``ModuleNotFoundError``. Names are those of the Python index; where conda calls the
package otherwise, ``names.conda_name`` says how. What is not in the table is its own package.
"""

from __future__ import annotations

from jupyter_envs.engine.sources.names import is_pypi_name, normalize_name

# module -> package, or several, the usual one first. A module below a shared namespace is named in full.
_TABLE = """
absl absl-py
airflow apache-airflow
antlr4 antlr4-python3-runtime
attr attrs
azure azure-core
azure.identity azure-identity
azure.storage.blob azure-storage-blob
backports.zoneinfo backports-zoneinfo
barcode python-barcode
binance python-binance
Bio biopython
bluetooth pybluez
board adafruit-blinka
boto boto3
bs4 beautifulsoup4
bson pymongo
cairo pycairo
Cheetah cheetah3
clang libclang
clr pythonnet
community python-louvain
consul python-consul
cpuinfo py-cpuinfo
Crypto pycryptodome
Cryptodome pycryptodomex
cv2 opencv-python opencv-python-headless opencv-contrib-python
dash_core_components dash
dash_html_components dash
dash_table dash
dateutil python-dateutil
decouple python-decouple
dialogflow google-cloud-dialogflow
discord discord-py
django_filters django-filter
dns dnspython
docx python-docx
dotenv python-dotenv
elftools pyelftools
engineio python-engineio
faiss faiss-cpu
ffmpeg ffmpeg-python
fitz pymupdf
fpdf fpdf2
gi pygobject
git gitpython
github pygithub
gitlab python-gitlab
google protobuf google-auth google-api-python-client
google.auth google-auth
google.cloud google-cloud-core
google.cloud.bigquery google-cloud-bigquery
google.cloud.storage google-cloud-storage
google.cloud.vision google-cloud-vision
google.genai google-genai
google.generativeai google-generativeai
google.oauth2 google-auth
google.protobuf protobuf
googleapiclient google-api-python-client
googlesearch googlesearch-python
grpc grpcio
grpc_tools grpcio-tools
hydra hydra-core
imblearn imbalanced-learn
jaraco jaraco-classes
jaraco.classes jaraco-classes
jenkins python-jenkins
jnius pyjnius
jose python-jose
jpype jpype1
jwt pyjwt
kafka kafka-python
ldap python-ldap
lightning_fabric lightning
llama_cpp llama-cpp-python
magic python-magic
markdown_it markdown-it-py
memcache python-memcached
moviepy.editor moviepy
mpl matplotlib
mpl_finance mplfinance
mpl_toolkits matplotlib
mpl_toolkits.basemap basemap
multipart python-multipart
mysql mysql-connector-python
mysql.connector mysql-connector-python
MySQLdb mysqlclient
nacl pynacl
nmap python-nmap
nvidia_smi nvidia-ml-py
openbabel openbabel-wheel
opencv opencv-python
OpenGL pyopengl
openslide openslide-python
OpenSSL pyopenssl
osgeo gdal
paho paho-mqtt
pandas_profiling ydata-profiling
past future
patoolib patool
pdfminer pdfminer-six
PIL pillow
pkg_resources setuptools
playhouse peewee
pptx python-pptx
progressbar progressbar2
psycopg2 psycopg2-binary psycopg2
pwn pwntools
pyarrow.parquet pyarrow
pylab matplotlib
pynvml nvidia-ml-py
pyro pyro-ppl
pythoncom pywin32
pywt pywavelets
pyximport cython
rest_framework djangorestframework
RPi rpi-gpio
ruamel ruamel-yaml
ruamel.yaml ruamel-yaml
serial pyserial
shapefile pyshp
sipbuild sip
sk-learn scikit-learn
skbio scikit-bio
skfuzzy scikit-fuzzy
skimage scikit-image
sklearn scikit-learn
sklearn_extra scikit-learn-extra
skmultilearn scikit-multilearn
skopt scikit-optimize
sksurv scikit-survival
slugify python-slugify
smartcard pyscard
smbus smbus2
snappy python-snappy
snowflake.connector snowflake-connector-python
socketio python-socketio
socks pysocks
speech_recognition speechrecognition
stdnum python-stdnum
surprise scikit-surprise
tabula tabula-py
talib ta-lib
telebot pytelegrambotapi
telegram python-telegram-bot
tlz toolz
umap umap-learn
unittest_xml unittest-xml-reporting
usb pyusb
Vizzu ipyvizzu
vlc python-vlc
vtkmodules vtk
weaviate weaviate-client
websocket websocket-client
whisper openai-whisper
whois python-whois
win32api pywin32
win32clipboard pywin32
win32com pywin32
win32con pywin32
win32file pywin32
win32gui pywin32
wx wxpython
Xlib python-xlib
xmlrunner unittest-xml-reporting
yaml pyyaml
zbar pyzbar
zmq pyzmq
zope zope-interface
zope.interface zope-interface
"""

_PACKAGES = {module: tuple(packages) for module, *packages in map(str.split, _TABLE.strip().splitlines())}
PACKAGES = frozenset(package for packages in _PACKAGES.values() for package in packages)
"""All packages of the table."""
_LOWERED = {module.lower(): packages for module, packages in _PACKAGES.items()}


_NAMESPACES = (
    "google.cloud",
    "azure.mgmt",
    "azure.storage",
    "azure",
    "backports",
    "jaraco",
    "ruamel",
    "sphinxcontrib",
    "zope",
)
"""Packages that many projects share, each named after what it adds (``sphinxcontrib-bibtex``); the longest first."""


def packages_of(module: str) -> tuple[str, ...]:
    """Return the packages that may bring a module, the usual one first; its own name when nothing else is known.

    Of a shared namespace the table has only some: ``google.cloud.spanner``, which it lacks, is brought by
    ``google-cloud-spanner`` and hardly by what ``google.cloud`` itself comes from.
    """
    module = module.strip()
    found = find_packages(module)
    namespace = _find_namespace(module)
    if namespace and found == find_packages(namespace):
        added = module.removeprefix(f"{namespace}.").split(".")[0]
        found = tuple(dict.fromkeys((*_named(f"{namespace}.{added}"), *found)))
    return found or _named(module.split(".")[0])


def _find_namespace(module: str) -> str | None:
    return next((namespace for namespace in _NAMESPACES if module.startswith(f"{namespace}.")), None)


def _named(name: str) -> tuple[str, ...]:
    name = normalize_name(name)
    return (name,) if is_pypi_name(name) else ()


def find_packages(module: str) -> tuple[str, ...]:
    """Return the packages that the table has for a module; none when it is not there.

    Parameters
    ----------
    module : str
        As it is imported: ``sklearn``, ``google.protobuf.message``. The longest known beginning counts; spelled with
        other capitals it is still found.
    """
    parts = module.strip().split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        found = _PACKAGES.get(name) or _LOWERED.get(name.lower())
        if found is not None:
            return found
    return ()


def known_modules() -> dict[str, str]:
    """Return the usual package of each module in the table: for kernels, whose Python cannot ask ``packages_of``."""
    return {module: packages[0] for module, packages in _PACKAGES.items()}
