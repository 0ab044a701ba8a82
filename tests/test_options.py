import dataclasses
import inspect
import pydoc
import typing

import pytest

import fastw2v
from fastw2v import TrainConfig, Word2Vec
from fastw2v.config import OPTIONS
from fastw2v.options import ConfigOption, TrainOptions, config_of_call, spell_out_options

FIELDS = {field.name: field for field in dataclasses.fields(TrainConfig)}


def parameters(function):
    return inspect.signature(function).parameters


def test_the_keyword_arguments_are_the_fields_with_their_types():
    types = typing.get_type_hints(TrainConfig)
    assert typing.get_type_hints(TrainOptions) == {name: types[name] for name in OPTIONS}
    assert tuple(TrainOptions.__annotations__) == OPTIONS


def test_the_constructor_has_every_field_with_its_type_and_default():
    constructor, types = parameters(Word2Vec), typing.get_type_hints(Word2Vec.__init__)
    assert types.pop("seed") == int | None  # None draws one
    types["seed"] = int
    for name, field in FIELDS.items():
        assert constructor[name].default == field.default, name
        assert type(constructor[name].default) is type(field.default), name
        assert types[name] == typing.get_type_hints(TrainConfig)[name], name


def test_every_field_is_an_attribute_of_the_model():
    options = {name for name, value in inspect.getmembers(Word2Vec) if isinstance(value, ConfigOption)}
    assert options == set(OPTIONS)
    model = Word2Vec(window=3, sg=1)
    assert {name: getattr(model, name) for name in OPTIONS} == dataclasses.asdict(model.config)


@pytest.mark.parametrize("function", [fastw2v.warmup, Word2Vec.load, Word2Vec])
def test_help_shows_every_option(function):
    shown = pydoc.render_doc(function, renderer=pydoc.plaintext)
    assert [name for name in OPTIONS if name not in shown] == []
    assert set(OPTIONS) <= parameters(function).keys()
    assert not any(p.kind is p.VAR_KEYWORD for p in parameters(function).values())


def test_names_are_spelled_out_but_once():
    @spell_out_options
    def function(path: str, *, seed: int = 7, **options: typing.Unpack[TrainOptions]) -> None: ...

    shown = parameters(function)
    assert list(shown)[:2] == ["path", "seed"]
    assert shown["seed"].default == 7
    assert repr(shown["epochs"].default) == "..."
    assert len(shown) == 1 + len(OPTIONS)


def test_options_of_one_call():
    config = TrainConfig()
    assert config_of_call(config, epochs=2, start_alpha=0.5, end_alpha=0.1, compute_loss=True) == TrainConfig(
        epochs=2, alpha=0.5, min_alpha=0.1, compute_loss=True
    )
    assert config_of_call(config) == config
    assert config_of_call(config, start_alpha=0.5) == TrainConfig(alpha=0.5)
    low = config_of_call(config, start_alpha=1e-5)
    assert low.alpha == low.min_alpha == 1e-5


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"end_alpha": 0.5}, ValueError, r"min_alpha is 0\.5, above alpha"),
        ({"start_alpha": "1"}, TypeError, "alpha is '1'"),
        ({"epochs": 0}, ValueError, "epochs is 0"),
    ],
)
def test_options_of_one_call_that_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        config_of_call(TrainConfig(), **options)


def test_an_option_that_is_set_is_that_of_the_config():
    model = Word2Vec(vector_size=16, window=3, min_count=1)
    assert (model.vector_size, model.window, model.epochs, model.min_count) == (16, 3, 5, 1)
    values = {"epochs": 10, "alpha": 0.1, "window": 7, "sample": 0, "sg": 1, "negative": 3, "device": "cpu", "seed": 9}
    for name, value in values.items():
        setattr(model, name, value)
    assert model.config == TrainConfig(vector_size=16, min_count=1, **values)
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        _ = model.colour


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [("epochs", 0, ValueError), ("sg", 2, ValueError), ("alpha", "x", TypeError), ("cbow_gradient", "max", ValueError),
     ("vector_size", None, TypeError), ("min_count", 1.5, ValueError)],
)  # fmt: skip
def test_a_value_out_of_its_range_is_refused_when_it_is_set(name, value, error):
    model = Word2Vec()
    before = model.config
    with pytest.raises(error, match=f"{name} is {value!r}"):
        setattr(model, name, value)
    assert model.config == before


def test_both_rates_can_be_set_one_after_the_other():
    model = Word2Vec(alpha=0.025, min_alpha=0.025)
    model.alpha -= 0.002
    with pytest.raises(ValueError, match=r"min_alpha is 0\.025, above alpha=0\.023"):
        config_of_call(model.config)
    assert config_of_call(model.config, start_alpha=0.02).min_alpha == 0.02
    model.min_alpha = model.alpha
    assert config_of_call(model.config) == model.config


def test_no_seed_draws_one_and_shows_it():
    first, second = Word2Vec(seed=None), Word2Vec(seed=None)
    assert first.seed != second.seed
    assert 0 <= first.seed < 2**32
    shown = first.seed
    first.seed = None
    assert first.seed != shown
