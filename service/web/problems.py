"""What an error page says, in both languages."""

from typing import NamedTuple, TypedDict


class Words(TypedDict):
    """One text in both languages."""

    zh: str
    en: str


class Problem(NamedTuple):
    """The page behind the `type` of a problem document (RFC 9457 §3.1.1).

    Attributes:
        status: HTTP status of answers with this problem.
        title: a few words.
        happened: one or two sentences, for the reader and not for us.
        next: what to do now.
    """

    status: int
    title: Words
    happened: Words
    next: Words


def words(zh: str, en: str) -> Words:
    """Put a text and its English beside each other."""
    return {"zh": zh, "en": en}


PROBLEMS: dict[str, Problem] = {
    "not-found": Problem(
        404,
        words(
            "没有这个页面",
            "There is no such page",
        ),
        words(
            "地址可能写错了，或者页面已经搬走。", "The address may be wrong, or the page has moved."
        ),
        words(
            "请检查地址，或者从首页重新开始。",
            "Check the address, or start again from the home page.",
        ),
    ),
    "form-forged": Problem(
        403,
        words(
            "这份表单已经失效",
            "This form is no longer valid",
        ),
        words(
            "表单不是从本站页面提交的，或者页面打开太久了。为了您的安全，没有处理它。",
            "It was not sent from a page of this site, or the page was open for too long. "
            "To keep you safe, nothing was done with it.",
        ),
        words(
            "请回到上一页，刷新后再提交一次。如果浏览器禁用了 Cookie，请先打开。",
            "Go back, reload the page and send it again. "
            "If your browser blocks cookies, allow them first.",
        ),
    ),
    "form-too-large": Problem(
        413,
        words(
            "内容太大",
            "Too large",
        ),
        words(
            "提交的文字或者文件超过了允许的大小。",
            "The text or file is larger than allowed.",
        ),
        words(
            "文件请不要超过 8 MB；可以换一张小一点的图片。",
            "Files may have up to 8 MB; try a smaller picture.",
        ),
    ),
    "form-unreadable": Problem(
        400,
        words(
            "看不懂提交的内容",
            "The form cannot be read",
        ),
        words(
            "提交的内容不完整，或者不是本站页面的格式。",
            "What was sent is incomplete, or not in the form our page uses.",
        ),
        words(
            "请回到上一页再试一次。",
            "Go back and try again.",
        ),
    ),
    "field-repeated": Problem(
        400,
        words(
            "有一项重复提交",
            "A field was sent twice",
        ),
        words(
            "同一项内容出现了两次，无法判断以哪个为准。",
            "The same field came twice, so we cannot tell which one counts.",
        ),
        words(
            "请回到上一页再试一次。",
            "Go back and try again.",
        ),
    ),
    "internal": Problem(
        500,
        words(
            "服务出了问题",
            "Something went wrong here",
        ),
        words(
            "这是我们的问题，不是您的操作引起的。没有办成的事不会留下一半。",
            "This is our fault, not yours. Nothing was left half done.",
        ),
        words(
            "请过一会儿再试；如果还是不行，请告诉工作人员。",
            "Try again in a moment; if it happens again, tell the staff.",
        ),
    ),
}
