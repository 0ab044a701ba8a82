"""fastText's .bin: files of its program are read and written to the byte; damaged and other files are refused."""

import gzip
import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from fastw2v.fasttext import (
    FastText,
    FastTextKeyedVectors,
    load_facebook_model,
    load_facebook_vectors,
    save_facebook_model,
)
from fastw2v.formats import fasttext
from fastw2v.formats.fasttext import read_fasttext

HERE = Path(__file__).parent
OF_PROGRAM = {model: HERE / f"fasttext-{model}.bin" for model in ("skipgram", "cbow")}  # by fastText 0.9.2
VECTORS = json.loads((HERE / "fasttext.json").read_text())  # what its program gives for known and unknown words
SENTENCES = [["walking", "naïve", "日本", "</s>"], ["walked", "🙂", "e\u0301te", "a"]] * 30
each_model = pytest.mark.parametrize("model", OF_PROGRAM)


def program_vectors(model):
    words = VECTORS[model]
    return list(words), np.array([[float.fromhex(x) for x in words[word]] for word in words], np.float32)


def small_model(**options):
    chosen = {"vector_size": 5, "min_count": 1, "sample": 0, "workers": 1, "bucket": 50, "epochs": 2} | options
    return FastText(SENTENCES, **chosen)


@each_model
def test_vectors_are_those_of_the_program_to_the_byte(model):
    words, expected = program_vectors(model)
    assert len(set(words) - set(load_facebook_vectors(OF_PROGRAM[model]).index_to_key)) > 5
    for wv in (load_facebook_vectors(OF_PROGRAM[model]), load_facebook_model(OF_PROGRAM[model]).wv):
        np.testing.assert_array_equal(wv[words], expected)
        np.testing.assert_array_equal(wv.vectors, wv[wv.index_to_key])


@each_model
def test_a_file_is_written_as_the_program_writes_it(model, tmp_path):
    loaded = load_facebook_model(OF_PROGRAM[model])
    save_facebook_model(loaded, tmp_path / "again.bin", lr_update_rate=100, word_ngrams=1)
    assert (tmp_path / "again.bin").read_bytes() == OF_PROGRAM[model].read_bytes()


@each_model
def test_options_words_and_counts(model):
    loaded = load_facebook_model(OF_PROGRAM[model])
    assert (loaded.sg, loaded.min_n, loaded.max_n, loaded.bucket) == (int(model == "skipgram"), 2, 4, 40)
    assert (loaded.vector_size, loaded.negative, loaded.sample, loaded.min_count) == (3, 5, 1, 2)
    assert loaded.wv.get_vecattr("and", "count") == 40
    assert loaded.wv.index_to_key[:2] == ["and", "</s>"]
    assert loaded.wv.buckets_word[1].size == 0, "fastText gives the end of a line no n-grams"


@each_model
def test_training_goes_on(model):
    loaded = load_facebook_model(OF_PROGRAM[model])
    before = loaded.wv["walks"].copy()
    loaded.build_vocab([["walks", "slowly"]] * 2, update=True)
    np.testing.assert_array_equal(loaded.wv["walking"], load_facebook_vectors(OF_PROGRAM[model])["walking"])
    loaded.train([["walking", "and", "walks", "slowly"]] * 20, epochs=2)
    assert (loaded.wv["walks"] != before).all()


@pytest.mark.parametrize("sg", [0, 1])
def test_what_is_written_is_read(tmp_path, sg):
    model, path = small_model(sg=sg), tmp_path / "model.bin"
    save_facebook_model(model, path)
    for wv in (load_facebook_vectors(path), load_facebook_model(path).wv):
        words = [*model.wv.index_to_key, "walks", "unseen", "🙂🙂", "x" * 10_000, "e\u0301", "z"]
        np.testing.assert_array_equal(wv[words], model.wv[words])
        assert wv.counts.tolist() == model.wv.counts.tolist()
    again = load_facebook_model(path)
    np.testing.assert_array_equal(again.syn1neg, model.syn1neg)
    assert (again.sg, again.window, again.bucket, again.vocab.n_raw_tokens) == (sg, 5, 50, 240)


def test_gensim_reads_the_same_vectors(tmp_path):
    gensim = pytest.importorskip("gensim.models.fasttext")
    model, path = small_model(), tmp_path / "model.bin"
    save_facebook_model(model, path)
    theirs = gensim.load_facebook_model(str(path))
    words = [word for word in [*model.wv.index_to_key, "walks", "unseen", "日本語"] if word != "</s>"]
    for word in words:
        np.testing.assert_allclose(theirs.wv[word], model.wv[word], rtol=0, atol=1e-6)
    gensim.save_facebook_model(theirs, str(tmp_path / "theirs.bin"))
    np.testing.assert_array_equal(load_facebook_vectors(tmp_path / "theirs.bin")[words], model.wv[words])


def test_without_ngrams(tmp_path):
    model = small_model(bucket=0)
    save_facebook_model(model, tmp_path / "model.bin")
    wv = load_facebook_vectors(tmp_path / "model.bin")
    np.testing.assert_array_equal(wv.vectors, model.wv.vectors)
    with pytest.raises(KeyError, match="walks"):
        wv["walks"]


def test_bytes_that_are_no_utf8(tmp_path):
    (tmp_path / "text").write_bytes(b"caf\xe9 \x80abc word\n" * 5)
    with pytest.warns(RuntimeWarning, match="not UTF-8"):
        model = FastText(corpus_file=tmp_path / "text", vector_size=4, min_count=1, sample=0, bucket=20)
    save_facebook_model(model, tmp_path / "model.bin")
    wv = load_facebook_vectors(tmp_path / "model.bin")
    assert wv.index_to_key == model.wv.index_to_key
    np.testing.assert_array_equal(wv.vectors, model.wv.vectors)
    assert b"caf\xe9\x00" in (tmp_path / "model.bin").read_bytes()


def test_packed_files_and_file_objects(tmp_path):
    words, expected = program_vectors("cbow")
    data = OF_PROGRAM["cbow"].read_bytes()
    (tmp_path / "model.bin.gz").write_bytes(gzip.compress(data))
    for source in (tmp_path / "model.bin.gz", io.BytesIO(data)):
        np.testing.assert_array_equal(load_facebook_vectors(source)[words], expected)
    save_facebook_model(load_facebook_model(OF_PROGRAM["cbow"]), tmp_path / "out.bin.gz")
    assert gzip.decompress((tmp_path / "out.bin.gz").read_bytes()) == data


def changed(offset, layout, value):
    """The file of skip-gram with another number at an offset."""
    data = bytearray(OF_PROGRAM["skipgram"].read_bytes())
    struct.pack_into(layout, data, offset, value)
    return io.BytesIO(bytes(data))


OPTIONS_AT, WORDS_AT = 8, 8 + 12 * 4 + 8


def test_version_11_is_read():
    words, expected = program_vectors("skipgram")
    np.testing.assert_array_equal(load_facebook_vectors(changed(4, "<i", 11))[words], expected)


def test_files_from_before_versions_are_read():
    data, words = OF_PROGRAM["skipgram"].read_bytes(), program_vectors("skipgram")
    n_pruned_at = WORDS_AT + 3 * 4 + 8
    matrix_at = data.index(struct.pack("<2q", 40 + VECTORS["words"], 3)) - 1
    output_at = matrix_at + 17 + 12 * (40 + VECTORS["words"])
    old = (
        data[8:n_pruned_at]
        + data[n_pruned_at + 8 : matrix_at]
        + data[matrix_at + 1 : output_at]
        + data[output_at + 1 :]
    )
    np.testing.assert_array_equal(load_facebook_model(io.BytesIO(old)).wv[words[0]], words[1])


@pytest.mark.parametrize(
    ("offset", "layout", "value", "flaw"),
    [
        (4, "<i", 13, "version 13; expected 11 or 12"),
        (OPTIONS_AT, "<i", 0, "does not begin like a file of fastText"),
        (OPTIONS_AT + 28, "<i", 3, "is a classifier"),
        (OPTIONS_AT + 36, "<i", -1, "does not begin like a file of fastText"),
        (OPTIONS_AT + 40, "<i", 1 << 30, "does not begin like a file of fastText"),
        (WORDS_AT + 8, "<i", 2, "has 2 labels"),
        (WORDS_AT, "<i", 99, "99 entries"),
        (WORDS_AT + 20, "<q", 7, "pruned n-grams"),
        (OPTIONS_AT + 32, "<i", 41, "input rows are"),
    ],
)
def test_other_files_are_refused_by_name(offset, layout, value, flaw):
    with pytest.raises(ValueError, match=flaw):
        load_facebook_vectors(changed(offset, layout, value))


def test_a_file_that_is_too_small_for_what_it_says_is_refused_before_it_is_read(tmp_path, monkeypatch):
    content = bytearray(OF_PROGRAM["cbow"].read_bytes())
    struct.pack_into("<i", content, OPTIONS_AT + 32, 2**31 - 1)  # buckets
    (tmp_path / "m.bin").write_bytes(content)
    monkeypatch.setattr(fasttext._Input, "entries", None)
    finding = r"m\.bin is damaged: it has [\d,]+ bytes, and .* 2,147,483,647 buckets .* unless it is quantised"
    with pytest.raises(ValueError, match=finding):
        load_facebook_vectors(tmp_path / "m.bin")


def test_counts_that_no_text_has_are_refused():
    data = OF_PROGRAM["skipgram"].read_bytes()
    at = data.index(b"and\0") + 4
    with pytest.raises(ValueError, match="the counts of its words are 20 to 4611"):
        load_facebook_vectors(io.BytesIO(data[:at] + struct.pack("<q", 1 << 62) + data[at + 8 :]))


def file_of_one_word(path, *, n_bytes, min_n, max_n):
    """A whole file with one word so long and two buckets."""
    options = struct.pack("<12id", 1, 5, 5, 1, 5, 1, 2, 2, 2, min_n, max_n, 100, 1e-4)
    words = struct.pack("<3i2q", 1, 1, 0, 1, -1) + b"a" * n_bytes + struct.pack("<xqb", 1, 0)
    rows = struct.pack("<?2q", False, 3, 1) + bytes(12) + struct.pack("<?2q", False, 1, 1) + bytes(4)
    path.write_bytes(struct.pack("<2i", fasttext.MAGIC, 12) + options + words + rows)
    return path


@pytest.mark.parametrize("load", [load_facebook_vectors, load_facebook_model])
def test_words_of_many_ngrams_are_refused_before_these_are_made(tmp_path, load):
    loaded = load(file_of_one_word(tmp_path / "m.bin", n_bytes=10_000, min_n=3, max_n=6))
    assert getattr(loaded, "wv", loaded)["unseen"].shape == (1,)
    path = file_of_one_word(tmp_path / "m.bin", n_bytes=1 << 20, min_n=1, max_n=65_536)
    with pytest.raises(
        ValueError, match=r"m\.bin: its words have 66,5.* n-grams of 1 to 65536 characters; expected 524"
    ):
        load(path)


def test_a_quantised_file_is_refused_by_name():
    data = OF_PROGRAM["skipgram"].read_bytes()
    at = data.index(struct.pack("<2q", 40 + VECTORS["words"], 3)) - 1
    with pytest.raises(ValueError, match=r"is quantised \(.ftz\)"):
        load_facebook_vectors(io.BytesIO(data[:at] + b"\x01" + data[at + 1 :]))


def test_another_loss_has_vectors_and_no_training():
    loss, softmax = OPTIONS_AT + 24, 3
    words, expected = program_vectors("skipgram")
    np.testing.assert_array_equal(load_facebook_vectors(changed(loss, "<i", softmax))[words], expected)
    with pytest.raises(ValueError, match="load_facebook_vectors loads its vectors"):
        load_facebook_model(changed(loss, "<i", softmax))


def test_options_that_train_nothing_name_the_file(tmp_path):
    content = bytearray(OF_PROGRAM["cbow"].read_bytes())
    struct.pack_into("<i", content, OPTIONS_AT + 16, 0)  # negative
    (tmp_path / "m.bin").write_bytes(content)
    with pytest.raises(ValueError, match=r"m\.bin: hs is 0 and negative is 0"):
        load_facebook_model(tmp_path / "m.bin")
    assert len(load_facebook_vectors(tmp_path / "m.bin"))


def test_a_file_that_ends_anywhere_is_damaged():
    data = OF_PROGRAM["skipgram"].read_bytes()
    for size in [*range(4, 200, 13), *range(200, len(data), 67), len(data) - 1]:
        with pytest.raises(ValueError, match="is damaged"):
            read_fasttext(io.BytesIO(data[:size]))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"model": FastTextKeyedVectors}, TypeError),
        ({"encoding": "latin-1"}, ValueError),
        ({"word_ngrams": -1}, ValueError),
    ],
)
def test_wrong_arguments_are_refused(tmp_path, arguments, error):
    given = {"model": small_model(), "path": tmp_path / "model.bin"} | arguments
    with pytest.raises(error, match=next(iter(arguments))):
        save_facebook_model(**given)


def test_a_word_with_a_zero_byte_cannot_be_written(tmp_path):
    model = FastText([["a\0b", "c"]] * 5, vector_size=4, min_count=1, bucket=10, sample=0)
    with pytest.raises(ValueError, match="zero byte"):
        save_facebook_model(model, tmp_path / "model.bin")
    assert not (tmp_path / "model.bin").exists()
