"""variantlib, the reference implementation of the draft, orders our labels as we do.

No released installer has a provider for AMD. This one reports the version of a variable, as the
provider for NVIDIA does here.
"""

from __future__ import annotations

import json
import pathlib
from typing import Final

import pytest

from fromager_build_tags.index.wheel_variants import Driver, accepted_labels, version_json

from .environment import clean_environment
from .venvs import Venv

pytestmark = [pytest.mark.e2e, pytest.mark.nightly, pytest.mark.once]

_LABELS: Final = ["rocm7.1", "rocm6.4", "cuda13.0", "cuda12.9", "cuda12.10", "cuda13.0.1"]
_PROVIDER: Final = """
import os
from variantlib.models.provider import VariantFeatureConfig

class {plugin}:
    namespace = "{namespace}"
    is_aot_plugin = False

    @classmethod
    def get_supported_configs(cls):
        if values := os.environ.get("{namespace}", "").split():
            return [VariantFeatureConfig(name="{feature}", values=values, multi_value=False)]
        return []

    get_all_configs = get_supported_configs
"""
_ORDER: Final = """
import json, sys
from variantlib.api import get_variants_by_priority
content = json.load(open(sys.argv[1]))
print(json.dumps([each.label for each in get_variants_by_priority(variants_json=content)]))
"""
#: What a provider reports for each driver, the preferred value first.
_REPORTED: Final = {
    "cpu": {},
    "rocm7.1": {"amd": "7.1"},
    "rocm7.2": {"amd": "7.2"},
    "rocm6.4": {"amd": "6.4"},
    "cuda13.1": {"nvidia": "13.1 13.0 12.10 12.9 12.8"},
    "cuda12.9": {"nvidia": "12.9 12.8"},
    "cuda12.8": {"nvidia": "12.8"},
}


@pytest.fixture(scope="module")
def variantlib(tmp_path_factory: pytest.TempPathFactory) -> Venv:
    folder = tmp_path_factory.mktemp("variantlib")
    venv = Venv.create(folder / "venv")
    venv.install("variantlib==0.2.2")
    [packages] = (folder / "venv").glob("lib/python*/site-packages")
    for namespace, plugin, feature in (
        ("amd", "AMDVariantPlugin", "rocm_version"),
        ("nvidia", "NvidiaVariantPlugin", "cuda_version_lower_bound"),
    ):
        package = packages / f"{namespace}_variant_provider"
        package.mkdir()
        (package / "__init__.py").touch()
        text = _PROVIDER.format(namespace=namespace, plugin=plugin, feature=feature)
        (package / "plugin.py").write_text(text)
    return venv


@pytest.mark.parametrize("driver", _REPORTED)
def test_it_selects_the_same_labels(driver: str, variantlib: Venv, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a-1-variants.json"
    path.write_bytes(version_json(_LABELS))
    environ = {**clean_environment(), **_REPORTED[driver]}
    done = variantlib.run("python", "-c", _ORDER, path, environ=environ, cwd=tmp_path)
    *labels, fallback = json.loads(done.stdout)
    assert fallback == "null"  # variantlib adds it, as if it were a plain wheel
    ours = accepted_labels(_LABELS, Driver.parse(driver), provides={"cuda", "rocm"})
    assert [*labels, ""] == ours
    assert ("rocm7.1" in labels) is (driver == "rocm7.1")
