"""The ten checks of a verification, in the words of the clerk who reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from certificates.errors import Sentence

CheckCode = Literal[
    "form",
    "signature",
    "chain",
    "authority",
    "period",
    "status",
    "agreement",
    "shown",
    "purpose",
    "recorded",
]
Result = Literal["passed", "failed", "not-applicable"]
PASSED = ""
NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        number: from 1, always the same for the same code.
        reason: why it failed, for programs; None otherwise.
        sentence: what it found, for people.
        advice: what to do now; None unless it failed.
    """

    number: int
    code: CheckCode
    result: Result
    reason: str | None
    sentence: Sentence
    advice: Sentence | None


def judge(code: CheckCode, outcome: str) -> Check:
    """Put an outcome into words.

    Args:
        outcome: `PASSED`, `NOT_APPLICABLE`, or the reason of failure.
    """
    number = _CODES.index(code) + 1
    if outcome == PASSED:
        return Check(number, code, "passed", None, _GOOD[code], None)
    if outcome == NOT_APPLICABLE:
        return Check(number, code, "not-applicable", None, _OPEN.get(code, _UNJUDGED), None)
    sentence, advice = _BAD[code, outcome]
    return Check(number, code, "failed", outcome, sentence, advice)


_GOOD: Mapping[CheckCode, Sentence] = {
    "form": Sentence("出示的内容格式正确", "What was shown has the right form"),
    "signature": Sentence(
        "电子签名有效，内容未被改动", "The signature is good; nothing was changed"
    ),
    "chain": Sentence(
        "签名证书由本市根证书签发", "The signing certificate comes from the city's root"
    ),
    "authority": Sentence("签发部门有权签发此类证照", "The department has authority for this type"),
    "period": Sentence("证照在有效期内", "The licence is within its period of validity"),
    "status": Sentence("证照状态为有效", "The licence is neither suspended nor revoked"),
    "agreement": Sentence(
        "是同一份证照，摘要一致", "It is one and the same licence; the digests agree"
    ),
    "shown": Sentence("由持证主体当场出示", "Its holder showed it just now"),
    "purpose": Sentence(
        "办理的事项有依据查验此证照", "The matter has ground to ask for this licence"
    ),
    "recorded": Sentence("与签发存证一致", "It agrees with the record of its issue"),
}
_CODES = tuple(_GOOD)
_UNJUDGED = Sentence(
    "缺少判断依据，或者前面的检查未通过，无法判断",
    "Cannot be judged: something is not there, or a check before it failed",
)
_OPEN: Mapping[CheckCode, Sentence] = {
    "agreement": Sentence(
        "没有出示带摘要的文件，没有可以比对的，此项不适用",
        "Nothing that carries a digest was presented; this does not apply",
    ),
    "shown": Sentence(
        "提交的不是当场生成的出示码，此项不适用；请另外核对对方是不是持证人",
        "No code made just now was shown, so this does not apply; check who the holder is",
    ),
}
_REFUSE = Sentence(
    "请勿采用，并联系签发部门核实", "Do not accept it; ask the department that issued it"
)
_ORIGINAL = Sentence(
    "请对方重新提供从本平台下载的原文件",
    "Ask the holder for the original file, as downloaded from this service",
)
_AGAIN = Sentence("请对方重新出示", "Ask the holder to show it again")

_BAD: Mapping[tuple[CheckCode, str], tuple[Sentence, Sentence]] = {
    ("form", "code"): (
        Sentence("这不是本平台的出示码", "This is not a code of this service"),
        Sentence(
            "请扫描对方手机上“出示证照”的二维码", "Scan the code under “Show licence” on the phone"
        ),
    ),
    ("form", "digits"): (
        Sentence("出示数字应为六位", "The number has six digits"),
        Sentence("请核对后重新输入六位数字", "Check it and type the six digits again"),
    ),
    ("form", "credential"): (
        Sentence("文件不是可识别的电子证照", "The text is not a credential we know"),
        Sentence("请对方提供完整的原文件", "Ask the holder for the complete original"),
    ),
    ("signature", "wrong"): (
        Sentence(
            "电子签名无效，内容可能被改动", "The signature is wrong; it may have been changed"
        ),
        _REFUSE,
    ),
    ("form", "qr"): (
        Sentence("二维码内容不是本平台的离线码", "The QR code is not an offline code we know"),
        _ORIGINAL,
    ),
    ("form", "identifier"): (
        Sentence("电子证照标识不对，请逐位核对", "This is no identifier of a licence"),
        Sentence("请核对每一位，或者扫描证照上的二维码", "Compare it, or scan the licence's code"),
    ),
    ("form", "no-pdf"): (
        Sentence("这不是 PDF 文件", "This is no PDF file"),
        _ORIGINAL,
    ),
    ("form", "large"): (
        Sentence("文件太大，不会是电子证照", "The file is too large to be a licence"),
        _ORIGINAL,
    ),
    ("form", "truncated"): (
        Sentence("文件不完整，后面缺了一截", "The file is cut off: its end is missing"),
        _ORIGINAL,
    ),
    ("form", "foreign"): (
        Sentence(
            "文件有签名，但不是本平台签发的证照格式",
            "The file is signed, but not written as this service writes licences",
        ),
        _REFUSE,
    ),
    ("signature", "unsigned"): (
        Sentence("PDF 没有电子签名", "The PDF bears no electronic signature"),
        Sentence(
            "打印件、扫描件和截图不能核验；请对方提供带签名的原文件",
            "Prints, scans and screenshots cannot be verified; ask for the signed original",
        ),
    ),
    ("signature", "altered"): (
        Sentence("签名之后文件被改动", "The file was altered after it was signed"),
        _REFUSE,
    ),
    ("signature", "appended"): (
        Sentence(
            "签名之后文件被追加了内容，看到的可能不是原件",
            "Something was added to the file after it was signed; what it shows may be false",
        ),
        _REFUSE,
    ),
    ("signature", "re-signed"): (
        Sentence(
            "部门签名之后，文件又被改动并另外签名",
            "After the department signed it, the file was changed and signed again",
        ),
        _REFUSE,
    ),
    ("signature", "attachment"): (
        Sentence(
            "文件里所附的证照数据被换掉", "The licence inside the file was exchanged for another"
        ),
        _REFUSE,
    ),
    ("signature", "broken"): (
        Sentence("文件里的电子签名已损坏", "The signature in the file is broken"),
        _ORIGINAL,
    ),
    ("signature", "stamp"): (
        Sentence(
            "电子签名的时间戳无效，或者不是可信机构的",
            "The time-stamp of the signature is wrong, or from nobody who is trusted",
        ),
        _ORIGINAL,
    ),
    ("signature", "differs"): (
        Sentence("登记内容与签名内容不一致", "What is registered differs from what was signed"),
        _REFUSE,
    ),
    ("chain", "foreign"): (
        Sentence(
            "签名证书不是由本市根证书签发", "The signing certificate is not under the city's root"
        ),
        _REFUSE,
    ),
    ("chain", "expired"): (
        Sentence("签名证书不在有效期内", "The signing certificate is not valid at this time"),
        Sentence("请对方向签发部门申请换发", "The holder should ask the department for a new one"),
    ),
    ("authority", "none"): (
        Sentence(
            "签发时该部门无权签发此类证照",
            "The department had no authority for this type when it issued it",
        ),
        _REFUSE,
    ),
    ("authority", "other-department"): (
        Sentence("签名的部门不是登记的签发部门", "Another department signed than is registered"),
        _REFUSE,
    ),
    ("period", "not-yet"): (
        Sentence("证照尚未生效", "The licence is not valid yet"),
        Sentence("请在生效日期之后再办理", "Come back when it has become valid"),
    ),
    ("period", "over"): (
        Sentence("证照已过有效期", "The licence has expired"),
        Sentence("请对方先办理延续或换发", "The holder should renew it first"),
    ),
    ("status", "suspended"): (
        Sentence("证照已被暂扣", "The licence is suspended"),
        Sentence("暂扣期间不能使用，请联系签发部门", "It cannot be used now; ask the department"),
    ),
    ("status", "revoked"): (
        Sentence("证照已被撤销", "The licence was revoked"),
        Sentence("请勿采用；如有疑问请联系签发部门", "Do not accept it; the department knows why"),
    ),
    ("agreement", "other-copy"): (
        Sentence("这不是登记的那一份证照", "This is not the copy that was registered"),
        _REFUSE,
    ),
    ("agreement", "faces"): (
        Sentence(
            "出示的几样不是同一份证照",
            "What was presented together is not one licence",
        ),
        _REFUSE,
    ),
    ("agreement", "printed"): (
        Sentence(
            "PDF 上印的标识或摘要与所附证照不一致",
            "The identifier or digest printed on the PDF is not that of the licence inside",
        ),
        _REFUSE,
    ),
    ("shown", "used"): (
        Sentence("这个出示码已经用过", "This code was used already"),
        _AGAIN,
    ),
    ("shown", "expired"): (
        Sentence("这个出示码已超过一分钟，已失效", "This code is older than one minute"),
        _AGAIN,
    ),
    ("shown", "replaced"): (
        Sentence("对方已出示了更新的码", "The holder has shown a newer code since"),
        Sentence("请扫描最新的码", "Use the newest code"),
    ),
    ("shown", "unknown"): (
        Sentence("没有这个出示码，或已失效", "There is no such code, or it is dead"),
        Sentence("请核对后重试，或请对方重新出示", "Check it, or ask the holder to show it again"),
    ),
    ("purpose", "no-ground"): (
        Sentence("此事项没有依据查验这类证照", "The matter has no ground to ask for this type"),
        Sentence("请选择正在办理的事项", "Choose the matter you are working on"),
    ),
    ("purpose", "other-matter"): (
        Sentence("对方是为另一事项出示的", "The holder showed it for another matter"),
        Sentence(
            "请选择对方出示时的事项，或请对方重新出示", "Choose that matter, or ask for a new code"
        ),
    ),
    ("recorded", "unknown"): (
        Sentence("没有签发过这份证照的登记", "No issue of this licence is registered"),
        _REFUSE,
    ),
    ("recorded", "missing"): (
        Sentence("存证中没有这份证照的签发记录", "The ledger has no record of its issue"),
        _REFUSE,
    ),
    ("recorded", "differs"): (
        Sentence(
            "登记内容与签发存证不一致", "What is registered differs from the record of its issue"
        ),
        _REFUSE,
    ),
}
