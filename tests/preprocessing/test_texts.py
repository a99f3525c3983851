"""Texts as inputs: words, vocabulary, preprocessing and the encoders."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebook.column_types.parsing import InvalidTableError
from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.config.schema import NetworkParameters, TextPreprocessingParameters
from casebook.models import numpy_texts, text_encoder
from casebook.models.networks import load_network
from casebook.models.text_encoder import text_inputs
from casebook.preprocessing.texts import TextPreprocessor, fit_texts, split_words

if TYPE_CHECKING:
    from pathlib import Path

    import keras


def table(*texts: object) -> pd.DataFrame:
    return pd.DataFrame({"review": list(texts)})


def fit(*texts: str, vocabulary: int = 3, length: int = 4) -> TextPreprocessor:
    return fit_texts(table(*texts), TextPreprocessingParameters(vocabulary=vocabulary, length=length))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't go!", ["don't", "go"]),
        ("Good.<br /><br />Bad<br/>ugly<BR>end", ["good", "bad", "ugly", "end"]),
        ("'Quoted' words, well-known: 10/10", ["quoted", "words", "well", "known", "10", "10"]),
        ("Amélie ÇA VA", ["amélie", "ça", "va"]),
        ("  ... !", []),
        ("breaking brackets <b>", ["breaking", "brackets", "b"]),
    ],
)
def test_texts_are_split_into_small_words_without_breaks(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_the_vocabulary_holds_the_most_frequent_words_ties_in_alphabetical_order() -> None:
    preprocessor = fit("b a b", "c a d", "c", vocabulary=3)
    assert preprocessor == TextPreprocessor("review", ["a", "b", "c"], 4)
    assert fit("b b a", vocabulary=1_000).words == ["b", "a"]


def test_words_become_numbers_filled_up_at_the_front_and_cut_to_the_last() -> None:
    preprocessor = TextPreprocessor("review", ["the", "film", "good"], 4)
    prepared = preprocessor.prepare(table("The film!", "a b the film good THE", "good good good good"))
    assert list(prepared) == ["tokens"]
    assert prepared["tokens"].dtype == np.uint16
    np.testing.assert_array_equal(prepared["tokens"], [[0, 0, 2, 3], [2, 3, 4, 2], [4, 4, 4, 4]])


def test_words_that_training_did_not_hold_are_unknown_whatever_was_prepared_before() -> None:
    preprocessor = TextPreprocessor("review", ["the"], 2)
    first = preprocessor.prepare(table("never heard", "?!"))["tokens"]
    np.testing.assert_array_equal(first, [[1, 1], [0, 0]])
    np.testing.assert_array_equal(preprocessor.prepare(table("never heard", "?!"))["tokens"], first)


def test_filling_up_and_cutting_are_those_of_keras() -> None:
    start_tensorflow()
    import keras

    preprocessor = TextPreprocessor("review", list("abcdef"), 4)
    texts = ["a b", "a b c d e f", "", "c"]
    numbers = [[preprocessor.words.index(word) + 2 for word in text.split()] for text in texts]
    tokens = preprocessor.prepare(table(*[text or "." for text in texts]))["tokens"]
    np.testing.assert_array_equal(tokens, keras.utils.pad_sequences(numbers, 4))


def test_more_numbers_than_two_bytes_hold_take_four() -> None:
    words = [str(number) for number in range(65_534)]
    assert TextPreprocessor("review", words, 1).dtype == "uint16"
    assert TextPreprocessor("review", words, 1).prepare(table("65533"))["tokens"].tolist() == [[65_535]]
    wide = TextPreprocessor("review", [*words, "65534"], 1)
    assert (wide.dtype, wide.prepare(table("65534"))["tokens"].tolist()) == ("int32", [[65_536]])


def test_a_preparation_comes_back_from_json() -> None:
    preprocessor = fit("ça va don't")
    assert TextPreprocessor.from_dict(json.loads(json.dumps(preprocessor.to_dict()))) == preprocessor


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            ("good", None),
            "column review: 'nan' is not a text of at least one word (1 of 2 rows, first in data row 2); mend the file",
        ),
        ((5, "good", 6), "column review: '5' is not a text of at least one word (2 of 3 rows, first in data row 1)"),
        (
            ("good", " \n"),
            r"column review: ' \n' is not a text of at least one word (1 of 2 rows, first in data row 2)",
        ),
    ],
)
def test_what_is_no_text_or_empty_is_refused_with_its_row(texts: tuple[object, ...], message: str) -> None:
    with pytest.raises(InvalidTableError) as caught:
        TextPreprocessor("review", ["good"], 2).prepare(table(*texts))
    assert message in str(caught.value)


def test_texts_without_a_word_have_no_vocabulary() -> None:
    with pytest.raises(ValueError, match="review: the training texts hold no word"):
        fit("...", "!")


def test_a_second_column_is_refused() -> None:
    with pytest.raises(ValueError, match="takes one column; there are review, part"):
        fit_texts(table("a").assign(part="train"), TextPreprocessingParameters())


@given(st.lists(st.text(max_size=40).map(lambda text: f"x {text}"), min_size=1, max_size=8))
def test_any_texts_become_the_numbers_of_their_last_words(texts: list[str]) -> None:
    preprocessor = fit(*texts, vocabulary=5, length=6)
    tokens = preprocessor.prepare(table(*texts))["tokens"]
    spoken = dict(enumerate(preprocessor.words, 2))
    for text, row in zip(texts, tokens, strict=True):
        words = split_words(text)[-6:]
        shown = [number for number in row if number]
        assert len(shown) == len(words)
        assert all(spoken.get(int(n), w) == w for n, w in zip(shown, words, strict=True))


def build(preprocessor: TextPreprocessor, **network: object) -> keras.Model:
    start_tensorflow()
    import keras

    keras.utils.set_random_seed(3)
    inputs, values = text_inputs(preprocessor, NetworkParameters.model_validate(network))
    return keras.Model(inputs, values)


PREPROCESSOR = TextPreprocessor("review", ["the", "film", "good"], 5)
TOKENS = np.array([[0, 0, 2, 3, 4], [0, 0, 0, 0, 0], [4, 1, 2, 1, 3]], dtype=np.uint16)


def test_average_gives_the_mean_of_the_words_that_are_there() -> None:
    model = build(PREPROCESSOR, embedding={"size": 6}, encoder={"name": "average", "kernel": 1})
    words = model.get_layer("words").get_weights()[0]
    expected = [words[[2, 3, 4]].mean(axis=0), np.zeros(6), words[[4, 1, 2, 1, 3]].mean(axis=0)]
    np.testing.assert_allclose(model({"tokens": TOKENS}).numpy(), expected, atol=1e-6)


def test_average_adds_the_mean_of_hashed_pairs() -> None:
    model = build(PREPROCESSOR, embedding={"size": 6}, encoder={"name": "average", "kernel": 2})
    pairs = model.get_layer("grams_2").get_weights()[0]
    numbers = [
        (first * numpy_texts.HASH_FACTOR + second) % numpy_texts.HASHED_GRAMS for first, second in [(2, 3), (3, 4)]
    ]
    outputs = model({"tokens": TOKENS}).numpy()
    assert outputs.shape == (3, 12)
    np.testing.assert_allclose(outputs[0, 6:], pairs[numbers].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(outputs[1], np.zeros(12), atol=1e-6)


def test_the_published_lstm_has_its_weights() -> None:
    words = [f"word{number}" for number in range(4_998)]
    model = build(
        TextPreprocessor("review", words, 500), embedding={"size": 32}, encoder={"name": "lstm", "units": 100}
    )
    assert model.output_shape == (None, 100)
    assert model.count_params() == 5_000 * 32 + 4 * 100 * (32 + 100 + 1)


@pytest.mark.parametrize(("encoder", "width"), [("lstm", 7), ("gru", 7), ("cnn", 7), ("average", 8)])
def test_every_encoder_gives_one_row_a_text_and_can_be_saved(encoder: str, width: int, tmp_path: Path) -> None:
    network = {"name": encoder, "units": 7, "kernel": 2, "dropout": 0.5}
    embedding = {"size": 4, "dropout": 0.5, "l2": 0.1, "category_dropout": 0.5}
    model = build(PREPROCESSOR, embedding=embedding, encoder=network)
    outputs = model({"tokens": TOKENS}).numpy()
    assert outputs.shape == (3, width)
    assert len(model.losses) == (2 if encoder == "average" else 1)
    model.save(tmp_path / "network.keras")
    again = load_network(tmp_path / "network.keras")
    np.testing.assert_allclose(again({"tokens": TOKENS}).numpy(), outputs, atol=1e-6)


def test_a_size_of_0_takes_32_numbers_a_word() -> None:
    model = build(PREPROCESSOR, encoder={"name": "average", "kernel": 1})
    assert model.output_shape == (None, text_encoder.DEFAULT_SIZE) == (None, 32)


def test_a_share_of_the_words_is_shown_as_unknown_in_training_only() -> None:
    model = build(
        PREPROCESSOR, embedding={"size": 2, "category_dropout": 0.5}, encoder={"name": "average", "kernel": 1}
    )
    # Only the unknown has a value: the mean is the share of unknown words.
    model.get_layer("words").set_weights([np.array([[0, 0], [1, 1], [0, 0], [0, 0], [0, 0]], np.float32)])
    many = np.full((2_000, 5), 3, dtype=np.uint16)
    assert model({"tokens": many}, training=False).numpy().max() == 0
    assert model({"tokens": many}, training=True).numpy().mean() == pytest.approx(0.5, abs=0.03)
    nothing = np.zeros((4, 5), dtype=np.uint16)
    assert model({"tokens": nothing}, training=True).numpy().max() == 0
