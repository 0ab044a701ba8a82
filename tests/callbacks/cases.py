"""Small trainings for the tests of callbacks."""

from fastw2v import Word2Vec

SENTENCES = [["king", "queen", "crown"], ["cat", "dog", "fur"], ["sea", "wave", "salt"]] * 40
N_WORDS = 360
SMALL = {"vector_size": 16, "min_count": 1, "sample": 0, "workers": 1, "progress": False}


def trained(*callbacks, **options):
    return Word2Vec(SENTENCES, **(SMALL | {"callbacks": callbacks} | options))


class Measured:
    """Appends the given values, one for each epoch, to the metrics under a name."""

    def __init__(self, name, values):
        self.name, self.values = name, iter(values)

    def on_epoch_end(self, model):
        model.report.add_metric(self.name, next(self.values))


class Copies:
    """Copies the vectors after each epoch."""

    def __init__(self):
        self.vectors, self.output_vectors = [], []

    def on_epoch_end(self, model):
        self.vectors.append(model.wv.vectors.copy())
        self.output_vectors.append(model.syn1neg.copy())
