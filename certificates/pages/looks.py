"""How a verdict looks: each result with a shape and a word of its own, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass

from certificates.catalogue import LicenceType
from certificates.checks import Check, CheckCode
from certificates.errors import Sentence
from certificates.pages.views import Line
from certificates.verifying import Verdict


@dataclass(frozen=True)
class Look:
    """A verdict at first glance.

    Attributes:
        shape: classes of the style sheet; readable without colour.
        word: the result in a word or two.
        advice: what to do next.
        type: of the licence; None if none was found.
        lines: the fields the matter may see.
    """

    shape: str
    word: Sentence
    advice: Sentence
    type: LicenceType | None
    lines: tuple[Line, ...]


TITLES: Mapping[CheckCode, Sentence] = {
    "form": Sentence("形式", "Form"),
    "signature": Sentence("电子签名", "Signature"),
    "chain": Sentence("签名证书", "Certificate chain"),
    "authority": Sentence("发证权限", "Authority"),
    "period": Sentence("有效期", "Period of validity"),
    "status": Sentence("证照状态", "State"),
    "agreement": Sentence("摘要一致", "Agreement"),
    "shown": Sentence("当场出示", "Shown by the holder"),
    "purpose": Sentence("事项和用途", "Matter and purpose"),
    "recorded": Sentence("存证记录", "Ledger"),
}
_PASSED = (
    "verdict-ok",
    Sentence("核验通过", "Verified"),
    Sentence("可以按所选事项使用下面的内容。", "You may use what is shown below for this matter."),
)
_WORDS: Mapping[tuple[CheckCode, str], tuple[str, Sentence]] = {
    ("form", "code"): ("verdict-warn", Sentence("不是出示码", "Not a code")),
    ("form", "digits"): ("verdict-warn", Sentence("数字不对", "Not six digits")),
    ("form", "qr"): ("verdict-warn", Sentence("不是离线码", "Not an offline code")),
    ("form", "identifier"): ("verdict-warn", Sentence("标识不对", "Not an identifier")),
    ("recorded", "unknown"): ("verdict-warn", Sentence("查无此证", "Not registered")),
    ("agreement", "faces"): ("verdict-forged", Sentence("不是同一份", "Not the same")),
    ("form", "no-pdf"): ("verdict-warn", Sentence("不是 PDF 文件", "Not a PDF")),
    ("form", "large"): ("verdict-warn", Sentence("文件太大", "File too large")),
    ("form", "truncated"): ("verdict-warn", Sentence("文件不完整", "File cut off")),
    ("signature", "unsigned"): ("verdict-warn", Sentence("没有电子签名", "Not signed")),
    ("signature", "altered"): ("verdict-forged", Sentence("文件被改动", "File altered")),
    ("signature", "appended"): ("verdict-forged", Sentence("签名后被追加", "Added to")),
    ("signature", "re-signed"): ("verdict-forged", Sentence("签名后又被改签", "Signed again")),
    ("signature", "attachment"): ("verdict-forged", Sentence("附件被换掉", "Exchanged")),
    ("form", "credential"): ("verdict-forged", Sentence("不是电子证照", "Not a licence")),
    ("period", "over"): ("verdict-expired", Sentence("证照已过期", "Licence expired")),
    ("period", "not-yet"): ("verdict-warn", Sentence("证照未生效", "Not valid yet")),
    ("status", "suspended"): ("verdict-suspended", Sentence("证照已暂扣", "Licence suspended")),
    ("status", "revoked"): ("verdict-revoked", Sentence("证照已吊销", "Licence revoked")),
    ("shown", "used"): ("verdict-used", Sentence("码已用过", "Code already used")),
    ("shown", "expired"): ("verdict-used", Sentence("码已超时", "Code too old")),
    ("shown", "replaced"): ("verdict-used", Sentence("码已换新", "Code replaced")),
    ("shown", "unknown"): ("verdict-warn", Sentence("没有这个码", "No such code")),
    ("purpose", "no-ground"): ("verdict-bad", Sentence("事项不符", "Wrong matter")),
    ("purpose", "other-matter"): ("verdict-bad", Sentence("事项不符", "Wrong matter")),
}
_FORGED = ("verdict-forged", Sentence("疑似伪造", "Possibly forged"))


def look_of(verdict: Verdict) -> Look:
    """Choose the look: that of the first failed check, forgery before all others."""
    failed = [check for check in verdict.checks if check.result == "failed"]
    shape, word = _PASSED[:2] if not failed else min(map(_look, failed), key=_gravity)
    worst = next((check for check in failed if _look(check) == (shape, word)), None)
    advice = worst.advice if worst and worst.advice else _PASSED[2]
    view = verdict.licence
    lines = [] if view is None else [Line(view.kind.field(n), v) for n, v in view.fields.items()]
    return Look(shape, word, advice, view.kind if view else None, tuple(lines))


def _look(check: Check) -> tuple[str, Sentence]:
    return _WORDS.get((check.code, check.reason or ""), _FORGED)


def _gravity(look: tuple[str, Sentence]) -> int:
    return 0 if look == _FORGED else 1
