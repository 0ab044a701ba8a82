import bz2
import gzip
import io
import lzma
import random

import pytest

from fastw2v.corpus import (
    BrownCorpus,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
    TextCorpus,
    TokenCorpus,
    as_corpus,
)
from fastw2v.encode import encode_corpus, encode_with
from fastw2v.runtime.word_bytes import encode_word

ASCII_SPACES = [" ", "  ", "\t", "\n", "\n\n", " \n", "\r\n", "\v", "\f"]
ALL_SPACES = [*ASCII_SPACES, "\x1c", "\x85", "\xa0", "\u3000", "\u2028", "\u2003", "\u205f", "\u1680"]


def random_text(seed, n_words, spaces):
    rng = random.Random(seed)
    words = ["a", "bb", "é", "日本", "word", "«x»", "…"]
    return "".join(rng.choice(words) + rng.choice(spaces) for _ in range(n_words))


def encoded(corpus, **options):
    vocab, tokens = encode_corpus(corpus, min_count=1, **options)
    again = encode_with(corpus, vocab, workers=2)
    assert (again.ids.tolist(), again.starts.tolist()) == (tokens.ids.tolist(), tokens.starts.tolist())
    return vocab.keys, vocab.counts.tolist(), tokens.ids.tolist(), tokens.starts.tolist()


@pytest.fixture
def gensim():
    return pytest.importorskip("gensim.models.word2vec")


@pytest.fixture
def write(tmp_path):
    def write(content, name="corpus.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


@pytest.mark.parametrize("spaces", [ASCII_SPACES, ALL_SPACES], ids=["ascii", "unicode"])
@pytest.mark.parametrize("n_words", [1, 3, 50, 400])
@pytest.mark.parametrize("length", [1, 3, 7, 10_000])
@pytest.mark.parametrize("limit", [None, 1, 5])
def test_sentences_are_gensims_and_the_compiled_reader_has_the_same(gensim, write, spaces, n_words, length, limit):
    path = write(random_text(n_words * length, n_words, spaces))
    expected = list(gensim.LineSentence(path, length, limit))
    sentences = LineSentence(path, length, limit)
    assert list(sentences) == list(sentences) == expected
    corpus = as_corpus(sentences)
    assert isinstance(corpus, TextCorpus)
    for workers, block_bytes in [(1, 1), (2, 5), (1, 64), (2, 1 << 20)]:
        if any(expected):
            options = {"workers": workers, "block_bytes": block_bytes}
            assert encoded(corpus, **options) == encoded(TokenCorpus(expected))


def test_a_long_line_is_cut_at_ten_thousand_words(write):
    path = write("x " * 25_000 + "\n" + "y " * 10_000 + "\nz\n")
    assert encoded(LineSentence(path), workers=2)[3] == [0, 10_000, 20_000, 25_000, 35_000, 35_001]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files(write, pack):
    path = write(pack(b"\xef\xbb\xbfone two\nthree\n"), "no-ending")
    assert list(LineSentence(path)) == [["one", "two"], ["three"]]
    assert encoded(LineSentence(path, limit=1))[0] == ["one", "two"]


def test_file_objects_begin_anew_and_are_read_in_python(gensim):
    for source in (io.BytesIO("é b\nc\n".encode()), io.StringIO("é b\nc\n")):
        sentences = LineSentence(source, 1)
        assert list(sentences) == list(sentences) == list(gensim.LineSentence(source, 1)) == [["é"], ["b"], ["c"]]
        assert isinstance(as_corpus(sentences), TokenCorpus)
        assert encoded(sentences)[0] == ["é", "b", "c"]
    assert list(LineSentence(io.BytesIO(b"\xef\xbb\xbfa\n"))) == list(LineSentence(io.StringIO("\ufeffa\n"))) == [["a"]]


def test_a_class_with_its_own_iterator_is_read_by_it(write):
    class Lower(LineSentence):
        def __iter__(self):
            return ([word.lower() for word in words] for words in super().__iter__())

    class Named(LineSentence):
        pass

    path = write("A B\n")
    assert encoded(Lower(path))[0] == ["a", "b"]
    assert isinstance(as_corpus(Named(path)), TextCorpus)


def test_lines_that_are_not_utf8_warn_once_and_keep_their_bytes(write):
    path = write("a\nb größer\ngrößer\n".encode("latin-1"))
    with pytest.warns(RuntimeWarning, match=r"corpus\.txt', line 2 is not UTF-8.*iconv") as warned:
        sentences = list(LineSentence(path))
    assert len(warned) == 1
    assert encode_word(sentences[2][0]) == "größer".encode("latin-1")
    with pytest.warns(RuntimeWarning, match="line 2 is not UTF-8"):
        list(Text8Corpus(path))


def test_the_files_of_a_folder_in_the_order_of_their_names(gensim, write, tmp_path):
    write("c d\ne\nf\n", "parts/2.txt")
    write(gzip.compress(b"a b a\nb\n\nx\n"), "parts/10.txt.gz")
    for limit, length in [(None, 10_000), (2, 2), (0, 1)]:
        sentences = PathLineSentences(tmp_path / "parts", length, limit)
        original = gensim.PathLineSentences(str(tmp_path / "parts"), length, limit)
        assert (sentences.source, sentences.input_files) == (original.source, original.input_files)
        assert list(sentences) == list(sentences) == list(original)
        if limit != 0:
            assert encoded(sentences) == encoded(TokenCorpus(list(original)))
    assert isinstance(as_corpus(sentences), TextCorpus)
    write("not read", "parts/deeper/3.txt")
    assert len(PathLineSentences(tmp_path / "parts").input_files) == 2
    assert list(PathLineSentences(write("one file"))) == [["one", "file"]]


@pytest.mark.parametrize("length", [1, 7, 500, 10_000])
@pytest.mark.parametrize("n_words", [0, 1, 7, 500, 30_000])
def test_text8_is_gensims_and_the_compiled_reader_has_the_same(gensim, write, length, n_words):
    path = write(" " + random_text(n_words, n_words, [" ", "  ", " \u3000 "]) + "end")
    expected = list(gensim.Text8Corpus(path, length))
    assert list(Text8Corpus(path, length)) == expected
    assert encoded(Text8Corpus(path, length), block_bytes=1000) == encoded(TokenCorpus(expected))
    assert isinstance(as_corpus(Text8Corpus(path)), TextCorpus)


def test_line_ends_of_text8_join_no_words(write):
    path = write(b"a\n" * 10_000)
    assert list(Text8Corpus(path, 9000)) == [["a"] * 9000, ["a"] * 1000]
    assert encoded(Text8Corpus(path, 9000))[3] == [0, 9000, 10_000]


def test_brown_is_gensims(gensim, write, tmp_path):
    write("\n\tThe/at Fulton/np-tl ``/`` said/vbd and/or/cc ,/, x\n\n./.\n", "brown/ca01")
    write("Two/cd é/nn\n", "brown/ca02")
    sentences = BrownCorpus(tmp_path / "brown")
    assert list(sentences) == list(sentences) == [["the/at", "fulton/np", "said/vb"], ["two/cd", "é/nn"]]
    assert sorted(sentences) == sorted(gensim.BrownCorpus(str(tmp_path / "brown")))
    assert encoded(sentences)[0] == ["the/at", "fulton/np", "said/vb", "two/cd", "é/nn"]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: LineSentence(17), TypeError, "source is 17; expected a path, or an open file with seek"),
        (lambda: LineSentence("a", 0), ValueError, "max_sentence_length is 0; expected"),
        (lambda: LineSentence("a", limit=-1), ValueError, "limit is -1; expected"),
        (lambda: LineSentence("a", limit="all"), TypeError, "limit is 'all'"),
        (lambda: PathLineSentences("nowhere"), FileNotFoundError, "no such folder or file: 'nowhere'"),
        (lambda: Text8Corpus("a", max_sentence_length=-3), ValueError, "max_sentence_length is -3"),
        (lambda: list(LineSentence("nowhere")), FileNotFoundError, "no such corpus file: 'nowhere'"),
        (lambda: as_corpus(LineSentence("nowhere")), FileNotFoundError, "no such corpus file: 'nowhere'"),
        (lambda: list(LineSentence(".")), IsADirectoryError, "is a folder"),
        (lambda: list(BrownCorpus("nowhere")), FileNotFoundError, "nowhere"),
    ],
)
def test_a_wrong_argument_is_an_error_with_the_cure(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_utf16_is_refused(write):
    path = write("some text".encode("utf-16"))
    for sentences in (LineSentence(path), Text8Corpus(path)):
        with pytest.raises(ValueError, match="is UTF-16 text; convert it"):
            list(sentences)
