"""Gives a kernel of an environment its magics; stands beside ``kernel.json`` and is run when the kernel starts.

jupyter-envs is not installed in the environment, so this loads the one package of it that runs there from where
jupyter-envs is (``boot.json`` says). Any Python from 3.8 on; nothing stays in the user's namespace.
"""


def _jupyter_envs_boot(here: str) -> None:
    import json
    import os
    import sys
    from importlib.util import module_from_spec, spec_from_file_location
    from pathlib import Path

    from IPython import get_ipython

    folder = Path(here).parent
    link = json.loads((folder / "boot.json").read_text(encoding="utf-8"))
    link["modules"] = str(folder / "modules.json")
    place = Path(link["package"], "magics")
    if not (place / "__init__.py").exists():  # moved, or another image: the server that started this says where it is
        link.update(json.loads(os.environ.get("JUPYTER_ENVS_LINK", "{}")))
        place = Path(link["package"], "magics")
    if not (place / "__init__.py").exists():  # jupyter-envs has gone: the kernel is as good without
        return
    name = "_jupyter_envs_magics"
    spec = spec_from_file_location(name, place / "__init__.py", submodule_search_locations=[str(place)])
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.register(get_ipython(), link)


try:
    _jupyter_envs_boot(__file__)
finally:
    del _jupyter_envs_boot
