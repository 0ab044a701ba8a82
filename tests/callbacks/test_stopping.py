import numpy as np
import pytest

from fastw2v.callbacks import EarlyStopping, HeldOutLoss
from fastw2v.datasets.folder import data_dir
from tests.callbacks.cases import Copies, Measured, trained

FALLING_THEN_RISING = [5.0, 4.0, 3.0, 3.5, 3.2, 6.0, 7.0]


@pytest.mark.parametrize(
    ("patience", "min_delta", "values", "best", "n_epochs"),
    [
        (1, 0, FALLING_THEN_RISING, (3.0, 3), 4),
        (2, 0, FALLING_THEN_RISING, (3.0, 3), 5),
        (9, 0, FALLING_THEN_RISING, (3.0, 3), 7),
        (1, 1.5, FALLING_THEN_RISING, (5.0, 1), 2),
        (2, 1.5, FALLING_THEN_RISING, (3.0, 3), 5),
        (1, 0, [float("nan"), 2.0, 3.0], (2.0, 2), 3),
        (1, 0, [2.0, float("nan"), 1.0], (2.0, 1), 2),
    ],
)
def test_when_it_stops(patience, min_delta, values, best, n_epochs):
    stopping, copies = EarlyStopping("x_loss", patience, min_delta), Copies()
    model = trained(copies, Measured("x_loss", values), stopping, epochs=len(values))
    assert (stopping.best, stopping.best_epoch) == best
    assert len(copies.vectors) == n_epochs
    assert (model.report.stopped_at is None) == (n_epochs == len(values))
    np.testing.assert_array_equal(model.wv.vectors, copies.vectors[best[1] - 1])
    np.testing.assert_array_equal(model.syn1neg, copies.output_vectors[best[1] - 1])
    np.testing.assert_allclose(model.wv.fill_norms(), np.linalg.norm(model.wv.vectors, axis=1), rtol=1e-6)


def test_the_reason_is_told(caplog):
    with caplog.at_level("INFO", "fastw2v"):
        model = trained(Measured("x_loss", FALLING_THEN_RISING), EarlyStopping("x_loss", 2), epochs=7)
    reason = "x_loss has not got better for 2 epochs (best: 3 in epoch 3)"
    assert (model.report.stopped_by, model.report.stopped_at) == (
        reason,
        f"epoch 5 of 7, {500 / 7:.1f} % of the work: {reason}",
    )
    assert "restored the weights of epoch 3" in caplog.messages


def test_without_restoring():
    copies = Copies()
    model = trained(copies, Measured("x_loss", [1, 2]), EarlyStopping("x_loss", restore_best=False), epochs=9)
    np.testing.assert_array_equal(model.wv.vectors, copies.vectors[1])


@pytest.mark.parametrize(("name", "options"), [("accuracy", {}), ("x_loss", {"larger_is_better": True})])
def test_larger_is_better(name, options):
    stopping = EarlyStopping(name, **options)
    trained(Measured(name, [1.0, 2.0, 1.5, 9.0]), stopping, epochs=4)
    assert (stopping.best, stopping.best_epoch) == (2.0, 2)


def test_a_function_as_monitor():
    values = iter([1.0, 2.0, 1.5, 9.0])
    stopping = EarlyStopping(lambda model: next(values), larger_is_better=True)
    trained(stopping, epochs=4)
    assert stopping.best == 2.0
    with pytest.raises(ValueError, match="larger_is_better=True or False"):
        EarlyStopping(lambda model: 1.0)


def test_the_loss_of_the_training():
    stopping = EarlyStopping("loss", patience=3)
    model = trained(stopping, compute_loss=True, epochs=4)
    assert stopping.best == min(model.report.loss_per_epoch)


def test_it_can_be_used_again():
    stopping = EarlyStopping("x_loss")
    model = trained(Measured("x_loss", [1.0, 2.0]), stopping, epochs=5)
    model.train([["cat", "dog"]], epochs=5, callbacks=[Measured("x_loss", [9.0, 8.0, 8.5]), stopping])
    assert (stopping.best, stopping.best_epoch) == (8.0, 2)


@pytest.mark.parametrize(
    ("monitor", "cure"), [("heldout_loss", "put the callback that measures it before"), ("loss", "compute_loss=True")]
)
def test_what_is_not_measured(monitor, cure):
    with pytest.raises(ValueError, match=rf"'{monitor}' is not measured \(there is: \['x'\]\); .*{cure}"):
        trained(Measured("x", [1.0]), EarlyStopping(monitor))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"monitor": 3}, TypeError),
        ({"patience": 0}, ValueError),
        ({"patience": "many"}, TypeError),
        ({"min_delta": -1}, ValueError),
    ],
)
def test_arguments(options, error):
    with pytest.raises(error, match=next(iter(options))):
        EarlyStopping(**options)


def ptb(split):
    path = data_dir() / f"ptb.{split}.txt"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return [line.split() for line in path.read_text().splitlines()]


@pytest.mark.slow
def test_an_overtrained_ptb_run_ends_at_its_best():
    """Forty epochs at a high, nearly constant rate: the held-out loss falls, then rises; the best weights come back.

    By one worker: with two it depends on their race which text is trained last, and the first epoch may be the best.
    """
    valid, stopping = ptb("valid"), EarlyStopping(patience=3)
    held_out = HeldOutLoss(valid)
    options = {"sg": 1, "alpha": 0.05, "epochs": 40, "min_count": 1, "compute_loss": True, "progress": False}
    options["workers"] = 1
    from fastw2v import Word2Vec

    model = Word2Vec(ptb("train"), callbacks=[held_out, stopping], **options)
    losses = held_out.losses
    assert 1 < stopping.best_epoch < len(losses) < 40
    assert losses[-1] > min(losses) == stopping.best
    assert model.report.loss_per_epoch[-1] < model.report.loss_per_epoch[0]
    assert model.mean_loss(valid) == stopping.best
    assert model.report.stopped_by.startswith("heldout_loss has not got better for 3 epochs")
