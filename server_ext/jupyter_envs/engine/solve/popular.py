"""Names that many people install: what a typo may have meant when no channel can be asked for its names. Data only."""

from __future__ import annotations

_NAMES = """
    altair anywidget aiohttp arrow astropy attrs bash_kernel beautifulsoup4 black bokeh boto3 bqplot cartopy
    catboost certifi click cython dash dask datasets diffusers distributed django docutils duckdb fastapi fiona
    flask folium fsspec gensim geopandas graphviz h5py holoviews httpx huggingface_hub hvplot hypothesis imageio
    ipykernel ipympl ipyleaflet ipython ipywidgets isort jax jaxlib jinja2 joblib jsonschema jupyter
    jupyter_client jupyter_core jupyter_server jupyterhub jupyterlab jupytext keras lightgbm lightning llvmlite
    lxml markdown matplotlib mypy nbclient nbconvert nbformat netcdf4 networkx nltk notebook numba numexpr numpy
    openai openpyxl pandas panel papermill patsy pillow pip plotly poetry polars pre-commit prophet psutil
    psycopg2 pyarrow pydantic pygments pymc pymongo pyproj pyspark pytest python-dateutil pytorch pyyaml pyzmq
    rasterio redis-py requests rich ruff scikit-image scikit-learn scipy seaborn selenium setuptools shapely simpy
    sklearn-pandas snakemake spacy sphinx sqlalchemy statsmodels streamlit sympy tabulate tensorflow tokenizers
    torchaudio torchvision tornado tqdm traitlets transformers typer urllib3 uvicorn voila wheel
    widgetsnbextension xarray xeus-python xgboost xlrd xlsxwriter zarr
"""

POPULAR = frozenset(_NAMES.split())
