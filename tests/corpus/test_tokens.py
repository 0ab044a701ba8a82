import pytest

from fastw2v.corpus import simple_preprocess, tokenize

ODD = [
    "",
    "Šéf chomutovských komunistů dostal poštou bílý prášek",
    "I saw 2 films; e4e5 _private __init__ snake_case a_1b",
    "İstanbul ẞtraße ﬁne ǅ Ⅻ x² ½ 五 日本語 한국어 עברית ا٣ب",
    "e\u0301te\u0301 n\u0303 a\u0308\u0323 \u1e69 \ufeffmark zero\u200bwidth soft\u00adhyphen",
    "\ud800lone don't o'clock U.S.A. 1st\tx\ny\x00z " + "long" * 5 + " " + "fifteen" * 2 + "x",
]


@pytest.mark.parametrize("text", [*ODD, "naïve café".encode()])
def test_tokens_are_gensims(text):
    utils = pytest.importorskip("gensim.utils")
    for options in ({}, {"lowercase": True}, {"to_lower": True, "deacc": True}, {"lower": True}, {"deacc": True}):
        assert list(tokenize(text, **options)) == list(utils.tokenize(text, **options))
    for options in ({}, {"deacc": True}, {"min_len": 1, "max_len": 30}, {"min_len": 5, "max_len": 5}):
        assert simple_preprocess(text, **options) == utils.simple_preprocess(text, **options)


def test_bytes_in_another_encoding():
    latin = "größer café".encode("latin-1")
    assert list(tokenize(latin, encoding="latin-1")) == ["größer", "café"]
    assert list(tokenize(latin, errors="ignore")) == ["grer", "caf"]
    assert simple_preprocess(latin) == ["grer", "caf"]
    with pytest.raises(UnicodeDecodeError):
        tokenize(latin)


def test_words_are_runs_of_letters_of_the_length_asked_for():
    assert simple_preprocess("Ab c déf_g _h 3x4 LONGESTWORDYETS sixteenlettersxx") == ["ab", "déf_g", "longestwordyets"]
    assert simple_preprocess("Déjà", deacc=True) == ["deja"]
