"""Make data/files/anes96.csv: the 1996 election survey that statsmodels carries.

Run as ``python tools/make_anes96.py``; needs statsmodels.
"""

from pathlib import Path

from statsmodels.datasets import anes96

FILES = Path(__file__).resolve().parents[1] / "python" / "tidydl" / "data" / "files"

# The survey's own seven levels of education. The note in statsmodels calls the last three "College degree",
# "Master's degree" and "PhD"; the codebook of the survey has them as here.
EDUCATION = [
    "8 grades or less",
    "some high school",
    "high school",
    "some college",
    "community college",
    "bachelor",
    "advanced degree",
]
VOTE = ["Clinton", "Dole"]


def main() -> None:
    survey = anes96.load_pandas().data
    whole = [name for name in survey.columns if name != "logpopul"]
    assert (survey[whole] == survey[whole].round()).all(axis=None)
    survey[whole] = survey[whole].astype("int64")
    survey["educ"] = [EDUCATION[code - 1] for code in survey["educ"]]
    survey["vote"] = [VOTE[code] for code in survey["vote"]]
    survey.to_csv(FILES / "anes96.csv", index=False, lineterminator="\n")
    print(survey["educ"].value_counts())


if __name__ == "__main__":
    main()
