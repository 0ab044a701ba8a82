import shutil
import subprocess
import sys
import warnings

import pytest

from fastw2v.runtime import warn
from fastw2v.runtime.warn import warn_user


def test_a_warning_points_at_the_caller_outside_the_package(monkeypatch):
    monkeypatch.setattr(warn, "_PACKAGE", warn.__file__)
    with pytest.warns(RuntimeWarning, match="planned") as caught:
        warn_user("planned")
    assert caught[0].filename == __file__


def test_a_warning_while_a_module_is_imported_points_at_the_import(tmp_path):
    package = tmp_path / "outer"
    (package / "runtime").mkdir(parents=True)
    shutil.copy(warn.__file__, package / "runtime")
    (package / "__init__.py").write_text("from outer import inner")
    (package / "inner.py").write_text("from outer.runtime.warn import warn_user\nwarn_user('planned')\n")
    script = tmp_path / "script.py"
    script.write_text("\n\nimport outer\n")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert f"{script}:3: RuntimeWarning: planned" in done.stderr


def test_it_is_a_warning_that_can_be_made_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match="planned"):
            warn_user("planned")
