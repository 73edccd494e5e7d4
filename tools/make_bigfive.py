"""Make data/files/bigfive.csv: 100 SIMULATED people with five trait scores, age, gender and education.

Run as ``python tools/make_bigfive.py``. Nobody was asked anything: the rows are draws with correlations of
the size that personality surveys report, and education depends a little on openness, conscientiousness and
age.
"""

from pathlib import Path

import numpy as np
import pandas as pd

SEED = 55
ROWS = 100
TARGET = Path(__file__).resolve().parents[1] / "python" / "tidydl" / "data" / "files" / "bigfive.csv"

TRAITS = ["agreeableness", "conscientiousness", "extraversion", "neuroticism", "openness"]
MEANS = [3.9, 3.7, 3.4, 2.8, 3.9]
SPREADS = [0.60, 0.65, 0.75, 0.80, 0.60]
CORRELATIONS = [
    [1.00, 0.26, 0.29, -0.19, 0.15],
    [0.26, 1.00, 0.18, -0.23, 0.10],
    [0.29, 0.18, 1.00, -0.22, 0.24],
    [-0.19, -0.23, -0.22, 1.00, -0.09],
    [0.15, 0.10, 0.24, -0.09, 1.00],
]
EDUCATION = {"1": 11, "2": 12, "3": 46, "4": 16, "5": 15}  # how many rows have each level


def main() -> None:
    generator = np.random.default_rng(SEED)
    z = generator.multivariate_normal(np.zeros(5), CORRELATIONS, size=ROWS, method="cholesky")
    traits = np.clip(np.array(MEANS) + z * np.array(SPREADS), 1, 5).round(1)
    age = np.clip(np.round(17 + generator.gamma(1.6, 8.0, size=ROWS)), 17, 75).astype(int)
    gender = 1 + (generator.random(ROWS) < 0.66).astype(int)
    leaning = 0.35 * z[:, 4] + 0.25 * z[:, 1] + 0.04 * (age - age.mean()) + generator.normal(0, 0.8, ROWS)
    education = np.empty(ROWS, dtype=object)
    education[np.argsort(leaning, kind="stable")] = np.repeat(list(EDUCATION), list(EDUCATION.values()))
    people = pd.DataFrame(traits, columns=TRAITS)
    people.insert(0, "CASE", np.arange(1, ROWS + 1))
    people["age"], people["gender"], people["education"] = age, gender, education
    people.to_csv(TARGET, index=False, lineterminator="\n")
    print(people.describe().round(2), people["education"].value_counts().sort_index(), sep="\n")


if __name__ == "__main__":
    main()
