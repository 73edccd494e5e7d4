"""Data frames drawn from seeds, as several tests fit to them."""

import numpy as np
import pandas as pd


def survey(n=40):
    rng = np.random.default_rng(0)
    data = pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "a": rng.normal(size=n) ** 2,
            "b": rng.normal(size=n) ** 2,
            "g": pd.Categorical(rng.choice(list("pqr"), n)),
            "f2": pd.Categorical(rng.choice(["lo", "mi", "hi"], n), categories=["lo", "mi", "hi"]),
            "l": rng.random(n) < 0.5,
            "odd name": rng.normal(size=n),
            "f": rng.integers(1, 4, n).astype(float),
            "t": rng.choice(["u", "v"], n),
        }
    )
    data.loc[3, "a"] = np.nan
    return data


def flowers(n=60):
    rng = np.random.default_rng(4)
    kind = rng.integers(0, 3, n)
    data = pd.DataFrame({"length": rng.normal(size=n) + kind, "width": rng.normal(size=n) - kind})
    data["colour"] = rng.choice(["red", "blue"], n)
    data["kind"] = pd.Categorical.from_codes(kind, ["x", "y", "z"])
    data["two"] = pd.Categorical(np.where(kind > 0, "yes", "no"), categories=["no", "yes"])
    data["score"] = data["length"] * 2 + rng.normal(size=n)
    data.index = [f"f{i}" for i in range(n)]
    return data


def people(n=70, seed=5):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(
        {"hours": rng.normal(size=n).round(2), "sleep": rng.normal(size=n), "few": rng.integers(0, 2, n)}
    )
    data["mood"] = pd.Categorical(rng.choice(["low", "fair", "high"], n), categories=["low", "fair", "high"])
    kind = rng.integers(0, 3, n)
    data["kind"] = pd.Categorical.from_codes(kind, ["x", "y", "z"])
    data["two"] = pd.Categorical(
        np.where(data["hours"] + rng.normal(size=n) > 0, "yes", "no"), categories=["no", "yes"]
    )
    data["w"] = rng.uniform(0.5, 2, n)
    data["none"], data["some"], data["much"] = rng.poisson(2, n) + 1, rng.poisson(3, n), rng.poisson(1, n)
    data["flag"] = rng.random(n) > 0.5
    data.loc[4, "hours"] = np.nan
    data.index = [f"p{i}" for i in range(n)]
    return data
