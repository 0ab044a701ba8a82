import builtins
import sys
import textwrap
import types

import numpy as np
import pytest

from fastw2v import nn
from fastw2v.datasets import ptb
from tests.nn import book
from tests.nn.cases import zipf_corpus

CORPUS = zipf_corpus(400, 30)


@pytest.mark.parametrize("name", ["CBOW", "SkipGram"])
@pytest.mark.parametrize("max_grad", [None, 0.05])
def test_the_reference_is_the_book_to_the_last_bit(name, max_grad):
    contexts, target = nn.create_contexts_target(CORPUS, 2)
    runs = []
    for home, options in ((book, {}), (nn, {"device": "reference"})):
        np.random.seed(5)  # noqa: NPY002 - as scripts of the book do
        model = getattr(home, name)(30, 8, 2, CORPUS, **options)
        trainer = home.Trainer(model, home.Adam(**options))
        for epochs in (2, 1):
            trainer.fit(contexts, target, epochs, 32, max_grad, eval_interval=3)
        runs.append((trainer.loss_list, model.word_vecs, trainer.current_epoch))
    np.testing.assert_allclose(runs[0][0], runs[1][0], rtol=1e-6)  # the book adds losses up in float32
    np.testing.assert_array_equal(runs[0][1], runs[1][1])
    assert runs[1][2] == 3


@pytest.mark.parametrize("model_class", [nn.CBOW, nn.SkipGram])
@pytest.mark.parametrize("optimizer", [nn.Adam, nn.SparseAdam, nn.SGD])
@pytest.mark.parametrize("max_grad", [None, 0.05])
def test_both_devices_train_alike(model_class, optimizer, max_grad):
    contexts, target = nn.create_contexts_target(CORPUS, 2)

    class SameForAnyBatch:  # negatives that depend on the target alone: the devices call with other batches
        sample_size, vocab_size = 5, 30

        def get_negative_sample(self, target):
            return (np.asarray(target)[:, None] + [1, 4, 9, 16, 25]) % 30

    losses = []
    for device in ("cpu", "reference"):
        model = model_class(30, 8, 2, CORPUS, device=device, seed=1, sampler=SameForAnyBatch())
        step = optimizer(0.01) if optimizer is nn.SGD else optimizer(0.01, device=device)
        trainer = nn.Trainer(model, step, seed=2)
        trainer.fit(contexts, target, 5, 20, max_grad, eval_interval=1)
        losses.append(trainer.loss_list)
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_it_learns_and_reports(capsys):
    contexts, target = nn.create_contexts_target(np.arange(1200) % 12, 2)
    trainer = nn.Trainer(nn.CBOW(12, 10, 2, np.arange(12), seed=0), nn.Adam(0.01), seed=0)
    trainer.fit(contexts, target, max_epoch=6, batch_size=32, eval_interval=10)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| epoch 1 |  iter 1 / 37 | time 0[s] | loss 4.1")
    assert lines[-1].startswith("| epoch 6 |  iter 31 / 37 |")
    assert len(lines) == len(trainer.loss_list) == 6 * 4
    assert trainer.loss_list[-1] < 0.5 * trainer.loss_list[0]
    trainer.fit(contexts, target, max_epoch=1, batch_size=32, eval_interval=None)
    assert trainer.current_epoch == 7
    assert len(trainer.loss_list) == 24
    assert capsys.readouterr().out == ""


def test_examples_are_each_seen_once_and_the_last_partial_batch_is_dropped():
    seen = []

    class Model:
        params, grads = (), ()

        def forward(self, x, t):
            seen.append((x, t))
            return 0.0

        def backward(self):
            pass

    x, t = np.arange(10) * 10, np.arange(10)
    nn.Trainer(Model(), nn.SGD(), seed=0).fit(x, t, 2, 3, eval_interval=None)
    assert [len(batch) for batch, _ in seen] == [3] * 6
    assert all((batch == 10 * labels).all() for batch, labels in seen)
    for epoch in (seen[:3], seen[3:]):
        assert len(np.unique(np.concatenate([labels for _, labels in epoch]))) == 9


def test_what_is_refused():
    trainer = nn.Trainer(nn.CBOW(30, 8, 2, CORPUS), nn.Adam())
    contexts, target = nn.create_contexts_target(CORPUS, 2)
    with pytest.raises(ValueError, match=r"x has shape \(396, 4\) and t \(395,\)"):
        trainer.fit(contexts, target[1:])
    with pytest.raises(ValueError, match="batch_size is 32 for 20 examples"):
        trainer.fit(contexts[:20], target[:20])
    with pytest.raises(ValueError, match="batch_size is 0"):
        trainer.fit(contexts, target, 1, 0)
    with pytest.raises(ValueError, match=r"x has no examples.*a longer corpus"):
        trainer.fit(*nn.create_contexts_target(CORPUS[:4], 2))


def pyplot(monkeypatch):
    """A stand-in for matplotlib, which the tests do not need; the calls it gets."""
    calls, package, module = [], types.ModuleType("matplotlib"), types.ModuleType("matplotlib.pyplot")
    for name in ("ylim", "plot", "xlabel", "ylabel", "show"):
        setattr(module, name, lambda *args, _name=name, **options: calls.append((_name, args)))
    package.pyplot = module
    monkeypatch.setitem(sys.modules, "matplotlib", package)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", module)
    return calls


def test_plot(monkeypatch):
    calls, trainer = pyplot(monkeypatch), nn.Trainer(None, None)
    trainer.loss_list, trainer.eval_interval = [4.0, 3.0], 20
    trainer.plot(ylim=(0, 5))
    assert [name for name, _ in calls] == ["plot", "xlabel", "ylabel", "ylim", "show"]
    assert calls[3][1] == (0, 5)
    np.testing.assert_array_equal(calls[0][1], [[0, 1], [4.0, 3.0]])
    trainer.plot()
    assert len(calls) == 9


@pytest.mark.parametrize("ylim", [(0,), (0, None), [0], np.zeros(1)], ids=str)
def test_a_bound_that_is_not_given_fits_the_curve(monkeypatch, ylim):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    trainer = nn.Trainer(None, None)
    trainer.loss_list, trainer.eval_interval = [4.0, 3.0], 20
    monkeypatch.setattr(plt, "show", lambda: None)
    plt.close("all")  # of other tests
    trainer.plot(ylim)
    bottom, top = plt.gca().get_ylim()
    plt.close("all")
    assert bottom == 0
    assert 4 <= top < 5


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_plot_to_a_file_opens_no_window(ending, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    trainer, path = nn.Trainer(None, None), tmp_path / f"loss.{ending}"
    trainer.loss_list, trainer.eval_interval = [4.0, 3.0], 20
    trainer.plot((0, None), path=path)
    assert path.read_bytes().startswith({"png": b"\x89PNG", "svg": b"<?xml"}[ending])
    with pytest.raises(ValueError, match=r"the ending '.xyz' names no kind of picture; use .png, .svg or .pdf"):
        trainer.plot(path=tmp_path / "loss.xyz")


@pytest.mark.parametrize("ylim", [5, (), (0, 1, 2), "05", ("a", 1), (np.nan, 1)], ids=str)
def test_bounds_that_are_refused(monkeypatch, ylim):
    pyplot(monkeypatch)
    with pytest.raises((TypeError, ValueError), match=r"ylim is .*; expected"):
        nn.Trainer(None, None).plot(ylim)


def test_plot_without_matplotlib_names_the_extra(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **options):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install '.\[plot\]'"):
        nn.Trainer(None, None).plot()


# Chapter 4's scripts; of what the book has, the import lines alone are others, and max_epoch

TRAIN = """
import numpy as np
from fastw2v.nn import config
import pickle
from fastw2v.nn import Trainer
from fastw2v.nn import Adam
from fastw2v.nn import CBOW
from fastw2v.nn import SkipGram
from fastw2v.nn import create_contexts_target, to_cpu, to_gpu
from fastw2v.nn import ptb

window_size = 5
hidden_size = 100
batch_size = 100
max_epoch = 2

corpus, word_to_id, id_to_word = ptb.load_data('train')
vocab_size = len(word_to_id)

contexts, target = create_contexts_target(corpus, window_size)
if config.GPU:
    contexts, target = to_gpu(contexts), to_gpu(target)

model = CBOW(vocab_size, hidden_size, window_size, corpus)
# model = SkipGram(vocab_size, hidden_size, window_size, corpus)
optimizer = Adam()
trainer = Trainer(model, optimizer)

trainer.fit(contexts, target, max_epoch, batch_size)
trainer.plot()

word_vecs = model.word_vecs
if config.GPU:
    word_vecs = to_cpu(word_vecs)
params = {}
params['word_vecs'] = word_vecs.astype(np.float16)
params['word_to_id'] = word_to_id
params['id_to_word'] = id_to_word
pkl_file = 'cbow_params.pkl'
with open(pkl_file, 'wb') as f:
    pickle.dump(params, f, -1)
"""

EVAL = """
from fastw2v.nn import most_similar, analogy
import pickle

pkl_file = 'cbow_params.pkl'

with open(pkl_file, 'rb') as f:
    params = pickle.load(f)
    word_vecs = params['word_vecs']
    word_to_id = params['word_to_id']
    id_to_word = params['id_to_word']

querys = ['you', 'year', 'car', 'toyota']
for query in querys:
    most_similar(query, word_to_id, id_to_word, word_vecs, top=5)

print('-'*50)
analogy('king', 'man', 'queen',  word_to_id, id_to_word, word_vecs)
analogy('take', 'took', 'go',  word_to_id, id_to_word, word_vecs)
"""


@pytest.fixture
def small_ptb(tmp_path, monkeypatch):
    """A Penn Treebank of 3,000 words."""
    import hashlib

    words = ["you", "year", "car", "toyota", "king", "man", "queen", "take", "took", "go", "<unk>", "N", "the", "of"]
    ids = zipf_corpus(3000, len(words))
    text = "".join(" " + " ".join(words[i] for i in line) + " \n" for line in ids.reshape(-1, 20))
    (tmp_path / "ptb.train.txt").write_text(text)
    monkeypatch.setenv("FASTW2V_DATA_DIR", str(tmp_path))
    monkeypatch.setitem(ptb._PTB_SHA256, "ptb.train.txt", hashlib.sha256(text.encode()).hexdigest())
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("model", ["CBOW", "SkipGram"])
def test_chapter_4_runs_after_changing_its_imports(small_ptb, tmp_path, monkeypatch, capsys, model):
    calls = pyplot(monkeypatch)
    script = TRAIN.replace("model = CBOW", f"model = {model}")
    exec(textwrap.dedent(script), {"__name__": "__main__"})
    assert "| epoch 2 |" in capsys.readouterr().out
    assert calls[-1][0] == "show"
    exec(textwrap.dedent(EVAL), {"__name__": "__main__"})
    out = capsys.readouterr().out
    assert "[query] toyota" in out
    assert "[analogy] take:took = go:?" in out
    assert nn.load_params("cbow_params.pkl")["word_vecs"].shape == (15, 100)


def test_chapter_4_with_its_own_classes_over_our_layers(capsys):
    """A reader who keeps the book's cbow.py, and its trainer, changes the layers alone."""

    class CBOW(book.CBOW):
        def __init__(self, vocab_size, hidden_size, window_size, corpus):
            W_in, W_out = (np.float32(0.01) * rng.normal(size=(vocab_size, hidden_size)).astype("f") for _ in "io")
            self.in_layers = [nn.Embedding(W_in) for _ in range(2 * window_size)]
            self.ns_loss = nn.NegativeSamplingLoss(W_out, corpus, power=0.75, sample_size=5)
            layers = [*self.in_layers, self.ns_loss]
            self.params = [param for layer in layers for param in layer.params]
            self.grads = [grad for layer in layers for grad in layer.grads]

    corpus = np.arange(600) % 12
    contexts, target = nn.create_contexts_target(corpus, 2)
    for trainer_class, optimizer in (
        (book.Trainer, book.Adam()),
        (nn.Trainer, nn.SparseAdam()),
        (nn.Trainer, nn.SGD()),
    ):
        rng = np.random.default_rng(0)
        trainer = trainer_class(CBOW(12, 10, 2, corpus), optimizer)
        trainer.fit(contexts, target, 8, 20)
        assert trainer.loss_list[-1] < (1.0001 if isinstance(optimizer, nn.SGD) else 0.8) * trainer.loss_list[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 2.5}, "batch_size is 2.5; expected a whole number of at least 1"),
        ({"batch_size": "32"}, r"batch_size is '32' \(str\)"),
        ({"max_epoch": -1}, "max_epoch is -1; expected a whole number of at least 0"),
        ({"max_epoch": 1.5}, "max_epoch is 1.5"),
        ({"eval_interval": 0}, "eval_interval is 0; expected a whole number of at least 1"),
        ({"max_grad": -1}, "max_grad is -1; expected a number of at least 0"),
        ({"max_grad": np.nan}, "max_grad is nan"),
        ({"max_grad": np.inf}, "max_grad is inf; expected a number of at least 0, and finite"),
        ({"x": 3, "t": 4}, r"x has shape \(\) and t \(\); expected a row"),
    ],
)
def test_numbers_that_are_refused_before_training(options, message):
    contexts, target = nn.create_contexts_target(CORPUS, 2)
    trainer = nn.Trainer(nn.CBOW(30, 8, 2, CORPUS, seed=0), nn.SGD(), seed=0)
    before = trainer.model.word_vecs.copy()
    with pytest.raises((ValueError, TypeError), match=message):
        trainer.fit(**({"x": contexts, "t": target} | options))
    np.testing.assert_array_equal(trainer.model.word_vecs, before)


def test_lists_do_as_well_as_arrays():
    contexts, target = nn.create_contexts_target(CORPUS, 2)
    losses = []
    for x, t in ((contexts, target), (contexts.tolist(), target.tolist())):
        trainer = nn.Trainer(nn.CBOW(30, 8, 2, CORPUS, seed=0), nn.SGD(), seed=0)
        trainer.fit(x, t, 1, 32.0, eval_interval=1)
        losses.append(trainer.loss_list)
    assert losses[0] == losses[1]
