"""What each refusal means for its reader: the pages behind the `type` of problem documents."""

from collections.abc import Mapping
from types import MappingProxyType

from service.web.problems import Problem, words


def _problem(
    status: int, title: tuple[str, str], what: tuple[str, str], then: tuple[str, str]
) -> Problem:
    return Problem(status, words(*title), words(*what), words(*then))


PROBLEMS: Mapping[str, Problem] = MappingProxyType(
    {
        "request-unreadable": _problem(
            422,
            ("请求内容不对", "The request is not as it should be"),
            ("有字段缺失、多余或者格式不对。", "A field is missing, unknown or malformed."),
            ("按 /docs 的说明改正列出的字段。", "Correct the listed fields as /docs describes."),
        ),
        "sign-in-needed": _problem(
            401,
            ("需要登录", "Please sign in"),
            ("没有访问令牌，或者令牌已失效。", "There is no access token, or it no longer counts."),
            ("重新登录，或者重新取得令牌。", "Sign in again, or get a new token."),
        ),
        "power-missing": _problem(
            403,
            ("没有这项权限", "You may not do this"),
            (
                "当前身份的授权里没有这项权限，或者应用没有取得相应的范围。",
                "The mandate you act under lacks this power, or the app lacks the scope for it.",
            ),
            (
                "切换到有权限的身份，或者请单位授权。",
                "Switch to an identity that may, or ask the legal person for a mandate.",
            ),
        ),
        "authority-missing": _problem(
            403,
            ("本部门无权签发", "This department has no authority"),
            (
                "发证登记里没有本部门签发这类证照的权限。",
                "The register has no entry that lets this department issue such licences.",
            ),
            ("请联系平台管理员登记。", "Ask the operator of the service to register it."),
        ),
        "not-the-holder": _problem(
            403,
            ("不是您的证照", "Not your licence"),
            ("只有持证人能出示证照。", "Only its holder can show a licence."),
            ("切换到持证人的身份。", "Switch to the holder's identity."),
        ),
        "not-the-issuer": _problem(
            403,
            ("不是本部门签发的", "Issued by another department"),
            ("只有发证部门能变更状态。", "Only the issuing department can change its state."),
            ("请联系发证部门。", "Ask the issuing department."),
        ),
        "unknown-type": _problem(
            404,
            ("没有这种证照", "No such licence type"),
            ("目录里没有这种证照类型。", "The catalogue has no such type."),
            ("从 /api/catalogue 选择。", "Choose one from /api/catalogue."),
        ),
        "unknown-matter": _problem(
            404,
            ("没有这个事项", "No such matter"),
            ("事项清单里没有这个编码。", "The list of matters has no such code."),
            ("从 /api/matters 选择。", "Choose one from /api/matters."),
        ),
        "unknown-licence": _problem(
            404,
            ("没有这份证照", "No such licence"),
            (
                "标识不对，或者当前身份看不到它。",
                "The identifier is wrong, or you may not know of it.",
            ),
            ("核对标识和当前身份。", "Check the identifier and for whom you act."),
        ),
        "identifier-malformed": _problem(
            422,
            ("标识不对", "Not an identifier"),
            ("格式或者校验位不对。", "Its form or its check character is wrong."),
            ("逐位核对。", "Compare it character by character."),
        ),
        "fields-refused": _problem(
            422,
            ("有内容需要改正", "Some fields need correcting"),
            (
                "列出的字段不能接受，没有签发。",
                "The listed fields cannot be accepted; nothing was issued.",
            ),
            ("改正后重新提交。", "Correct them and send it again."),
        ),
        "holder-unknown": _problem(
            422,
            ("查不到持证人", "Holder not found"),
            ("没有号码和名称都相符的人或单位。", "Nobody is registered with this number and name."),
            ("核对号码和名称。", "Check the number and the name."),
        ),
        "purpose-refused": _problem(
            422,
            ("请写明用途", "State the purpose"),
            (
                "用途必填，一行，最多 200 字。",
                "A purpose is mandatory: one line, at most 200 characters.",
            ),
            ("补上用途再试。", "Add it and try again."),
        ),
        "no-ground": _problem(
            403,
            ("这个事项不能用这种证照", "No ground for this licence"),
            ("事项没有依据查看这种证照。", "The matter has no ground to see this type of licence."),
            ("换成正确的事项。", "Choose the right matter."),
        ),
        "glyph-missing": _problem(
            422,
            ("有一个字显示不出来", "A character cannot be shown"),
            (
                "本平台的字库里没有这个字，证照上不能缺字，所以没有签发。",
                "No font here has this character, and a licence must show every one.",
            ),
            (
                "请平台管理员安装含有这个字的字库，再试一次。",
                "Ask the operator to install a font that has it, then try again.",
            ),
        ),
        "stamp-unavailable": _problem(
            503,
            ("暂时取不到时间戳", "No time-stamp just now"),
            (
                "时间戳机构没有给出可用的时间戳，PDF 没有生成。",
                "The time-stamp authority gave none that can be used; no PDF was made.",
            ),
            ("请过一会儿再试。", "Try again in a little while."),
        ),
        "paper-unavailable": _problem(
            503,
            ("暂时不能生成 PDF", "No PDF can be made here"),
            ("本平台没有安装中文字库。", "No Chinese font is installed on this service."),
            (
                "请平台管理员安装中文字库；证照仍可出示二维码。",
                "Ask the operator to install one; the licence can still be shown as a code.",
            ),
        ),
        "transition-refused": _problem(
            409,
            ("不能这样变更", "This change is not allowed"),
            ("证照现在的状态不能变成所要的状态。", "From its present state it cannot become this."),
            ("刷新后看现在的状态。", "Look at its present state again."),
        ),
        "conflict": _problem(
            409,
            ("同一个编号提交了不同内容", "Same key, other content"),
            (
                "幂等键已经用于另一次签发。",
                "The idempotency key was used for another request.",
            ),
            ("换一个幂等键。", "Use a new key."),
        ),
        "too-many-tries": _problem(
            429,
            ("试得太多了", "Too many tries"),
            ("短时间内输错太多次。", "There were too many wrong tries in a short time."),
            ("请等一分钟再试，或者改用扫码。", "Wait a minute, or scan the code instead."),
        ),
        "record-unknown": _problem(
            404,
            ("没有这条记录", "No such record"),
            ("编号不对，或者当前身份看不到它。", "The number is wrong, or you may not see it."),
            ("核对编号和当前身份。", "Check the number and for whom you act."),
        ),
        "not-yet-anchored": _problem(
            409,
            ("还没有存到链上", "Not anchored yet"),
            ("记录几秒后才有完整的证据。", "A record's evidence is complete after some seconds."),
            ("稍等再试。", "Try again in a moment."),
        ),
        "field-unknown": _problem(
            422,
            ("记录里没有这个字段", "The record has no such field"),
            ("要公开的字段名不在这条记录里。", "A field to open is not in this record."),
            ("看记录的 openings，从中选择。", "Choose from the record's openings."),
        ),
        "evidence-rejected": _problem(
            422,
            ("证据不成立", "The proof is refused"),
            ("证据文件没有通过核对。", "The evidence fails a step of its check."),
            ("看列出的那一步。", "See the step that is named."),
        ),
        "reason-refused": _problem(
            422,
            ("请写明理由", "State the reason"),
            (
                "理由必填，一行，最多 200 字。",
                "A reason is mandatory: one line, at most 200 characters.",
            ),
            ("补上理由再试。", "Add it and try again."),
        ),
        "flow-expired": _problem(
            400,
            ("这次登录已经过期", "This sign-in has expired"),
            (
                "登录页面打开太久，或者不是从本站开始的。",
                "It was begun too long ago, or not at this site.",
            ),
            ("请回到应用，重新点登录。", "Go back to the app and sign in again from there."),
        ),
        "app-unknown": _problem(
            400,
            ("这个应用的请求有问题", "The app's request is not in order"),
            (
                "应用没有登记，或者返回地址和登记的不一样，所以不能把您送回去。",
                "The app or its return address is not registered: you cannot be sent back there.",
            ),
            (
                "请告诉应用的开发者下面这行字。",
                "Tell the app's developer what the line below says.",
            ),
        ),
        "logout-unknown": _problem(
            400,
            ("退出请求有问题", "The sign-out request is not in order"),
            ("请求里的登录凭据不是本站签发的。", "The request carries a token that is not ours."),
            ("您可以在本站直接退出。", "You can sign out on this site itself."),
        ),
        "method-not-allowed": _problem(
            405,
            ("不能这样访问", "Not in this way"),
            ("这个地址不接受这种请求方式。", "This address does not take this method."),
            ("从首页重新开始，或者看 /docs。", "Start from the home page, or see /docs."),
        ),
        "busy": _problem(
            503,
            ("现在太忙", "Too busy"),
            (
                "服务忙，没有办成，也没有留下一半。",
                "Nothing was done, and nothing is left half done.",
            ),
            ("稍等再试。", "Try again in a moment."),
        ),
    }
)
