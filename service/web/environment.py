"""The Jinja environment: escaping on, unknown names refused, our few filters."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from service.web.times import date_element, time_element

FOLDER = Path(__file__).with_name("templates")


def make_environment(
    templates: Mapping[str, Path], language: str, everywhere: Mapping[str, object]
) -> Environment:
    """Build the environment of all pages in one language.

    What is the same for all pages of a language is global, so that imported macros see it too.

    Args:
        templates: each domain's template folder by prefix; the frame's own is `web`.
        language: the language of the pages, `lang` in templates.
        everywhere: what else all templates see.
    """
    folders = {**templates, "web": FOLDER}
    environment = Environment(
        loader=PrefixLoader({name: FileSystemLoader(path) for name, path in folders.items()}),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(everywhere, lang=language)
    environment.filters |= {
        "local_time": partial(time_element, language=language),
        "local_date": partial(date_element, language=language),
        "zh": in_chinese,
    }
    return environment


def in_chinese(value: object) -> Markup:
    """Mark data that stays Chinese on an English page, so that it is read out rightly."""
    return Markup('<span lang="zh-CN">{}</span>').format(value)
