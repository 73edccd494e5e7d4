import numpy as np
import pandas as pd
import pytest

from support.live_r import needs_r, run_r
from tidydl import runif, sample, set_seed
from tidydl.errors import ArgumentError

SEEDS = [0, 1, -1, 42, 123456, 2**31 - 1, -(2**31) + 1, 20240117, 99.9, -7.5]
TIED = [0.2, 0.2, 0.2, 0.3, 0.1]
WIDE = [1, 2, 3, 4, 5, 1, 1] * 100

# Each draw in R and the same in Python, in one stream: what one uses up shows in the next.
DRAWS = [
    ("runif(3, -0.7, 0.7)", lambda: runif(3, -0.7, 0.7)),
    ("sample(10) - 1", lambda: sample(10)),
    ("sample(1, 1) - 1", lambda: sample(1, 1)),
    ("sample(100000, 5) - 1", lambda: sample(100000, 5)),
    ("sample(65536, 3) - 1", lambda: sample(65536, 3)),
    ("sample(65537, 3) - 1", lambda: sample(65537, 3)),
    ("sample(7, 20, TRUE) - 1", lambda: sample(7, 20, replace=True)),
    ("sample(5, 3, prob = tied) - 1", lambda: sample(5, 3, prob=TIED)),
    ("sample(5, 30, TRUE, prob = tied) - 1", lambda: sample(5, 30, replace=True, prob=TIED)),
    ("suppressWarnings(sample(700, 50, TRUE, prob = wide)) - 1", lambda: sample(700, 50, replace=True, prob=WIDE)),
    ("sample(700, 300, prob = wide) - 1", lambda: sample(700, 300, prob=WIDE)),
    ("sample(3e9, 3) - 1", lambda: sample(3 * 10**9, 3)),
    ("sample(2e7, 10) - 1", lambda: sample(2 * 10**7, 10)),
    ("runif(4, c(0, 1, 2, 3), c(0, 2, 2, 9))", lambda: runif(4, [0, 1, 2, 3], [0, 2, 2, 9])),
    ("runif(5000)", lambda: runif(5000)),
    ("runif(1)", lambda: runif(1)),
]


@needs_r
def test_draws_equal_r_to_the_last_bit_for_many_seeds():
    lines = [f"out$d{i}.{k} <- {code}" for i in range(len(SEEDS)) for k, (code, _) in enumerate(DRAWS)]
    per_seed = len(DRAWS)
    blocks = [
        f"set.seed({seed})\n" + "\n".join(lines[i * per_seed : (i + 1) * per_seed]) for i, seed in enumerate(SEEDS)
    ]
    found = run_r("out <- list()\n" + "\n".join(blocks), {"tied": TIED, "wide": WIDE})
    for i, seed in enumerate(SEEDS):
        set_seed(seed)
        for k, (code, draw) in enumerate(DRAWS):
            assert np.array_equal(np.asarray(draw(), dtype=float), found[f"d{i}.{k}"]), (seed, code)


@needs_r
def test_samples_of_every_small_size_equal_r():
    found = run_r("set.seed(3); out <- list(); for (n in 1:70) out[[paste0('n', n)]] <- sample(n) - 1")
    set_seed(3)
    for n in range(1, 71):
        assert sample(n).tolist() == found[f"n{n}"].tolist()


@needs_r
def test_rows_drawn_are_those_of_sample_n():
    found = run_r(
        "suppressMessages(library(dplyr)); set.seed(1); d <- data.frame(q = 1:20)\n"
        "out <- list(some = sample_n(d, 6)$q, again = sample_n(d, 30, replace = TRUE)$q)"
    )
    data = pd.DataFrame({"q": range(1, 21)}, index=[f"r{i}" for i in range(20)])
    set_seed(1)
    some = sample(data, 6)
    assert some["q"].tolist() == found["some"].tolist()
    assert some.index.tolist() == [f"r{q - 1}" for q in some["q"]]
    assert sample(data, 30, replace=True)["q"].tolist() == found["again"].tolist()


def test_the_same_seed_gives_the_same_draws_and_another_does_not():
    set_seed(5)
    first = runif(3)
    set_seed(5)
    assert np.array_equal(runif(3), first)
    set_seed(6)
    assert not np.array_equal(runif(3), first)


def test_elements_keep_their_kind():
    set_seed(1)
    assert sorted(sample(["a", "b", "c"])) == ["a", "b", "c"]
    assert sample(pd.Series([1.5, 2.5], index=["x", "y"]), 1).index[0] in ("x", "y")
    assert sample(np.array([7, 8]), 0).tolist() == []
    assert sample(0).tolist() == []


def test_uniforms_of_an_empty_or_backward_interval_are_missing_and_use_nothing_up():
    set_seed(1)
    assert np.isnan(runif(2, 1, 0)).all()
    after = runif(1)
    set_seed(1)
    assert after == runif(1)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: set_seed(2**31), "seed"),
        (lambda: set_seed("one"), "seed"),
        (lambda: set_seed(float("nan")), "seed"),
        (lambda: sample(3, 4), "size"),
        (lambda: sample(3, -1), "size"),
        (lambda: sample(3, 1.5), "size"),
        (lambda: sample(3, 2, prob=[1, 2]), "prob"),
        (lambda: sample(3, 2, prob=[1, -1, 1]), "prob"),
        (lambda: sample(3, 2, prob=[0, 0, 1]), "prob"),
        (lambda: sample(0, 1, replace=True), "size"),
        (lambda: runif(-1), "n"),
    ],
)
def test_wrong_arguments_are_named(call, argument):
    with pytest.raises(ArgumentError, match=f"`{argument}`"):
        call()


@pytest.mark.parametrize("seed", [np.int64(3), np.uint8(3), np.float32(3.2), 3.7])
def test_a_seed_may_be_any_kind_of_number(seed):
    set_seed(3)
    expected = runif(2).tolist()
    set_seed(seed)
    assert runif(2).tolist() == expected
