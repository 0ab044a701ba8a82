import pytest

from fastw2v.callbacks import HeldOutLoss, LossLogger
from tests.callbacks.cases import SENTENCES, trained

OTHER = [["king", "crown"], ["dog", "cat"], ["wave", "sea", "salt"]]


def test_losses_of_epochs(caplog):
    logged = LossLogger()
    with caplog.at_level("INFO", "fastw2v"):
        model = trained(logged, compute_loss=True, epochs=3)
    assert logged.losses == model.report.loss_per_epoch
    assert [m for m in caplog.messages if m.startswith("loss of epoch")] == [
        f"loss of epoch {epoch}: {loss:.6f} for a pair" for epoch, loss in enumerate(logged.losses, start=1)
    ]
    model.train(SENTENCES, epochs=2)
    assert logged.losses[3:] == model.report.loss_per_epoch
    assert len(logged.losses) == 5


def test_no_loss_to_log():
    with pytest.raises(ValueError, match="compute_loss is False; pass compute_loss=True"):
        trained(LossLogger())


def test_held_out_loss(caplog):
    held_out, named = HeldOutLoss(OTHER), HeldOutLoss(OTHER[:1], name="kings")
    with caplog.at_level("INFO", "fastw2v"):
        model = trained(held_out, named, epochs=4, alpha=0.1)
    assert model.report.metrics == {"heldout_loss": held_out.losses, "kings": named.losses}
    assert held_out.losses[-1] == model.mean_loss(OTHER)
    assert held_out.losses[-1] < held_out.losses[0]
    assert f"kings after epoch 4: {named.losses[-1]:.6f} for a pair" in caplog.messages


def test_to_measure_changes_nothing():
    watched, plain = trained(HeldOutLoss(OTHER), epochs=3), trained(epochs=3)
    assert watched.wv.vectors.tobytes() == plain.wv.vectors.tobytes()
    assert watched.syn1neg.tobytes() == plain.syn1neg.tobytes()
