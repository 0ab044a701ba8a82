"""The course of a training, from logs and models."""

import json
import re
from pathlib import Path

import pytest

from fastw2v import Word2Vec
from fastw2v.report import curves, write_curves
from fastw2v.report.history import history_of_file, history_of_report, read_log


def test_a_log_and_a_model_tell_the_same_losses(trained):
    log, model = history_of_file("log.jsonl"), history_of_file("model")
    assert log.measures == model.measures == history_of_report(trained.report).measures
    assert list(log.losses()) == ["loss", "heldout_loss"]
    assert [epoch for epoch, _ in log.losses()["loss"]] == [1, 2, 3]
    assert [loss for _, loss in log.losses()["loss"]] == trained.report.loss_per_epoch
    assert model.speed == []
    assert log.speed[-1][0] == pytest.approx(trained.report.raw_words / 1e6)


@pytest.mark.parametrize("first", b"{\n ")
def test_a_model_that_begins_as_a_log_does_is_a_model(trained, first):
    content = Path("model").read_bytes()
    n_header = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + n_header].ljust((n_header // 256 + 1) * 256 + first)  # spaces are allowed behind it
    Path("padded").write_bytes(len(header).to_bytes(8, "little") + header + content[8 + n_header :])
    assert Path("padded").read_bytes()[0] == first
    assert history_of_file("padded").measures == history_of_report(trained.report).measures


def line(event, *numbers, **measures):
    return json.dumps({"event": event, **dict(zip(("epoch", "words", "seconds"), numbers)), **measures}) + "\n"


def test_speeds_are_those_between_two_lines(in_folder):
    (in_folder / "log").write_text(
        line("words", 1, 100, 1.0) + "\n" + line("epoch", 1, 400, 2.0, loss=2.5, pairs=0.5) + line("end", 1, 400, 2.5)
    )
    history = read_log("log")
    assert history.speed == [(100 / 1e6, 100), (400 / 1e6, 300)]
    assert history.scores() == {"pairs": [(1, 0.5)]}


@pytest.mark.parametrize(
    ("end", "words"), [(line("end", 2, 200, 2.0), 90), (line("end", 2, 200, 2.0), 900), ("", 90)], ids=str
)
def test_of_several_trainings_the_last_is_shown(end, words, in_folder):
    first = line("epoch", 1, 100, 1.0, loss=3.0) + line("epoch", 2, 200, 2.0, loss=2.0)
    (in_folder / "log").write_text(first + end + line("epoch", 1, words, 1.0, loss=9.0))
    assert read_log("log").measures == {"loss": [(1, 9.0)]}


def test_a_resumed_training_goes_on(in_folder):
    """Its clock begins anew, and the words do not."""
    (in_folder / "log").write_text(
        line("epoch", 1, 100, 1.0, loss=3.0) + line("epoch", 2, 200, 0.5, loss=2.0) + line("words", 3, 260, 0.6)
    )
    history = read_log("log")
    assert history.measures == {"loss": [(1, 3.0), (2, 2.0)]}
    assert [words for words, _ in history.speed] == [100 / 1e6, 260 / 1e6]
    assert [speed for _, speed in history.speed] == pytest.approx([100, 600])


def test_values_that_are_not_finite_leave_a_gap(in_folder):
    (in_folder / "log").write_text(
        line("epoch", 1, 100, 1.0, loss=float("nan")) + line("epoch", 2, 200, 2.0, loss=1.0, note="text")
    )
    assert read_log("log").measures == {"loss": [(2, 1.0)]}


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"event": 3, "epoch": 1, "words": 1, "seconds": 1}',
        '{"event": "epoch", "epoch": 1, "words": "many", "seconds": 1}',
        '{"event": "epoch", "epoch": 1, "words": NaN, "seconds": 1}',
        "{" * 5000,
        "{\x1b[31m",
        "[1]",
        "\xff",
    ],
)
def test_damaged_lines_are_named(text, in_folder):
    (in_folder / "log").write_text(line("epoch", 1, 1, 1.0, loss=1.0) + text + "\n", encoding="latin-1")
    with pytest.raises(ValueError, match=r"log, line 2: .* is no line of a log") as caught:
        read_log("log")
    assert "\x1b" not in str(caught.value)


def test_what_holds_no_curve_is_refused_with_the_cure(trained, in_folder):
    with pytest.raises(ValueError, match=r"v.bin holds no curve; give a log of .*JsonLines .*--log FILE"):
        history_of_file("v.bin")
    Word2Vec([["a", "b"]] * 9, min_count=1, sample=0).save("silent")
    with pytest.raises(ValueError, match="silent holds no curve"):
        history_of_file("silent")
    pytest.importorskip("matplotlib")
    with pytest.raises(ValueError, match="the model has no curve; train it with compute_loss=True"):
        write_curves(Word2Vec.load("silent"), "p.png")


def test_panels(trained):
    pytest.importorskip("matplotlib")
    figure = curves._figure(history_of_file("log.jsonl"), "a $ title")
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss of a pair (nats)", "million words/s"]
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["loss", "heldout_loss"]
    history = history_of_report(trained.report)
    history.measures |= {"_odd$": [(1.0, 0.5)], "$\\frac{$": [(1.0, 0.25)]}
    figure = curves._figure(history, "")
    assert [text.get_text() for text in figure.axes[1].get_legend().get_texts()] == [" _odd$", "$\\frac{$"]
    figure.canvas.draw()


@pytest.mark.parametrize(("given", "ending"), [("log.jsonl", "png"), ("model", "svg")])
def test_it_is_written(given, ending, trained, in_folder):
    pytest.importorskip("matplotlib")
    write_curves(given, f"p.{ending}")
    assert re.match(rb"\x89PNG|<\?xml", (in_folder / f"p.{ending}").read_bytes())
    with pytest.raises(ValueError, match=r"p.txt: the ending '.txt' names no kind of picture"):
        write_curves(given, "p.txt")
