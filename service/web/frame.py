"""The frame of every page: what all templates are given, and what all answers carry."""

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from service.web.assets import Assets, load_assets
from service.web.csrf import FIELD, check_form, token_for
from service.web.environment import make_environment
from service.web.forms import Upload, read_form, read_upload
from service.web.headers import origin_of, page_headers
from service.web.languages import LANGUAGES, language_of
from service.web.problems import Problem
from service.web.texts import load_catalogue, translator

TEXTS = Path(__file__).with_name("texts")
NORMAL_VIEW = "normal"
VIEWS = (NORMAL_VIEW, "elder", "elder-max")
VIEW_COOKIE = "view"
GIVEN_EVERYWHERE = ("_", "lang", "asset", "city", "demo", "version")
YEAR_SECONDS = 365 * 24 * 3600


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


ADVICE = (
    _("如果您还代表别的单位，请切换身份再试。"),
    _("如果您应该有这项权限，请单位的法定代表人或管理员授权给您。"),
)


class Acting(Protocol):
    """Who is signed in, and for whom they act."""

    @property
    def person_name(self) -> str:
        """Name of the person."""

    @property
    def party_name(self) -> str:
        """Name of the one they act for; the same person when for themself."""

    @property
    def is_legal_person(self) -> bool:
        """Whether they act for a legal person."""

    @property
    def powers(self) -> Collection[str]:
        """What they may do."""


class PageFrame:
    """Renders the pages of all domains and receives their forms."""

    def __init__(
        self,
        templates: Mapping[str, Path],
        catalogues: Iterable[Path],
        secret: bytes,
        current: Callable[[Request], Acting | None],
        *,
        demo: bool,
        secure_cookies: bool,
        city: str = "天津市",
        version: str = "",
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Prepare the templates and texts.

        Args:
            templates: each domain's template folder, by the prefix its templates are named with.
            catalogues: folders of the domains' English texts, `.po` files.
            secret: key of the form tokens, at least 32 random bytes.
            current: finds who is signed in.
            demo: whether the service holds demo data; every page then says so.
            secure_cookies: whether browsers reach the service by TLS.
            city: Chinese name of the city that runs the service.
            version: build shown in the footer.
            random: source of random bytes.
        """
        self.assets: Assets = load_assets()
        self.english = load_catalogue([TEXTS, *catalogues])
        place = {"asset": self.assets.address, "city": city, "demo": demo, "version": version}
        self._environments = {
            language: make_environment(
                templates, language, {**place, "_": translator(language, self.english)}
            )
            for language in LANGUAGES
        }
        self._secret = secret
        self._current = current
        self._random = random
        self._secure = secure_cookies
        self._browser_cookie = "__Host-haihe-browser" if secure_cookies else "haihe-browser"

    def render(
        self, request: Request, template: str, context: Mapping[str, object], status: int = 200
    ) -> Response:
        """Answer with a page.

        Args:
            request: the request that is answered.
            template: name with prefix, for example `identity/sign-in.html`.
            context: what the template needs beside what the frame gives to all.
            status: HTTP status.

        Raises:
            ValueError: `context` takes a name that the frame gives to all.
        """
        known = request.cookies.get(self._browser_cookie)
        browser = known or self._random(32).hex()
        nonce = self._random(16).hex()
        language = language_of(request)
        given = self._given(request, browser, nonce)
        if taken := context.keys() & {*given, *GIVEN_EVERYWHERE}:
            raise ValueError(f"these names are the frame's: {sorted(taken)}")
        page = self._environments[language].get_template(template).render({**given, **context})
        actions: Collection[str] = getattr(request.state, "form_actions", ())
        response = HTMLResponse(page, status, page_headers(nonce, actions))
        response.headers["Content-Language"] = language
        if known is None:
            self._set_cookie(response, self._browser_cookie, browser)
        return response

    def refusal(
        self, request: Request, missing: str, advice: Sequence[str] = (), status: int = 403
    ) -> Response:
        """Answer with a readable refusal.

        Args:
            request: the request that is refused.
            missing: what is missing, a text with a translation.
            advice: what to do next, texts with translations; general advice if empty.
            status: HTTP status.
        """
        context = {"missing": missing, "advice": advice or ADVICE}
        return self.render(request, "web/refusal.html", context, status)

    def error(self, request: Request, problem: Problem, detail: str | None = None) -> Response:
        """Answer with an error page.

        Args:
            request: the request that failed.
            problem: what to say.
            detail: one English line for technicians, without personal data.
        """
        context = {"problem": problem, "detail": detail}
        return self.render(request, "web/error.html", context, problem.status)

    async def form(self, request: Request) -> Mapping[str, str]:
        """Receive a form of ours; for use as a FastAPI dependency.

        Raises:
            FormUnreadable, FormTooLarge, FieldRepeated, FormForged: see there.
        """
        return self._checked(request, await read_form(request))

    async def upload(self, request: Request) -> Upload:
        """Receive a form of ours with files; for use as a FastAPI dependency.

        Raises:
            FormUnreadable, FormTooLarge, FieldRepeated, FormForged: see there.
        """
        fields, files = await read_upload(request)
        return self._checked(request, fields), files

    def allow_form_action(self, request: Request, origin: str) -> None:
        """Let the forms of this answer lead to `origin` (a redirect of theirs counts).

        Raises:
            ValueError: `origin` cannot be written into a policy.
        """
        allowed: set[str] = getattr(request.state, "form_actions", set())
        request.state.form_actions = allowed | {origin_of(origin)}

    def recognise(self, request: Request) -> None:
        """Note who is here now, for a page that is rendered after its cookie was changed."""
        request.state.recognised = self._current(request)

    def remember(self, response: Response, name: str, value: str) -> None:
        """Keep a person's choice of language or view in this browser for a year."""
        self._set_cookie(response, name, value, YEAR_SECONDS)

    def _given(self, request: Request, browser: str, nonce: str) -> dict[str, object]:
        """Return what every template is given for this request."""
        view = request.cookies.get(VIEW_COOKIE, NORMAL_VIEW)
        token = token_for(self._secret, browser)
        noted = hasattr(request.state, "recognised")
        acting = request.state.recognised if noted else self._current(request)
        return {
            "acting": acting,
            "undecided": acting is None and getattr(request.state, "signed_in", False),
            "csrf": Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token),
            "page_view": view if view in VIEWS else NORMAL_VIEW,
            "elder": view in VIEWS and view != NORMAL_VIEW,
            "here": _address_of(request),
            "nonce": nonce,
            "request": request,
        }

    def _checked(self, request: Request, fields: Mapping[str, str]) -> Mapping[str, str]:
        browser = request.cookies.get(self._browser_cookie)
        check_form(self._secret, browser, fields, request)
        return {name: value for name, value in fields.items() if name != FIELD}

    def _set_cookie(
        self, response: Response, name: str, value: str, max_age: int | None = None
    ) -> None:
        response.set_cookie(
            name, value, max_age, secure=self._secure, httponly=True, samesite="lax"
        )


def _address_of(request: Request) -> str:
    """Return where this page can be asked for again, without the host."""
    query = request.url.query if request.method == "GET" else ""
    return f"{request.url.path}?{query}" if query else request.url.path
