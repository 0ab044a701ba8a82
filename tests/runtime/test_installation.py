import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import fastw2v
from fastw2v.runtime.installation import warn_of_other_kernels

ROOT = Path(fastw2v.__file__).parents[1]


@pytest.fixture
def installed(tmp_path):
    """A folder with a package and its kernels, as pip installs them; the kernels are empty."""
    folder = tmp_path / "site-packages"
    for name in ("fastw2v", "fastw2v_kernels"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").touch()
    return folder


def run_import(*path):
    """Import fastw2v in a new interpreter that looks in these folders; return what it prints and warns."""
    return subprocess.run(
        [sys.executable, "-c", "import fastw2v; print(fastw2v.__file__)"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))},
        cwd=path[-1],
        capture_output=True,
        text=True,
        check=True,
    )


def test_a_checkout_with_its_own_kernels_is_silent():
    assert run_import(ROOT, ROOT / "kernels").stderr == ""


def test_a_relative_path_is_silent():
    assert run_import(".", "kernels", ROOT).stderr == ""


def test_packages_in_one_folder_are_silent(installed):
    shutil.copytree(ROOT / "fastw2v", installed / "fastw2v", dirs_exist_ok=True)
    shown = run_import(installed)
    assert shown.stderr == ""
    assert shown.stdout.startswith(str(installed))


def test_a_link_to_a_checkout_is_silent(tmp_path):
    (tmp_path / "link").symlink_to(ROOT)
    assert run_import(tmp_path / "link", ROOT / "kernels").stderr == ""


def test_installed_kernels_with_a_checkouts_package_are_told_with_the_cure(installed, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("\nimport fastw2v\n")
    shown = subprocess.run(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(installed)])},
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    assert shown.startswith(
        f"{script}:2: RuntimeWarning: fastw2v is imported from {ROOT / 'fastw2v'}, but its kernels "
    )
    assert f"from {installed / 'fastw2v_kernels'}: two versions are mixed" in shown
    assert "pip install -e ." in shown
    assert f"PYTHONPATH={ROOT}{os.pathsep}{ROOT / 'kernels'}" in shown


def test_an_installed_package_with_a_checkouts_kernels_is_told(installed, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastw2v_kernels", None)
    monkeypatch.delitem(sys.modules, "fastw2v_kernels")
    monkeypatch.syspath_prepend(ROOT / "kernels")
    with pytest.warns(RuntimeWarning, match="two versions are mixed"):
        warn_of_other_kernels(str(installed / "fastw2v"), "fastw2v_kernels")


def test_kernels_that_are_missing_or_have_no_spec_are_left_to_their_import(monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_other_kernels(str(ROOT / "fastw2v"), "no_such_kernels")
        monkeypatch.setattr(sys.modules["fastw2v"], "__spec__", None)
        warn_of_other_kernels(str(ROOT / "fastw2v"), "fastw2v")
