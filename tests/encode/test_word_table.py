import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from fastw2v.corpus import TextCorpus
from fastw2v.encode import encode_corpus, word_table
from fastw2v.encode.merge import MergedTables, NewWords
from fastw2v.encode.word_table import WordTable
from fastw2v_kernels.encode import make_case, outputs, padded_size
from fastw2v_kernels.encode.cpu import _CACHED_SLOTS, encode_cpu
from fastw2v_kernels.encode.reference import encode_reference
from fastw2v_kernels.pack_words.cpu import pack_words_cpu
from fastw2v_kernels.rehash_slots.cpu import rehash_slots_cpu
from fastw2v_kernels.rehash_slots.reference import rehash_slots_reference
from tests.encode.cases import as_block, check, colliding_words, mixed, split, unmixed


@pytest.mark.parametrize("sorted_vocab", [True, False])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_many_words_grow_the_table(workers, sorted_vocab):
    rng = np.random.default_rng(5)
    words = [b"%d" % n for n in rng.integers(0, 10**9, 100_000)] + [b"w" * int(n) for n in rng.integers(1, 2000, 300)]
    words += words[::-1]
    text = b"\n".join(b" ".join(words[at : at + 10]) for at in range(0, len(words), 10))
    options = {"workers": workers, "block_bytes": 1 << 16, "sorted_vocab": sorted_vocab}
    check(TextCorpus((text,)), split(text), **options)


@pytest.mark.filterwarnings("ignore:.*is not UTF-8")
def test_every_byte_but_whitespace_is_part_of_a_word():
    singles = [bytes([byte]) for byte in range(256)]
    text = b" ".join(singles) + b"\n" + b"".join(singles) + b"\n" + b" ".join(b"12345678" + b for b in singles)
    check(TextCorpus((text,)), split(text), block_bytes=50, workers=2)


@pytest.mark.parametrize("n", range(1, 26))
def test_words_that_are_beginnings_of_each_other_differ(n):
    words = [b"a" * k for k in range(1, n + 1)] + [b"a" * k + b"\0" for k in range(n)]
    text = b" ".join(words + words[::-1])
    check(TextCorpus((text,)), split(text))


@pytest.mark.parametrize("size", [0, 1, 7, 63, 2000])
@pytest.mark.parametrize("implementation", [encode_cpu, encode_reference])
def test_kernel_and_reference_equal_split_and_a_dict(implementation, size):
    case = make_case(np.random.default_rng(size), size)
    implementation(**case)
    text = case["text"][: case["n_bytes"]].tobytes()
    number = {word: n for n, word in enumerate(dict.fromkeys(text.split()))}
    found = outputs(case)
    assert found["ids"].tolist() == [number[word] for word in text.split()]
    assert found["counts"].tolist() == [Counter(text.split())[word] for word in number]
    units = found["arena"].tobytes()
    words = [units[8 * a : 8 * b].rstrip(b" ") for a, b in zip(found["word_starts"][:-1], found["word_starts"][1:])]
    assert words == list(number)
    n_units = len(units) // 8
    n_lines = len(found["line_ends"])
    assert found["cursor_out"].tolist() == [
        len(text),
        len(text.split()),
        n_lines,
        len(text.split()),
        len(words),
        n_units,
    ]


@pytest.mark.parametrize("implementation", [encode_cpu, encode_reference])
def test_a_full_table_stops_before_the_word_and_a_frozen_one_drops_it(implementation):
    text = b"a b\na long-word-of-20-bytes b c\n"
    case = make_case(np.random.default_rng(0), 0) | {
        "text": np.frombuffer(bytearray(text.ljust(padded_size(len(text)))), np.uint8),
        "n_bytes": len(text),
        "slots": np.zeros(8, np.uint64),
        "arena": np.zeros(100, np.uint64),
        "word_starts": np.zeros(3, np.int64),
        "counts": np.zeros(2, np.int64),
        "ids": np.zeros(20, np.int32),
        "line_ends": np.zeros(20, np.int64),
    }
    encode_cpu(**case)
    assert case["cursor_out"].tolist() == [6, 3, 1, 3, 2, 2]
    case["cursor_in"] = case["cursor_out"].copy()
    implementation(**case)
    assert case["cursor_out"].tolist() == case["cursor_in"].tolist()
    implementation(**case | {"frozen": 1})
    assert case["cursor_out"].tolist() == [len(text), 4, 2, 6, 2, 2]
    assert case["ids"][:4].tolist() == [0, 1, 0, 1]
    assert case["line_ends"][:2].tolist() == [2, 4]
    assert case["counts"].tolist() == [2, 2]


LINES = b"\n\n" + b" ".join(b"w%d" % n for n in range(70)) + b"\n" + b"".join(b"w%d \n\n" % n for n in range(9, 150, 7))


@pytest.mark.parametrize("text", [LINES, LINES.strip(), b"\n", b" \n\n ", b"\n" * 200 + b"a", b"a b\n" * 200])
def test_a_table_that_is_full_at_any_word_stops_where_the_reference_does(text):
    """Words are read in batches of 64: a full table forgets what was read after the word that does not fit."""
    n_words = len(set(text.split()))
    for n_words_max in range(1, n_words + 2):
        found = []
        for implementation in (encode_cpu, encode_reference):
            case = make_case(np.random.default_rng(0), 0) | {
                "text": as_block(text)[0],
                "n_bytes": len(text),
                "slots": np.zeros(512, np.uint64),
                "arena": np.zeros(512, np.uint64),
                "word_starts": np.zeros(n_words_max + 1, np.int64),
                "counts": np.zeros(n_words_max, np.int64),
                "ids": np.full(len(text) + 1, -1, np.int32),
                "line_ends": np.full(len(text) + 2, -1, np.int64),
            }
            implementation(**case)
            arrays = {
                name: case[name].tolist() for name in outputs(case) | {"word_starts": 0, "ids": 0, "line_ends": 0}
            }
            found.append(arrays | {"cursor_out": case["cursor_out"].tolist()})
        assert found[0] == found[1]


def test_a_table_larger_than_the_cache_finds_the_same_words():
    """The words that its slots name are prefetched, too."""
    rng = np.random.default_rng(8)
    words = [b"w%d" % n * (1 + n % 3) for n in rng.zipf(1.2, 5000) % 3000]
    small, large = WordTable(), WordTable(1 << 20)
    assert large.slots.size > _CACHED_SLOTS > small.slots.size
    for at in range(0, len(words), 1000):
        block = as_block(b" ".join(words[at : at + 1000]))
        for ids, others in zip(small.encode(*block), large.encode(*block)):
            assert np.array_equal(ids, others)
    assert small.counts.tolist() == large.counts.tolist()
    assert small.letters.tobytes() == large.letters.tobytes()


def test_a_growing_table_copies_its_arrays_at_every_other_growth():
    table, copied = WordTable(4), []
    for n in (8, 16, 32, 64):
        before = table.counts_buffer
        table.encode(*as_block(b" ".join(b"%d" % word for word in range(n))))
        assert table.counts_buffer.size == table.slots.size // 2 >= n
        copied.append(not np.shares_memory(before, table.counts_buffer))
    assert copied == [True, False, True, False]
    assert table.counts.tolist() == [4] * 8 + [3] * 8 + [2] * 16 + [1] * 32


@pytest.mark.parametrize("n_old", [1, 63, 64, 65, 130])
def test_every_slot_of_a_full_table_is_moved(n_old):
    """Slots are read 64 at a time."""
    old_slots = np.random.default_rng(n_old).integers(1, 2**64, n_old, dtype=np.uint64)
    found = [np.zeros(256, np.uint64) for _ in range(2)]
    for rehash, new_slots in zip((rehash_slots_cpu, rehash_slots_reference), found):
        rehash(old_slots, new_slots)
    assert np.array_equal(*found)
    assert np.array_equal(np.sort(found[0][found[0] != 0]), np.sort(old_slots))


@pytest.mark.parametrize("n_letters", [0, 1, 6, 7, 8, 9, 15, 16, 17, 40])
def test_words_of_any_length_are_packed_in_any_order(n_letters):
    words = [b"%d" % n + b"." * ((n_letters + n) % (n_letters + 1)) for n in range(100)]
    table = WordTable()
    table.encode(*as_block(b" ".join(words)))
    for order in (
        np.arange(100),
        np.arange(100)[::-1].copy(),
        np.random.default_rng(1).permutation(100)[:9],
        np.arange(0),
    ):
        letters, starts = table.words(order)
        assert letters.size == starts[-1]
        assert [letters[a:b].tobytes() for a, b in pairwise(starts)] == [words[n] for n in order]


def test_letters_without_room_for_the_words_are_refused():
    table = WordTable()
    table.encode(*as_block(b"a 8_bytes_ b"))
    letters, starts = np.zeros(24, np.uint8), np.zeros(4, np.int64)
    with pytest.raises(ValueError, match=r"letters has 24 bytes and no room for word 2 of 3; expected a multiple of 8"):
        pack_words_cpu(table.arena, table.word_starts, np.array([1, 1, 1]), letters=letters, starts=starts)


def test_copies_of_a_frozen_table_share_no_memory_that_is_written():
    text = b"a b a\n"
    block = np.frombuffer(text.ljust(padded_size(len(text))), np.uint8), len(text)
    table = WordTable()
    table.encode(*block)
    one, other = table.frozen_copy(), table.frozen_copy()
    for mine, theirs in zip(one.encode(*block, frozen=True)[:2], other.encode(*block, frozen=True)[:2]):
        assert mine.tolist() == theirs.tolist()
        assert not np.shares_memory(mine, theirs)
    assert (one.counts.tolist(), other.counts.tolist()) == ([2, 1], [2, 1])


def test_the_reference_reads_whitespace_as_bytes_split_does():
    pattern = re.compile(rb"[^ \t\n\r\v\f]+")
    every = bytes(range(256))
    assert pattern.findall(every) == every.split()


SEED = 0x0123456789ABCDEF


@pytest.fixture
def known_seed(monkeypatch):
    """A seed for which words can be made that have one hash."""
    monkeypatch.setattr(word_table, "_SEED", SEED)


def tags(table):
    """The upper half of the hash of each word, as the slots hold it."""
    return table.slots[table.slots != 0] >> np.uint64(32)


@pytest.mark.parametrize("first_units", [[], [b"8 bytes?".replace(b" ", b"_")], [b"16_bytes", b"then_end"]])
def test_words_of_one_hash_are_compared_to_their_last_byte(known_seed, first_units):
    words = colliding_words(20, SEED, first_units)
    table = WordTable()
    ids, _, _ = table.encode(*as_block(b" ".join(words + words[::-1])))
    assert len(np.unique(tags(table))) == 1, "the words have one hash"
    assert ids.tolist() == [*range(20), *reversed(range(20))]


def test_words_of_one_hash_that_differ_in_the_middle_alone(known_seed):
    """The third unit makes up for the difference of the second; the first and the last units are equal."""
    end = int.from_bytes(b"the_end ", "little")
    wanted = unmixed(0, 12345 << 32 | 7) ^ end  # the hash before the last unit
    begun = mixed(SEED, int.from_bytes(b"8_bytes_", "little"))
    seconds = [b"other_%02d" % n for n in range(100)]
    thirds = [unmixed(mixed(begun, int.from_bytes(unit, "little")), wanted).to_bytes(8, "little") for unit in seconds]
    words = [b"8_bytes_" + a + b + b"the_end" for a, b in zip(seconds, thirds) if not set(b) & set(b" \t\n\r\v\f")]
    assert len(words) > 50
    table = WordTable()
    ids, _, _ = table.encode(*as_block(b" ".join(words + words[::-1])))
    assert len(np.unique(tags(table))) == 1, "the words have one hash"
    assert ids.tolist() == [*range(len(words)), *reversed(range(len(words)))]


@pytest.mark.filterwarnings("ignore:.*is not UTF-8")
def test_words_of_one_hash_in_the_tables_of_two_threads(known_seed):
    words = colliding_words(12, SEED, [b"8_bytes_"])
    parts = words[:8], words[4:]
    tables = [WordTable(), WordTable()]
    for table, part in zip(tables, parts):
        table.encode(*as_block(b" ".join(part)))
    merged = MergedTables(tables, [NewWords(0, 0, 8), NewWords(1, 0, 8)], 2)
    assert merged.n_words == 12
    assert [to_word.tolist() for to_word in merged.to_word] == [[*range(8)], [*range(4, 12)]]


def test_words_that_collide_under_one_seed_do_not_under_another():
    """Made to collide, n words cost n^2 / 2 comparisons; nobody knows the seed of a process ahead."""
    words = colliding_words(300, SEED, [])
    table = WordTable()
    table.encode(*as_block(b" ".join(words)))
    assert table.n_words == 300
    assert len(np.unique(tags(table))) > 290


def test_each_process_has_its_own_seed(run_python):
    code = "from fastw2v.encode import word_table; print(word_table._SEED)"
    seeds = {int(run_python("-c", code).stdout) for _ in range(2)} | {word_table._SEED}
    assert len(seeds) == 3
    assert all(0 <= seed < 2**64 for seed in seeds)


@pytest.mark.parametrize("workers", [1, 3])
def test_the_result_does_not_depend_on_the_seed(monkeypatch, workers):
    rng = np.random.default_rng(3)
    text = b"\n".join(b" ".join(b"w%d" % n for n in rng.zipf(1.3, 50) % 5000) for _ in range(300))
    found = []
    for seed in (0, 1, SEED, 2**64 - 1):
        monkeypatch.setattr(word_table, "_SEED", seed)
        vocab, tokens = encode_corpus(TextCorpus((text,)), min_count=2, workers=workers, block_bytes=5000)
        found.append((vocab.keys, vocab.counts.tolist(), tokens.ids.tolist(), tokens.starts.tolist()))
    assert all(one == found[0] for one in found)
