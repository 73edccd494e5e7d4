"""Filling masks: the tokens and probabilities of transformers' own pipeline, in one frame however many masks."""

import pandas as pd
import pytest
import transformers

import tidydl
import tiny
from support.precision import assert_near
from tidydl.errors import ArgumentError, ColumnError

TEXTS = ["the [MASK] was happy.", "[MASK] again", "a sad [MASK] ! and the very long day"]


@pytest.fixture(scope="module")
def fill():
    return tidydl.pipeline("fill-mask", model=tiny.kept("masked"), device="cpu")


@pytest.fixture(scope="module")
def own():
    return transformers.pipeline("fill-mask", model=str(tiny.kept("masked")), device="cpu")


def assert_same_tokens(ours, theirs):
    assert ours["token"].tolist() == [line["token_str"] for line in theirs]
    assert_near(ours["score"], [line["score"] for line in theirs])


@pytest.mark.parametrize("options", [{}, {"top_k": 2}, {"top_k": 1}, {"targets": ["sun", "rain", "dog"]}], ids=str)
def test_tokens_equal_the_plain_pipeline_one_text_at_a_time(fill, own, options):
    theirs = [line for text in TEXTS for line in own(text, **options)]
    ours = fill(TEXTS, **options)
    assert_same_tokens(ours, theirs)
    assert ours["sequence"].tolist() == [line["sequence"] for line in theirs]


def test_each_of_several_masks_has_its_ranks_and_leaves_the_others_open(fill, own):
    text = "the [MASK] and the [MASK] came"
    ours, theirs = fill(text, top_k=3), own(text, top_k=3)
    assert ours["mask"].tolist() == [0, 0, 0, 1, 1, 1]
    assert ours["rank"].tolist() == [1, 2, 3, 1, 2, 3]
    for mask in (0, 1):
        assert_same_tokens(ours[ours["mask"] == mask], theirs[mask])
    assert ours["sequence"].str.count(r"\[MASK\]").tolist() == [1] * 6
    assert not ours["sequence"].str.contains(r"\[CLS\]").any()


def test_another_tokenizer_writes_masks_its_own_way(tmp_path):
    folder = tiny.byte_folder(tmp_path / "roberta", head="MaskedLM")
    theirs = transformers.pipeline("fill-mask", model=str(folder))("the <mask> was happy")
    assert_same_tokens(tidydl.pipeline(model=folder)("the <mask> was happy"), theirs)
    with pytest.raises(ArgumentError, match="<mask>"):
        tidydl.pipeline(model=folder)("the [MASK] was happy")


def test_columns_and_kinds_are_the_same_for_none_one_and_many(fill):
    frames = [fill(x) for x in ([], TEXTS[0], TEXTS, [None, TEXTS[1]])]
    assert {tuple(frame.columns) for frame in frames} == {
        (".row", "text", "mask", "rank", "token", "score", "sequence")
    }
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    assert [len(frame) for frame in frames] == [0, 5, 15, 6]
    assert "rank" not in fill(TEXTS, top_k=1).columns


def test_augment_joins_texts_with_one_mask_each(fill):
    data = pd.DataFrame({"item": TEXTS})
    joined = tidydl.augment(fill, data, top_k=2, prefix="p_")
    assert joined.columns.tolist() == [
        "item",
        *("p_token", "p_score", "p_sequence"),
        *("p_token.1", "p_score.1", "p_sequence.1"),
    ]
    with pytest.raises(ColumnError, match="rank"):
        tidydl.augment(fill, pd.DataFrame({"item": ["[MASK] [MASK]"]}))


@pytest.mark.parametrize(
    ("text", "options", "what"),
    [
        (["[MASK]", "no mask"], {}, r"2nd value .* no mask\."),
        ("sun " * 100 + "[MASK]", {}, "part that the model reads"),
        ("[MASK]", {"targets": ["unhappily"]}, "'unhappily'"),
        ("[MASK]", {"targets": 3}, "`targets`"),
        ("[MASK]", {"long": "window"}, "`long`"),
        ("[MASK]", {"pooling": "mean"}, "`pooling` is not an option"),
    ],
)
def test_what_cannot_be_filled_is_refused(fill, text, options, what):
    with pytest.raises(ArgumentError, match=what):
        fill(text, **options)
