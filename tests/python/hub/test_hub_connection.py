"""Whether the Hub is out of reach, found out quickly; how long a Hub in trouble is given."""

import email.utils
import sys
import time

import pytest

from hub import Hub
from tidydl.hub import connection, retries


@pytest.fixture
def seen(monkeypatch):
    """Return the memory of the Hub's signs of life, empty, with no switch and no proxy set."""
    known = {}
    monkeypatch.setattr(connection, "_seen", known)
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    for name in (*connection.SWITCHES, *proxies, *map(str.lower, proxies)):
        monkeypatch.delenv(name, raising=False)
    return known


def at(monkeypatch, address):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", address)


def test_an_answer_is_remembered_until_something_goes_wrong(seen, monkeypatch):
    with Hub() as hub:
        at(monkeypatch, hub.url)
        assert not connection.out_of_reach()
    assert not connection.out_of_reach()  # it is remembered
    connection.note_failure()
    assert connection.out_of_reach()
    assert "silent" in seen


def test_a_name_that_is_looked_up_for_ever_costs_less_than_a_second(seen, monkeypatch):
    at(monkeypatch, "https://somewhere.example")

    def look_up(*_, **__):
        time.sleep(1.5)
        raise OSError

    monkeypatch.setattr(connection.socket, "create_connection", look_up)
    began = time.monotonic()
    assert connection.out_of_reach(patient=False)
    assert connection.out_of_reach(patient=False)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"])
def test_any_switch_keeps_the_hub_off(seen, monkeypatch, name):
    with Hub() as hub:
        at(monkeypatch, hub.url)
        monkeypatch.setenv(name, "1")
        assert connection.out_of_reach()
        monkeypatch.setenv(name, "0")
        assert not connection.out_of_reach()


def test_with_a_proxy_it_is_the_proxy_that_is_knocked_at(seen, monkeypatch):
    at(monkeypatch, "https://huggingface.co")
    assert connection._address() == ("huggingface.co", 443)
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert connection._address() == ("proxy.example", 3128)
    monkeypatch.setenv("no_proxy", "huggingface.co")
    assert connection._address() == ("huggingface.co", 443)


def refusal(status, **headers):
    """Return what the client raises for a status."""
    from huggingface_hub.errors import HfHubHTTPError

    library = sys.modules[HfHubHTTPError.__bases__[0].__module__.partition(".")[0]]
    request = library.Request("GET", "http://127.0.0.1")
    return HfHubHTTPError("no", response=library.Response(status, headers=headers, request=request))


@pytest.mark.parametrize(
    ("problem", "waits"),
    [
        (refusal(429, **{"Retry-After": "7"}), [7.0] * 4),
        (refusal(429, RateLimit='"api";r=0;t=20'), [20.0] * 4),
        (refusal(429, **{"Retry-After": "3600"}), []),
        (refusal(503), [0.4, 0.8, 1.6, 3.2]),
        (refusal(404), []),
        (ValueError("not of the Hub"), []),
    ],
)
def test_the_waits_are_those_the_hub_asks_for_or_grow(problem, waits):
    waited = []
    willing = retries.Retries(sleep=waited.append)
    while willing.wait(problem):
        pass
    assert waited == pytest.approx(waits)


def test_a_date_to_wait_for_is_read():
    waited = []
    date = email.utils.formatdate(time.time() + 10, usegmt=True)
    assert retries.Retries(sleep=waited.append).wait(refusal(503, **{"Retry-After": date}))
    assert 8 < waited[0] <= 10
