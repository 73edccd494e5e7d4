"""The workshop of workshop.Rmd in Python: the same steps and the same answers, on the terminal.

    python vignettes/workshop.py [FOLDER FOR THE PICTURES]

Where TIDYDL_DEMO names a file, each step's numbers are noted there with all their digits.
"""

import contextlib
import io
import os
import sys
from pathlib import Path

import plotnine as p9

import tidydl
from tidydl import augment, confusion, example_data, example_model, glance, nnet, pipeline, plot_images, plotnet, tidy

PICTURES = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
PICTURES.mkdir(parents=True, exist_ok=True)


def note(step, **items):
    if "TIDYDL_DEMO" not in os.environ:
        return
    with open(os.environ["TIDYDL_DEMO"], "a", encoding="utf-8") as file:
        for item, values in items.items():
            values = [values] if isinstance(values, (str, int, float)) else values
            texts = [value if isinstance(value, str) else f"{value:.17g}" for value in values]
            print(step, item, "|".join(texts), sep="\t", file=file)


def heading(text):
    print(f"\n{text}\n{'-' * len(text)}")


def save(picture, name, **options):
    picture.save(PICTURES / name, verbose=False, dpi=90, **options)
    print(f"[picture: {PICTURES / name}]")


def fit_and_show(step, picture, **options):
    out = io.StringIO()
    tidydl.set_seed(1)
    with contextlib.redirect_stdout(out):
        fit = nnet("educ ~ .", survey, **options)
    print(out.getvalue(), end="")
    print(fit.summary())
    save(plotnet(fit), picture)
    print(confusion(fit))
    print(glance(confusion(fit)).to_string(index=False))
    note(step, weights=fit.wts, value=fit.value, iterations=fit.iterations)
    note(f"{step} trace", lines=out.getvalue().splitlines())
    note(f"{step} summary", lines=str(fit.summary()).splitlines())
    note(f"{step} confusion", counts=confusion(fit)["n"])
    note(f"{step} tidy", terms=tidy(fit)["term"], **{"from": tidy(fit)["from"]})
    return fit


heading("A network with one hidden unit")
survey = example_data("anes96")[["educ", "TVnews", "selfLR", "ClinLR", "DoleLR", "PID", "age", "income"]]
survey = survey.assign(age=survey["age"] / 10, income=survey["income"] / 10)
print(survey.head())
note("survey", rows=len(survey), levels=survey["educ"].cat.categories, age=survey["age"].sum())
fit_and_show("7-1-7 network", "network-1.png", size=1)

heading("Five hidden units")
fit_and_show("7-5-7 network", "network-5.png", size=5, maxit=300)

heading("Reading digits")
tidydl.set_seed(1)
digits = tidydl.sample(example_data("digits", split="test"), 20)
reader = pipeline("image-classification", model=example_model("digits"))
print(reader)
read = augment(reader, digits, top_k=1, prefix="read_")
print(read.head().round(3))
print("read rightly:", (read["label"] == read["read_label"]).mean())
save(plot_images(read, n=20, caption="label → read_label"), "digits.png")
note("20 digits", truth=read["label"], read=read["read_label"], score=read["read_score"])

heading("Telling emotions apart")
sentences = example_data("emotion", split="test")
classify = pipeline("text-classification", model=example_model("emotion"))
said = augment(classify, sentences, text="text", prefix="said_")
print(said.head().round(3).to_string(max_colwidth=60))
counts = confusion(said, truth="label", estimate="said_label")
print(counts)
print(glance(counts).to_string(index=False))
rightly = said.assign(rightly=said["label"].astype(str) == said["said_label"].astype(str))
save(
    p9.ggplot(rightly, p9.aes("label", "said_score", colour="rightly"))
    + p9.geom_boxplot(outlier_shape="")
    + p9.labs(x="true emotion", y="score of the predicted emotion", colour="rightly")
    + p9.theme_minimal()
    + p9.theme(figure_size=(8.5, 5)),
    "emotion.png",
)
note("emotion sentences", truth=said["label"], said=said["said_label"], score=said["said_score"])
note("emotion confusion", counts=counts["n"], accuracy=float(glance(counts)["accuracy"].iloc[0]))
