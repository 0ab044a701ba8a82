import json

import pytest

from fastw2v import Word2Vec
from fastw2v.callbacks import Checkpoint, Evaluate, JsonLines, TensorBoard
from tests.callbacks.cases import N_WORDS, Measured, trained


def test_a_file_for_each_epoch(tmp_path):
    model = trained(Checkpoint(tmp_path / "m-{epoch}.safetensors"), epochs=3)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"m-{epoch}.safetensors" for epoch in (1, 2, 3)]
    last = Word2Vec.load(tmp_path / "m-3.safetensors")
    assert last.wv.vectors.tobytes() == model.wv.vectors.tobytes()


def test_one_file_that_is_replaced(tmp_path):
    trained(Checkpoint(tmp_path / "m"), epochs=2)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert Word2Vec.load(tmp_path / "m").epochs_trained == 2


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_lines_of_json(tmp_path):
    path = tmp_path / "log.jsonl"
    model = trained(Measured("x", [3.0, 2.0]), JsonLines(path), Measured("late", [5, 6]), epochs=2, compute_loss=True)
    *epochs, end = lines_of(path)
    seconds = [line.pop("seconds") for line in (*epochs, end)]
    assert 0 < seconds[0] <= seconds[1] <= seconds[2]
    losses = model.report.loss_per_epoch
    assert epochs == [
        {"event": "epoch", "epoch": 1, "words": N_WORDS, "loss": losses[0], "x": 3.0},
        {"event": "epoch", "epoch": 2, "words": 2 * N_WORDS, "loss": losses[1], "x": 2.0, "late": 5.0},
    ]
    assert end == {"event": "end", "epoch": 2, "words": 2 * N_WORDS, "late": 6.0, "stopped_at": None}


def test_lines_every_so_many_words(tmp_path):
    path = tmp_path / "log.jsonl"
    trained(JsonLines(path, every_words=N_WORDS), epochs=3)
    assert [line["event"] for line in lines_of(path)] == ["words", "epoch"] * 3 + ["end"]
    trained(JsonLines(path))
    assert len(lines_of(path)) == 7 + 6, "a file that exists is appended to"
    with pytest.raises(ValueError, match="every_words is 0"):
        trained(JsonLines(path, every_words=0))


def test_a_file_that_cannot_be_written_is_told_before_the_work(tmp_path):
    with pytest.raises(FileNotFoundError):
        trained(JsonLines(tmp_path / "nowhere" / "log.jsonl"), Measured("x", []))


def test_scores(tmp_path, caplog):
    (tmp_path / "pairs.tsv").write_text("king\tqueen\t9\nking\tdog\t1\ncat\tsea\t2\n")
    (tmp_path / "questions.txt").write_text(": all\nking queen cat dog\n")
    sessions = [["fur", "cat"], ["sea", "wave"]]
    evaluate = Evaluate(tmp_path / "pairs.tsv", [tmp_path / "questions.txt"], sessions)
    with caplog.at_level("INFO", "fastw2v"):
        model = trained(evaluate, epochs=2)
    scores = model.report.metrics
    assert {name: len(values) for name, values in scores.items()} == {
        "pairs": 2,
        "questions": 2,
        "hit_rate": 2,
        "mrr": 2,
    }
    assert scores["pairs"][-1] == model.wv.evaluate_word_pairs(tmp_path / "pairs.tsv")[1].statistic
    assert f"pairs after epoch 2: {scores['pairs'][-1]:.4f}" in caplog.messages


def test_nothing_to_score_on(tmp_path):
    with pytest.raises(ValueError, match="nothing to score on"):
        Evaluate()
    with pytest.raises(FileNotFoundError, match="there is no file"):
        Evaluate(word_pairs=tmp_path / "nothing.tsv")
    with pytest.raises(TypeError, match="sessions are a str; expected the sessions themselves"):
        Evaluate(hit_rate="sessions.parquet")
    with pytest.raises(ValueError, match="topn is 0; expected a whole number of at least 1"):
        Evaluate(hit_rate=[["a", "b"]], topn=0)


def test_curves_for_tensorboard(tmp_path):
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import RecordWriter  # noqa: F401 - the format that is read below

    trained(Measured("x", [3.0, 2.0]), TensorBoard(tmp_path / "run"), epochs=2, compute_loss=True)
    [path] = (tmp_path / "run").iterdir()
    content, values = path.read_bytes(), []
    while content:  # length: 8 bytes, checksum: 4, event, checksum: 4
        size = int.from_bytes(content[:8], "little")
        event = Event.FromString(content[12 : 12 + size])
        values += [(event.step, value.tag, value.simple_value) for value in event.summary.value]
        content = content[16 + size :]
    assert [(step, value) for step, tag, value in values if tag == "x"] == [(N_WORDS, 3.0), (2 * N_WORDS, 2.0)]
    assert {tag for _, tag, _ in values} == {"words_per_s", "loss", "x"}


def test_tensorboard_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"pip install 'fastw2v\[tensorboard\]'"):
        TensorBoard("runs")
