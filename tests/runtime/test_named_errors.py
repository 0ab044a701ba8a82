import pytest

from fastw2v.runtime.named_errors import errors_named
from fastw2v.vocab import EmptyVocabularyError


@pytest.mark.parametrize("kind", [ValueError, TypeError, EmptyVocabularyError])
def test_the_file_stands_before_the_error(kind):
    with pytest.raises(kind, match=r"^a\.csv: column 'x' lacks 1 values$"), errors_named("a.csv"):
        raise kind("column 'x' lacks 1 values")


def test_errors_that_name_the_file_and_others_stay_as_they_are():
    with pytest.raises(ValueError, match=r"^b\.csv is empty$"), errors_named("a.csv", "b.csv"):
        raise ValueError("b.csv is empty")
    with pytest.raises(KeyError, match=r"^3$"), errors_named("a.csv"):
        raise KeyError(3)
    with pytest.raises(ValueError, match=r"^no file$"), errors_named():
        raise ValueError("no file")


def test_one_of_several_files_and_text_of_another_encoding():
    with pytest.raises(ValueError, match=r"^a\.csv \(or one of 2 more files\): x$"), errors_named("a.csv", "b", "c"):
        raise ValueError("x")
    with pytest.raises(ValueError, match=r"^a\.csv: .*invalid start byte; save it as UTF-8$"), errors_named("a.csv"):
        b"\xff".decode()
