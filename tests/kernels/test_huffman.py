"""Huffman trees: gensim's codes to the bit, optimal, for any counts; and what is no tree is refused."""

import numpy as np
import pytest

from fastw2v.vectors.tree import HuffmanTree
from fastw2v_kernels.fasttext_tree.cpu import fasttext_tree_cpu
from fastw2v_kernels.huffman_paths.cpu import huffman_paths_cpu
from fastw2v_kernels.huffman_tree.cpu import huffman_tree_cpu

COUNTS = {
    "falling": np.sort(np.random.default_rng(1).zipf(1.3, 500) % 10_000 + 1)[::-1],
    "in any order": np.random.default_rng(2).integers(1, 10**12, 300),
    "many equal": np.random.default_rng(3).integers(1, 4, 1000),
    "all equal": np.ones(129, np.int64),
    "two words": np.array([7, 7]),
    "one word": np.array([7]),
}


class GensimVectors:
    """As much of gensim's vectors as its tree needs."""

    def __init__(self, counts):
        self.counts, self.index_to_key, self.attributes = counts, list(range(len(counts))), {}

    def __len__(self):
        return len(self.counts)

    def get_vecattr(self, row, _name):
        return int(self.counts[row])

    def set_vecattr(self, row, name, value):
        self.attributes[row, name] = value


def gensim_order(counts):
    """The rows in gensim's order: those of equal count are the other way round if the vocabulary is sorted."""
    is_sorted = (np.diff(counts) <= 0).all()
    return np.lexsort((-np.arange(len(counts)), -counts)) if is_sorted else np.arange(len(counts))


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
def test_codes_are_those_of_gensim(counts):
    word2vec, order = pytest.importorskip("gensim.models.word2vec"), gensim_order(counts)
    expected, tree = GensimVectors(counts[order]), HuffmanTree.of_counts(counts)
    word2vec._assign_binary_codes(expected)
    steps = tree.steps()
    for place, row in enumerate(order):
        code, points = (expected.attributes.get((place, name), np.zeros(0)) for name in ("code", "point"))
        for found, exact in zip(tree.path(row), (code, points)):
            np.testing.assert_array_equal(found, exact)
        path = steps[tree.path_starts[row] : tree.path_starts[row + 1]]
        np.testing.assert_array_equal(path, 2 * np.array(points, np.int64) + np.array(code, np.int64))


def tree_of_fasttext(counts):
    """What `HierarchicalSoftmaxLoss::buildTree` of fastText makes: parents, and which child of two a node is."""
    n = len(counts)
    count, parent, is_second = [*counts, *[10**15] * (n - 1)], [-1] * (2 * n - 1), [0] * (2 * n - 1)
    leaf, node = n - 1, n
    for inner in range(n, 2 * n - 1):
        total = 0
        for second in range(2):
            if leaf >= 0 and count[leaf] < count[node]:
                child, leaf = leaf, leaf - 1
            else:
                child, node = node, node + 1
            parent[child], is_second[child] = inner - n, second
            total += count[child]
        count[inner] = total
    return [2 * above + second if above >= 0 else -1 for above, second in zip(parent, is_second)]


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
def test_queues_give_the_tree_of_fasttext_for_words_in_any_order(counts):
    order = np.argsort(-counts, kind="stable")
    tree = HuffmanTree.of_counts(counts, as_fasttext=True)
    assert tree.in_order(order).links.tolist() == tree_of_fasttext(counts[order].tolist())
    np.testing.assert_array_equal(tree.fasttext_order(), order)
    other = HuffmanTree.of_counts(counts)
    assert (np.diff(tree.path_starts) * counts).sum() == (np.diff(other.path_starts) * counts).sum()


def test_queues_give_the_codes_of_gensim_where_no_counts_are_equal():
    counts = np.random.default_rng(5).integers(1, 2**40, 300)
    a, b = HuffmanTree.of_counts(counts), HuffmanTree.of_counts(counts, as_fasttext=True)
    np.testing.assert_array_equal(a.links, b.links)


def test_codes_of_more_than_40_bits():
    fibonacci = [1, 1]
    while len(fibonacci) < 80:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    with pytest.raises(ValueError, match=r"counts add up to .*expected less than 2\*\*55 for 80 words: divide"):
        HuffmanTree.of_counts(np.array(fibonacci))
    tree = HuffmanTree.of_counts(np.array(fibonacci[:75]))
    assert np.diff(tree.path_starts).max() == 74
    assert len(tree.steps()) == tree.path_starts[-1]
    assert np.diff(HuffmanTree.of_counts(np.array(fibonacci), as_fasttext=True).path_starts).max() == 79
    with pytest.raises(ValueError, match=r"counts add up to .*expected less than 2\*\*62: divide"):
        HuffmanTree.of_counts(np.array([2**61, 2**61]), as_fasttext=True)


@pytest.mark.parametrize("counts", [np.zeros(1000, np.int64), np.arange(1000) % 2])
def test_words_that_never_occur_have_short_codes(counts):
    assert np.diff(HuffmanTree.of_counts(counts).path_starts).max() <= 11


def test_words_in_another_order_keep_their_codes():
    tree, order = HuffmanTree.of_counts(COUNTS["falling"]), np.random.default_rng(4).permutation(500)
    other = tree.in_order(order)
    for row in (0, 17, 499):
        for a, b in zip(other.path(row), tree.path(int(order[row]))):
            np.testing.assert_array_equal(a, b)
    assert len(other.steps()) == len(tree.steps())


@pytest.mark.parametrize(
    ("counts", "error"), [([], "counts has 0 words; expected 1"), ([3, -1], "counts has -1; expected no negative")]
)
def test_counts_of_no_vocabulary_are_refused(counts, error):
    counts = np.array(counts, np.int64)
    tree, path_starts = np.zeros(max(0, 2 * len(counts) - 1), np.int32), np.zeros(len(counts) + 1, np.int64)
    for build in (huffman_tree_cpu, fasttext_tree_cpu):
        with pytest.raises(ValueError, match=error):
            build(counts, tree, path_starts)


@pytest.mark.parametrize(("place", "link"), [(0, 200), (0, -1), (5, 0), (100, 150), (198, 3), (150, 2**31 - 1)])
def test_what_is_no_tree_is_refused(place, link):
    """A path that leads elsewhere, or to no end; nothing is written past the end of an array."""
    tree = HuffmanTree.of_counts(np.random.default_rng(5).integers(1, 1000, 100))
    links = tree.links.copy()
    links[place] = link
    with pytest.raises(ValueError, match="no Huffman tree whose paths have the lengths"):
        huffman_paths_cpu(links, tree.path_starts, np.empty(tree.path_starts[-1], np.int32))


@pytest.mark.parametrize("wrong", [np.array([0, 5, 3]), np.array([-1, 1, 2]), np.array([0])])
def test_lengths_of_another_tree_are_refused(wrong):
    with pytest.raises(ValueError, match=r"path_starts|Huffman tree"):
        huffman_paths_cpu(np.array([0, 1, -1], np.int32), wrong, np.empty(max(0, wrong[-1]), np.int32))


def test_a_path_longer_than_any_is_refused():
    n_words = 120  # a chain: each inner node has a word and the node before
    links = np.array([0] + [2 * max(0, word - 1) + 1 for word in range(1, n_words)])
    links = np.concatenate([links, 2 * np.arange(1, n_words - 1), [-1]]).astype(np.int32)
    lengths = np.concatenate([[n_words - 1], n_words - np.arange(1, n_words)])
    tree = HuffmanTree(links, np.concatenate([[0], np.cumsum(lengths)]))
    with pytest.raises(ValueError, match="a path has 119 nodes; expected at most 96"):
        tree.steps()
