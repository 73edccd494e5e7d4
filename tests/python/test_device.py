"""The device that is asked for is the device that is used, or an error."""

import subprocess
import sys
import textwrap

import pytest

from tidydl.device import describe_device, full_precision, resolve_device, why_no_cuda
from tidydl.errors import ArgumentError, DeviceError, NotFoundError

torch = pytest.importorskip("torch")
no_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")


def test_cpu_is_cpu_however_it_is_written():
    assert {resolve_device(name) for name in ("cpu", "CPU", "cpu:0", -1, torch.device("cpu"))} == {"cpu"}


def test_auto_gives_a_device_that_computes():
    assert torch.ones(2, device=resolve_device("auto")).sum().item() == 2


@no_cuda
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:1", 0])
def test_cuda_without_cuda_is_an_error_that_says_why(name):
    with pytest.raises(DeviceError) as caught:
        resolve_device(name)
    message = str(caught.value)
    assert "`device`" in message
    assert why_no_cuda() in message
    assert "sitrep()" in message


@no_cuda
def test_why_no_cuda_names_the_build_or_the_driver():
    assert "build without CUDA" in why_no_cuda() or "driver" in why_no_cuda()


@pytest.mark.parametrize(("name", "meant"), [("cudda", "cuda"), ("cpuu", "cpu"), ("atuo", "auto")])
def test_unknown_device_suggests_the_nearest(name, meant):
    with pytest.raises(NotFoundError) as caught:
        resolve_device(name)
    assert f"Did you mean '{meant}'?" in str(caught.value)


@pytest.mark.parametrize("device", [None, True, 1.5, -2])
def test_what_is_no_device_is_an_argument_error(device):
    with pytest.raises(ArgumentError, match="`device`"):
        resolve_device(device)


def test_description_has_what_sitrep_shows():
    facts = describe_device("cpu")
    assert set(facts) == {"device", "name", "memory_gb", "why_no_cuda"}
    assert facts["device"] == "cpu"
    assert facts["name"]
    assert facts["memory_gb"] is None or facts["memory_gb"] > 0


@pytest.mark.skipif(not hasattr(torch.backends.cudnn, "conv"), reason="this torch has one switch for all layers")
def test_full_precision_ends_with_what_was_set_before():
    layers = torch.backends.cudnn.conv, torch.backends.cudnn.rnn
    before = [layer.fp32_precision for layer in layers]
    layers[0].fp32_precision = "ieee"  # a mixture, which torch's older switch refuses to read
    layers[1].fp32_precision = "tf32"
    try:
        with full_precision("cuda:0"):
            assert torch.backends.cudnn.allow_tf32 is False
            assert "tf32" not in [layer.fp32_precision for layer in layers]
        assert [layer.fp32_precision for layer in layers] == ["ieee", "tf32"]
        with full_precision("cpu"):
            assert [layer.fp32_precision for layer in layers] == ["ieee", "tf32"]
    finally:
        for layer, value in zip(layers, before, strict=True):
            layer.fp32_precision = value


@pytest.mark.cuda
def test_cuda_is_really_used():
    assert resolve_device("cuda") == "cuda:0"
    assert describe_device("cuda")["why_no_cuda"] is None
    with pytest.raises(DeviceError, match="counted from 0"):
        resolve_device(f"cuda:{torch.cuda.device_count()}")


def test_a_python_without_torch_names_the_command():
    code = """
        import sys

        class NoTorch:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] == "torch":
                    raise ModuleNotFoundError("No module named 'torch'", name="torch")

        sys.meta_path.insert(0, NoTorch())
        import tidydl
        for call in (lambda: tidydl.pipeline("text-classification"), lambda: tidydl.embed("a", "a/b")):
            try:
                call()
            except tidydl.TidydlError as error:
                print(error.kind, "pip install" in str(error), "torch is not installed" in str(error))
        print(len(tidydl.tasks()) > 1)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["dependency", "True", "True"] * 2 + ["True"]
