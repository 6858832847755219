"""The Jinja environment: escaping on, unknown names refused, our few filters."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from service.web.assets import Assets
from service.web.times import date_element, time_element

FOLDER = Path(__file__).with_name("templates")


def make_environment(templates: Mapping[str, Path], assets: Assets) -> Environment:
    """Build the environment of all pages.

    Args:
        templates: each domain's template folder by prefix; the frame's own is `web`.
        assets: the static files, for `asset(name)`.
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
    environment.globals["asset"] = assets.address
    environment.filters |= {
        "local_time": _local_time,
        "local_date": _local_date,
        "zh": in_chinese,
    }
    return environment


@pass_context
def _local_time(context: Context, seconds: int) -> Markup:
    return time_element(seconds, context["lang"])


@pass_context
def _local_date(context: Context, seconds: int) -> Markup:
    return date_element(seconds, context["lang"])


def in_chinese(value: object) -> Markup:
    """Mark data that stays Chinese on an English page, so that it is read out rightly."""
    return Markup('<span lang="zh-CN">{}</span>').format(value)
