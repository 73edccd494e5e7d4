"""A long run to be killed: python broken_off.py MODEL TEXTS CHECKPOINT. Each input takes a hundredth of a second."""

import sys
import time
from pathlib import Path

import tidydl
from tidydl.pipelines.checkpoints import resumable_run


def run(model: str, texts: list[str], folder: str, pause: float = 0.01):
    """Run with parts of a fifth of a second; give the frame and how many texts were computed."""
    resumable_run._SECONDS = 0.2
    ppl = tidydl.pipeline(model=model, device="cpu", top_k=2)
    ppl(texts[:1])  # the first run of a model also tries whether it needs all tokens
    computed = 0

    def slowly(module, args, kwargs):
        nonlocal computed
        computed += len(kwargs["input_ids"])
        time.sleep(pause * len(kwargs["input_ids"]))

    hook = ppl.model.register_forward_pre_hook(slowly, with_kwargs=True)
    try:
        return ppl(texts, checkpoint=folder, batch_size=4), computed
    finally:
        hook.remove()


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]).read_text("utf-8").splitlines(), sys.argv[3])
