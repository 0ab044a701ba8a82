"""Small corpora and options from a seed; and gensim's phrase detection once more, in plain Python over strings."""

import random
from itertools import chain

from fastw2v.phrases import npmi_scorer, original_scorer

# Words that hold delimiters, so that a word and a phrase, or two phrases, have the same string.
WORDS = "a b c d new york of the a_b new_york _ a_ _b of_the a_of of_b x__y b_the x__ __x x y".split()
CONNECTORS = [frozenset(), frozenset({"of", "the"}), frozenset({"of", "of_the", "a", "_"})]
MANY = 40_000_000


def share_scorer(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    """A scoring function of a user's own; it takes part in a sum so that each argument matters."""
    return bigram_count / (worda_count + wordb_count) + len_vocab * 1e-3 + corpus_word_count * 1e-4 - min_count * 1e-2


THRESHOLDS = {"default": [0.01, 0.1, 1, 3], "npmi": [-1, -0.5, 0, 0.2, 0.5], share_scorer: [-1, 0.3, 0.6]}
SCORERS = {"default": original_scorer, "npmi": npmi_scorer}


def random_corpus(rng):
    """Up to 30 sentences of up to 20 tokens, some of them empty; the empty token occurs as well."""
    words = rng.sample([*WORDS, ""], rng.randint(2, len(WORDS)))
    lengths = [rng.choice([0, 1, 2, 5, 9, 20]) for _ in range(rng.randint(0, 30))]
    return [[rng.choice(words) for _ in range(n)] for n in lengths]


def random_options(rng):
    scoring = rng.choice(list(THRESHOLDS))
    return {
        "scoring": scoring,
        "threshold": rng.choice(THRESHOLDS[scoring]),
        "min_count": rng.choice([1, 1, 2, 0.5]),
        "delimiter": rng.choice(["_", "_", "_", "__", " ", "ab", ""]),
        "connector_words": rng.choice(CONNECTORS),
        "max_vocab_size": rng.choice([MANY, MANY, MANY, 3, 10, 20, 50]),
    }


class PlainPhrases:
    """What gensim's documentation says: counts by strings, in a dict."""

    def __init__(self, sentences, *, min_count, threshold, delimiter, scoring, connector_words, max_vocab_size):
        self.min_count, self.threshold, self.delimiter = min_count, threshold, delimiter
        self.scoring, self.connector_words = SCORERS.get(scoring, scoring), connector_words
        self.max_vocab_size, self.vocab, self.min_reduce, self.corpus_word_count = max_vocab_size, {}, 1, 0
        self.add_vocab(sentences)

    def add_vocab(self, sentences):
        counts, min_reduce = {}, 1
        for sentence in sentences:
            for token in self.tokens_to_count(sentence):
                counts[token] = counts.get(token, 0) + 1
            if len(counts) > self.max_vocab_size:
                counts = {token: n for token, n in counts.items() if n >= min_reduce}
                min_reduce += 1
        self.corpus_word_count += sum(map(len, sentences))
        if not self.vocab:
            self.vocab = counts
            return
        self.min_reduce = max(self.min_reduce, min_reduce)
        self.vocab = {token: self.vocab.get(token, 0) + counts.get(token, 0) for token in chain(self.vocab, counts)}
        if len(self.vocab) > self.max_vocab_size:
            self.vocab = {token: n for token, n in self.vocab.items() if n >= self.min_reduce}
            self.min_reduce += 1

    def tokens_to_count(self, sentence):
        ends = [n for n, word in enumerate(sentence) if word not in self.connector_words]
        for number, end in enumerate(ends):
            yield sentence[end]
            if number:
                yield self.delimiter.join(sentence[ends[number - 1] : end + 1])

    def score_candidate(self, first, last, between):
        phrase = self.delimiter.join([first, *between, last])
        a, b, ab = (self.vocab.get(token, 0) for token in (first, last, phrase))
        if not (a and b and ab):
            return None, None
        score = self.scoring(a, b, ab, len(self.vocab), self.min_count, self.corpus_word_count)
        return (phrase, score) if score > self.threshold else (None, None)

    def export_phrases(self):
        split = [token.split(self.delimiter) for token in self.vocab]
        found = (self.score_candidate(words[0], words[-1], words[1:-1]) for words in split if len(words) > 1)
        return {phrase: score for phrase, score in found if phrase is not None}

    def analyze_sentence(self, sentence):
        """Pairs of token and score; the empty token begins no phrase and is left out, as gensim does it."""
        found, candidate = [], []
        for word in sentence:
            if word in self.connector_words:
                if candidate:
                    candidate.append(word)
                else:
                    found.append((word, None))
                continue
            score = None
            if candidate:
                phrase, score = self.score_candidate(candidate[0], word, candidate[1:])
                found += [(token, None) for token in candidate] if score is None else [(phrase, score)]
            candidate = [word] if word and score is None else []
        return found + [(token, None) for token in candidate]


def random_case(seed):
    """Options, up to three corpora to count, and sentences to join."""
    rng = random.Random(seed)
    corpora = [random_corpus(rng) for _ in range(rng.choice([1, 1, 2, 3]))]
    odd = [["new_york", "a", "of_b"], ["a_of", "b"], ["a", "of_b"], ["_", "a", "of", "", "b"]]
    return random_options(rng), corpora, random_corpus(rng) + odd + corpora[0]
