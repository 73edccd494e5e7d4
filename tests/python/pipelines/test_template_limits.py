"""Chat templates of strangers: what uses up time or memory is an error that names the limit, in seconds, not hours."""

import os
import resource
import time

import pytest

import tidydl
import tiny.multimodal
from fuzzing import templates
from tidydl.errors import ArgumentError

CHAT = [{"role": "user", "content": "the sun"}]
DOUBLING = "{% set n = namespace(s='a') %}{% for i in range(40) %}{% set n.s = CODE %}{% endfor %}{{ n.s }}"
LISTS = "{% set n = namespace(s=['a']) %}{% for i in range(40) %}{% set n.s = CODE %}{% endfor %}{{ n.s }}"
LARGE = "{% set x = '😀' * 9000000 %}"
TEMPLATES = {
    "repeated": ("{{ 'a' * 10**10 }}", "characters"),
    "repeated list": ("{{ ([0] * 10**9) | length }}", "characters"),
    "power": ("{{ 10**(10**10) }}", "bits"),
    "product": (
        "{% set n = namespace(x=10**50) %}{% for i in range(60) %}{% set n.x = n.x * n.x %}{% endfor %}",
        "bits",
    ),
    "long loop": ("{% for i in range(10**9) %}a{% endfor %}", "range"),
    "loops in loops": (
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "takes",
    ),
    "loops by itself": ("{% for i in range(99999) recursive %}{{ loop(range(99999)) }}{% endfor %}", "takes"),
    "doubled by +": (DOUBLING.replace("CODE", "n.s + n.s"), "characters"),
    "doubled by ~": (DOUBLING.replace("CODE", "n.s ~ n.s"), "characters"),
    "doubled by join": (DOUBLING.replace("CODE", "[n.s, n.s] | join"), "characters"),
    "doubled by str.join": (DOUBLING.replace("CODE", "''.join([n.s, n.s])"), "characters"),
    "doubled by format": (DOUBLING.replace("CODE", "'{0}{0}'.format(n.s)"), "characters"),
    "doubled by %": (DOUBLING.replace("CODE", "'%s%s' % (n.s, n.s)"), "characters"),
    "doubled by a filter": (DOUBLING.replace("CODE", "'%s%s' | format(n.s, n.s)"), "characters"),
    "doubled by replace": (DOUBLING.replace("CODE", "n.s.replace('a', 'aa')"), "characters"),
    "doubled by blocks": (
        "{% macro m(s, k) %}{% if k %}{% set t %}{{ s }}{{ s }}{% endset %}{{ m(t, k - 1) }}{% else %}{{ s }}"
        "{% endif %}{% endmacro %}{{ m('a', 40) }}",
        "characters",
    ),
    "lists of lists": (LISTS.replace("CODE", "[n.s, n.s]"), "characters"),
    "dicts of dicts": (LISTS.replace("CODE", "{'a': n.s, 'b': n.s}"), "characters"),
    "dicts by a call": (LISTS.replace("CODE", "dict(a=n.s, b=n.s)"), "characters"),
    "calls of calls": (
        "{% macro m(k) %}{% if k %}{{ m(k-1) }}{{ m(k-1) }}{% endif %}{% endmacro %}{{ m(25) }}",
        "takes",
    ),
    "centred": ("{{ 'a' | center(10**10) }}", "times"),
    "centred by a method": ("{{ 'a'.center(10**10) }}", "times"),
    "zeros": ("{{ '1'.zfill(10**10) }}", "times"),
    "padded": ("{{ '%10000000000d' % 1 }}", "pads"),
    "padded by format": ("{{ '{:>10000000000}'.format(1) }}", "pads"),
    "padded by a computed width": ("{{ '{:>{}}'.format(1, 10**10) }}", "pads"),
    "indented": ("{{ ('a\n' * 99999) | indent(99999) }}", "characters"),
    "indented JSON": ("{{ [[[1]]] | tojson(indent=10**9) }}", "times"),
    "mapped": ("{{ ['a'] | map('center', 10**10) | list }}", "times"),
    "joined by much": ("{{ range(99999) | join('a' * 99999) }}", "characters"),
    "bytes": ("{{ (1).to_bytes(10**10, 'big') }}", "calls"),
    "nested": ("{{ " + "(" * 50_000 + "1" + ")" * 50_000 + " }}", "recursion"),
    "longer than templates are": ("a" * 2_000_000, "characters"),
    "many texts alive": (LARGE + "".join(f"{{% set a{n} = x + 'b' %}}" for n in range(60)), "MB in all"),
    "many parts alive": (LARGE + "".join(f"{{% set a{n} = x[1:] %}}" for n in range(60)), "MB in all"),
    "letters as a list": (LARGE + "{{ x | list | length }}", "MB in all"),
    "letters as arguments": (LARGE + "{{ cycler(*x) }}", "steps"),
    "widths of tabs": ("{{ ('\t' * 1000).expandtabs(10**9) }}", "times"),
    "mapped to a list": ("{% set a = range(99999) | map('center', 99999) | list %}", "MB in all"),
    "views of views": (LISTS.replace("CODE", "{'a': n.s, 'b': n.s}.items()"), "characters"),
    "tuples of tuples": (LISTS.replace("range(40)", "range(99999)").replace("CODE", "(n.s,)"), "deep"),
    "filters of filters": (LISTS.replace("range(40)", "range(99999)").replace("CODE", "n.s | map('string')"), "deep"),
    "digits": ("{{ 5 | round(-10**9) }}", "times"),
    "one hash": ("{{ range(0, 99999 * (2**61 - 1), 2**61 - 1) | unique | list | length }}", "bits"),
    "comments": ("{{ ('<!---->' * 100000) | striptags }}", "striptags"),
    "constants": ("{{ 'a' | center(99999) }}" * 7000, "characters"),
    "compared": ("{% for i in range(99999) %}{% if 'a' in range(99999) %}{% endif %}{% endfor %}", "longer than"),
    "included": ("{% include 'other' %}", "loader"),
}


@pytest.fixture(scope="module")
def chatter(tmp_path_factory):
    return tidydl.pipeline(
        "text-generation", tiny.multimodal.chatter_folder(tmp_path_factory.mktemp("c")), device="cpu"
    )


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_that_uses_up_the_machine_is_an_error_that_names_its_limit(chatter, monkeypatch, name):
    template, words = TEMPLATES[name]
    monkeypatch.setattr(chatter._loaded.tokenizer, "chat_template", template)
    began, held = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ArgumentError, match=words):
        chatter([CHAT], max_new_tokens=2)
    assert time.monotonic() - began < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held < 1_000_000  # KB


ORDINARY = """{%- set ns = namespace(first=true) -%}{{ bos_token or '' }}
{%- for message in messages if message['role'] in ('user', 'assistant', "system") -%}
{%- if loop.first %}<{{ loop.length }}>{% endif -%}
{{- '<|' ~ message['role'] ~ '|>\\n' + message.content | trim + '\\n' -}}
{%- if not loop.last %}{{ loop.index0 * 2 }},{{ '%-6s' % message.role }}{% set ns.first = false %}{% endif -%}
{%- for key, value in {'a': 1, 'b': [1, 2]}.items() %}{{ key }}={{ value | tojson }};{% endfor -%}
{%- endfor -%}
{%- macro tail(x) %}[{{ x | upper | indent(2) }}]{% endmacro -%}
{{- tail(messages[-1]['content'].split(' ') | join('-')) }}{{ range(3) | map('string') | join }}
{{- messages[::-1] | length }}
{%- if add_generation_prompt %}{{ '<|assistant|>\\n'.replace('|', '!') }}{% endif -%}"""


def test_an_ordinary_template_writes_what_transformers_writes(chatter, monkeypatch):
    from tidydl.pipelines.reading.template_limits import within_limits

    tokenizer = chatter._loaded.tokenizer
    monkeypatch.setattr(tokenizer, "chat_template", ORDINARY)
    chat = [*CHAT, {"role": "assistant", "content": " so happy "}, {"role": "user", "content": "and the rain"}]
    for end in (True, False):
        plain = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=end)
        with within_limits():
            assert tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=end) == plain
        assert "<|user|>" in plain


def test_templates_run_without_limits_again_afterwards(chatter):
    from transformers.utils import chat_template_utils

    own = chat_template_utils._compile_jinja_template
    chatter([CHAT], max_new_tokens=2)
    assert chat_template_utils._compile_jinja_template is own
    assert own("{{ 'a' * 3 }}").render() == "aaa"


def test_templates_drawn_at_random_take_no_more_than_they_may():
    tries, seed = (int(os.environ.get(f"TIDYDL_FUZZ_{name}", 40)) for name in ("TRIES", "SEED"))
    found, ends = templates.faults(min(tries, 400), seed)
    assert not found
    assert ends["written"]


def test_a_long_chat_is_written_about_as_fast_as_by_transformers(chatter):
    from transformers.utils import chat_template_utils

    from tidydl.pipelines.reading.template_limits import within_limits

    template = (
        "{% for m in messages %}{% if loop.index0 < messages | length %}{{ m.content | trim }}{% endif %}{% endfor %}"
    )
    with within_limits():
        limited = chat_template_utils._compile_jinja_template(template)
        began = time.process_time()
        limited.render(messages=[{"role": "user", "content": "the sun"}] * 5000)
    assert time.process_time() - began < 2
