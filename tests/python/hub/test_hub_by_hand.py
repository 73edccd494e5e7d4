"""The Hub of the tests, started by hand, with the ids that courses use."""

import re
import signal
import subprocess
import sys

from hub.stand_ins import EMOTIONS
from support import ROOT
from support.visiting import visit


def test_started_by_hand_it_serves_stand_ins_under_the_true_ids(tmp_path):
    command = [sys.executable, "-m", "tests.hub", "--cache", str(tmp_path / "hf")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        said = ""
        while "Ctrl-C" not in said and server.poll() is None:
            said += server.stdout.readline()
        env = dict(re.findall(r"export (\w+)=(\S+)", said))
        steps = {
            "model": {"model": "distilbert-base-uncased-finetuned-sst-2-english"},
            "data": {"do": "data", "path": "dair-ai/emotion", "split": "test"},
            "without owner": {"do": "data", "path": "emotion", "split": "train[:10%]"},
            "unsplit": {"do": "data", "path": "dair-ai/emotion", "name": "unsplit"},
        }
        found = visit(tmp_path, env["HF_ENDPOINT"], steps)
        server.send_signal(signal.SIGTERM)
    assert server.returncode == 0
    assert env["HF_HOME"] == str(tmp_path / "hf")
    assert found["model"]["label"] in ("NEGATIVE", "POSITIVE")
    assert found["data"]["rows"] == {"": 20}
    assert found["data"]["levels"] == {"label": EMOTIONS}
    assert found["without owner"]["rows"] == {"": 16}
    assert found["unsplit"]["rows"] == {"": 400}
