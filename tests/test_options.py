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
    for name, field in FIELDS.items():
        assert constructor[name].default == field.default, name
        assert type(constructor[name].default) is type(field.default), name
        assert types[name] == typing.get_type_hints(TrainConfig)[name], name


def test_every_field_is_an_attribute_of_the_model():
    options = {name for name, value in vars(Word2Vec).items() if isinstance(value, ConfigOption)}
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


def test_options_are_read_from_the_model_and_not_set():
    model = Word2Vec(vector_size=16, window=3, min_count=1)
    assert (model.vector_size, model.window, model.epochs, model.min_count) == (16, 3, 5, 1)
    with pytest.raises(AttributeError, match=r"alpha cannot be set on a model; pass it to Word2Vec or train"):
        model.alpha = 0.1
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        _ = model.colour
