import pytest

from fastw2v import Word2Vec
from fastw2v.callbacks import HeldOutLoss, JsonLines


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FASTW2V_DATA_DIR", raising=False)
    return tmp_path


@pytest.fixture
def trained(in_folder):
    """A model that was trained for 3 epochs, its file "model", its vectors "v.bin" and its log "log.jsonl"."""
    sentences = [["the", "king", "rules"], ["the", "queen", "rules"], ["a", "man", "works"]] * 40
    watching = [HeldOutLoss(sentences[:3]), JsonLines("log.jsonl", every_words=100)]
    options = {"vector_size": 16, "min_count": 1, "sample": 0, "epochs": 3, "workers": 1, "compute_loss": True}
    model = Word2Vec(sentences, sg=1, callbacks=watching, **options)
    model.save("model")
    model.wv.save("v.bin")
    return model
