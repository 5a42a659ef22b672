"""Which package brings a module: import names that are not the package's own. Data, and one rule. Pure.

Owns the names that people meet in ``ModuleNotFoundError``. Names are those of the Python index; where conda calls the
package otherwise, ``names.conda_name`` says how. What is not in the table is its own package.
"""

from __future__ import annotations

from jupyter_envs.engine.sources.names import is_pypi_name, normalize_name

# module -> package, or several, the usual one first. A module below a shared namespace is named in full.
_TABLE = """
accessible_output2 accessible-output2
absl absl-py
alembic alembic
allennlp allennlp
altair altair
antlr4 antlr4-python3-runtime
apt_pkg python-apt
arcgis arcgis
attr attrs
attrs attrs
babel babel
backports.zoneinfo backports-zoneinfo
barcode python-barcode
binance python-binance
bio biopython
bitsandbytes bitsandbytes
blosc blosc
bluetooth pybluez
board adafruit-blinka
boto boto3
bs4 beautifulsoup4
bson pymongo
cairo pycairo
cartopy cartopy
chess chess
clang libclang
clr pythonnet
color_operations color-operations
community python-louvain
consul python-consul
Crypto pycryptodome
Cryptodome pycryptodomex
cv2 opencv-python opencv-python-headless opencv-contrib-python
Cython cython
dash_bootstrap_components dash-bootstrap-components
dateparser dateparser
dateutil python-dateutil
decouple python-decouple
deepl deepl
discord discord-py
django_filters django-filter
dns dnspython
docker docker
docx python-docx
docxtpl docxtpl
dotenv python-dotenv
editdistance editdistance
elftools pyelftools
email_validator email-validator
engineio python-engineio
faiss faiss-cpu
fastai fastai
fitz pymupdf
flask_cors flask-cors
flask_login flask-login
flask_sqlalchemy flask-sqlalchemy
flask_wtf flask-wtf
gi pygobject
git gitpython
github pygithub
gitlab python-gitlab
google.auth google-auth
google.cloud.bigquery google-cloud-bigquery
google.cloud.storage google-cloud-storage
google.cloud.vision google-cloud-vision
google.generativeai google-generativeai
google.genai google-genai
google.oauth2 google-auth
google.protobuf protobuf
googleapiclient google-api-python-client
googlesearch googlesearch-python
graphviz graphviz
grpc grpcio
grpc_tools grpcio-tools
gtts gtts
haystack farm-haystack
hdbscan hdbscan
hydra hydra-core
igraph igraph
imblearn imbalanced-learn
imutils imutils
ipython_genutils ipython-genutils
IPython ipython
jenkins python-jenkins
jnius pyjnius
jose python-jose
jpype jpype1
jsonrpclib jsonrpclib-pelix
jwt pyjwt
kafka kafka-python
keras_preprocessing keras-preprocessing
lab_black nb-black
langchain_community langchain-community
langchain_core langchain-core
langchain_openai langchain-openai
ldap python-ldap
ldap3 ldap3
Levenshtein levenshtein
lightning_fabric lightning
lightgbm lightgbm
llama_cpp llama-cpp-python
llama_index llama-index
lsprotocol lsprotocol
magic python-magic
markdown markdown
matplotlib_inline matplotlib-inline
mdurl mdurl
memcache python-memcached
mpl_toolkits matplotlib
mpl_interactions mpl-interactions
mpl_finance mplfinance
msgpack msgpack
multipart python-multipart
MySQLdb mysqlclient
mysql mysql-connector-python
nacl pynacl
netCDF4 netcdf4
neo4j neo4j
nmap python-nmap
OpenGL pyopengl
OpenSSL pyopenssl
openslide openslide-python
osgeo gdal
osmium osmium
paho paho-mqtt
parsel parsel
past future
patoolib patool
pdfminer pdfminer-six
picamera picamera
PIL pillow
pkg_resources setuptools
playhouse peewee
plotly plotly
plotnine plotnine
pptx python-pptx
prometheus_client prometheus-client
psycopg2 psycopg2-binary psycopg2
ptvsd ptvsd
pwn pwntools
py4j py4j
pyarrow pyarrow
pycocotools pycocotools
pydantic_settings pydantic-settings
pydot pydot
pyfiglet pyfiglet
pylab matplotlib
pymysql pymysql
pynput pynput
PyPDF2 pypdf2
PyQt5 pyqt5
PyQt6 pyqt6
PySide6 pyside6
pysrt pysrt
pythoncom pywin32
pytorch_lightning pytorch-lightning
pywt pywavelets
pyximport cython
ratelimit ratelimit
rest_framework djangorestframework
RPi rpi-gpio
ruamel ruamel-yaml
ruamel.yaml ruamel-yaml
scapy scapy
scrapy scrapy
sentence_transformers sentence-transformers
serial pyserial
sentencepiece sentencepiece
shap shap
shapefile pyshp
sipbuild sip
skimage scikit-image
sklearn scikit-learn
sklearn_extra scikit-learn-extra
skopt scikit-optimize
sksurv scikit-survival
skbio scikit-bio
slack_sdk slack-sdk
slugify python-slugify
smartcard pyscard
smbus smbus2
snappy python-snappy
snowflake.connector snowflake-connector-python
socketio python-socketio
socks pysocks
sounddevice sounddevice
soundfile soundfile
speech_recognition speechrecognition
sqlalchemy_utils sqlalchemy-utils
sqlmodel sqlmodel
stdnum python-stdnum
surprise scikit-surprise
tables tables
tabula tabula-py
telegram python-telegram-bot
telebot pytelegrambotapi
telethon telethon
tensorflow_datasets tensorflow-datasets
tensorflow_hub tensorflow-hub
termcolor termcolor
tflearn tflearn
tlz toolz
torch torch
torch_geometric torch-geometric
torchaudio torchaudio
torchvision torchvision
ttkbootstrap ttkbootstrap
twain pytwain
typing_extensions typing-extensions
umap umap-learn
uritemplate uritemplate
usb pyusb
vlc python-vlc
Vizzu ipyvizzu
websocket websocket-client
werkzeug werkzeug
whois python-whois
wikipedia wikipedia
win32api pywin32
win32com pywin32
win32con pywin32
win32gui pywin32
wordcloud wordcloud
wx wxpython
Xlib python-xlib
xlsxwriter xlsxwriter
yaml pyyaml
yfinance yfinance
youtube_dl youtube-dl
zmq pyzmq
zope.interface zope-interface
"""

_PACKAGES = {module: tuple(packages) for module, *packages in map(str.split, _TABLE.strip().splitlines())}
_LOWERED = {module.lower(): packages for module, packages in _PACKAGES.items()}


def packages_of(module: str) -> tuple[str, ...]:
    """Return the packages that may bring a module, the usual one first; its own name when nothing else is known."""
    top = normalize_name(module.strip().split(".")[0])
    return find_packages(module) or ((top,) if is_pypi_name(top) else ())


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
