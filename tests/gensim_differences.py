"""What differs from gensim, and what of gensim is absent: the texts of the table in fastw2v/README.md."""

# By class and name. Each difference that a comparison of signatures finds needs its text.
DIFFERENT = {
    "Word2Vec.__init__": (
        "`workers`: all cores, not 3. `hs=0` with `negative=0` raises ValueError. New, by keyword: `negative_sharing`, "
        "`cbow_gradient`, `deterministic`, `device`, `progress` (bars), `checkpoint`, `checkpoint_every`, `cluster`. "
        "`seed=None` draws a seed. A generator is taken too: the corpus is read once and stored"
    ),
    "Word2Vec.alpha": "as every option: checked when it is set, and fixed while the model is trained",
    "Word2Vec.build_vocab": (
        "`update=True`: subsampling and negatives use the summed counts, not those of the new corpus; "
        "`wv` is a new object. `max_vocab_size` forgets rare words without asking `trim_rule`"
    ),
    "Word2Vec.corpus_count": (
        "sentences with a word of the vocabulary; after `scan_vocab` or growth, those with a word"
    ),
    "Word2Vec.corpus_total_words": "also after `build_vocab_from_freq`",
    "Word2Vec.create_binary_tree": "builds the tree anew; codes and points are made when `wv.get_vecattr` is asked",
    "Word2Vec.cum_table": "made when it is asked for; training has tables of its own",
    "Word2Vec.estimate_memory": "the true sizes of the arrays, with padded rows and no Python objects",
    "Word2Vec.get_latest_training_loss": (
        "the sum over the last `train`, in float64: gensim's float32 loses digits after some million pairs, and leaves "
        "out scores beyond 6; a warning in the log without one"
    ),
    "Word2Vec.hs": "a model made with 0 has no `syn1`, and cannot be trained with 1",
    "Word2Vec.init_weights": "draws all weights anew; `wv` is then a new object",
    "Word2Vec.load": "reads what fastw2v's `save` wrote; options replace those saved: `load(path, workers=8)`",
    "Word2Vec.min_alpha_yet_reached": "the rate at the end of the last training",
    "Word2Vec.predict_output_word": "Python floats; ties are ordered by row",
    "Word2Vec.prepare_vocab": "makes the untrained weights too",
    "Word2Vec.raw_vocab": "made when it is asked for; {} where gensim has None",
    "Word2Vec.reset_from": "takes the words and counts; each model has its own vectors, and may grow",
    "Word2Vec.running_training_loss": (
        "0.0 when a training begins; grows by the loss of an epoch before `on_epoch_end`"
    ),
    "Word2Vec.save": "one safetensors file, whatever the ending; `ignore` raises ValueError unless it is empty",
    "Word2Vec.scan_vocab": (
        "`trim_rule` has no effect here, but in `prepare_vocab`; sentences without a word do not count"
    ),
    "Word2Vec.score": "exact: gensim takes logarithms from a table, and leaves out decisions with a score beyond 6",
    "Word2Vec.seeded_vector": "the vector that `seed` and the word give here",
    "Word2Vec.syn1neg": "a read-only view",
    "Word2Vec.train": (
        "`compute_loss` and `callbacks` are those of the model unless given; `total_examples` and "
        "`total_words` are not needed. `word_count` other than 0 raises ValueError. Ctrl-C ends "
        "the training and keeps the vectors so far. New, by keyword: `checkpoint`, `checkpoint_every`. A generator "
        "is taken for any number of epochs"
    ),
    "Word2Vec.update_weights": "nothing is left to do: growth makes all weights",
    "Word2Vec.workers": "None unless given",
    "Word2Vec.sample": "a share from 0 to 1; gensim's absolute counts (`sample >= 1`) raise ValueError",
    "Word2Vec.wv": "cannot be replaced: write rows, `model.wv.vectors = matrix`. AttributeError before there is a "
    "vocabulary. When its rows are sorted the model follows; with other keys it cannot be trained or saved",
    "KeyedVectors.__init__": (
        "`KeyedVectors(keys, vectors, counts)` holds these vectors; `KeyedVectors(vector_size)` is empty, as in gensim"
    ),
    "KeyedVectors.add_vector": (
        "a key that is there keeps its vector and its row; rows are added without a warning, since memory "
        "grows by doubling"
    ),
    "KeyedVectors.add_vectors": (
        "a key that comes twice in one call raises ValueError; words and integers cannot be mixed"
    ),
    "KeyedVectors.cosine_similarities": "0, not NaN, for a row of zeros",
    "KeyedVectors.doesnt_match": "ValueError only if no word is known",
    "KeyedVectors.distance": "a Python float",
    "KeyedVectors.rank_by_centrality": "Python floats",
    "KeyedVectors.next_index": "the next row made ahead; rows that `add_vectors` appends do not count",
    "KeyedVectors.evaluate_word_pairs": "ValueError where gensim gives NaN or 0: fewer than two pairs with known words",
    "KeyedVectors.evaluate_word_analogies": "`similarity_function='most_similar_cosmul'` is obeyed; ValueError if "
    "no question has known words alone",
    "KeyedVectors.fill_norms": (
        "1 for a vector of zeros; returns the lengths, which follow what is written to `vectors`"
    ),
    "KeyedVectors.get_vecattr": "KeyError says which attributes there are",
    "KeyedVectors.intersect_word2vec_format": (
        "makes `vectors_lockf` as long as needed; another length of vectors raises ValueError"
    ),
    "KeyedVectors.load": (
        "reads word2vec text and binary, GloVe, safetensors, Parquet, Feather (and streams of Arrow), NumPy's files "
        "and the book's pickle by content; not gensim's pickle. `mmap` needs safetensors or .npy"
    ),
    "KeyedVectors.load_word2vec_format": (
        "also reads GloVe text without `no_header`, words with spaces, doubled words, and wrong counts "
        "with a warning; bytes that are no UTF-8 become private characters and are written back"
    ),
    "KeyedVectors.most_similar": (
        "ties are ordered by row; `most_similar_batch` answers many keys at once on all cores"
    ),
    "KeyedVectors.n_similarity": (
        "keys without a vector are left out; an error for none is a ValueError and a ZeroDivisionError"
    ),
    "KeyedVectors.save": (
        "one file, in a format by its ending: word2vec for .bin, .txt and .vec, Parquet, NumPy and others, safetensors "
        "for every other name; `ignore` must be empty"
    ),
    "KeyedVectors.similarity": "a Python float; 0 for a vector of zeros",
    "KeyedVectors.sort_by_descending_frequency": "equal counts keep their order",
    "KeyedVectors.vectors": (
        "float32 with `KeyedVectors(keys, vectors)`; as in gensim it may be written to, and queries see it"
    ),
    "KeyedVectors.vectors_lockf": "there for all vectors; one number counts for all rows",
    "KeyedVectors.wmdistance": "0, not infinite, between equal vectors",
    "Phrases.save": "`save(path)` writes JSON, not a pickle; a scoring function of your own is kept by its name",
    "FrozenPhrases.save": "`save(path)` writes JSON, not a pickle; a scoring function of your own is kept by its name",
}
ABSENT = {
    "NEGATIVE_INFINITY": "`-math.inf`",
    "Heapitem": "an object of gensim's Huffman tree, which here is an array: `fastw2v.vectors.tree`",
    "FAST_VERSION": "there is one implementation, which is compiled",
    "CORPUSFILE_VERSION": "there is one implementation, which is compiled",
    "Word2VecVocab": "only there so that gensim reads pickles of version 3",
    "Word2VecTrainables": "only there so that gensim reads pickles of version 3",
    "CompatVocab": "only there so that gensim reads pickles of version 3",
    "pseudorandom_weak_vector": "for the models' own use; `resize_vectors(seed)` draws new rows",
    "prep_vectors": "for the models' own use; `resize_vectors(seed)` draws new rows",
    "load_word2vec_format": "`KeyedVectors.load_word2vec_format`",
    "VISDOM_INSTALLED": "of topic models",
    "Metric": "of topic models",
    "CoherenceMetric": "of topic models",
    "PerplexityMetric": "of topic models",
    "DiffMetric": "of topic models",
    "ConvergenceMetric": "of topic models",
    "Callback": "of topic models; for word2vec, `CallbackAny2Vec`",
    "MAX_WORDS_IN_BATCH": "the default of `max_sentence_length`, 10,000",
}
