"""Kinds, profiles, checks and acts in plain words."""

from collections.abc import Mapping


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


KIND_WORDS: Mapping[str, str] = {
    "web": _("网站或服务器应用"),
    "public": _("手机或电脑应用"),
    "service": _("后台程序"),
}
KIND_HINTS: Mapping[str, str] = {
    "web": _("有自己的服务器，能保管密钥，请人登录。"),
    "public": _("装在用户的设备上，保管不了密钥，请人登录。"),
    "service": _("没有人登录，程序以单位的名义调用接口。"),
}
PROFILE_WORDS: Mapping[str, str] = {
    "standard": _("标准（OAuth 2.1）"),
    "compatible": _("兼容（已有的 OpenID Connect 应用）"),
    "fapi2": _("金融级（FAPI 2.0）"),
}
PROFILE_HINTS: Mapping[str, str] = {
    "standard": _("新应用选这个。必须使用 PKCE。"),
    "compatible": _("老应用不会用 PKCE 时选这个，必须能保管密钥。"),
    "fapi2": _("银行等高风险应用。用自己的密钥签名，改动需要两个人。"),
}
CHECK_WORDS: Mapping[str, str] = {
    "redirects": _("登录后返回的地址"),
    "discovery": _("本服务的说明文件"),
    "keys": _("应用的公钥"),
    "logout": _("退出通知的地址"),
    "sector": _("用户编号的范围"),
    "algorithms": _("签名算法"),
    "secret": _("密钥的使用时间"),
    "tokens": _("最近一次取得令牌"),
}
STATE_WORDS: Mapping[str, str] = {
    "passed": _("正常"),
    "warned": _("请留意"),
    "failed": _("有问题"),
    "not-applicable": _("不需要"),
}
ADVICE: Mapping[tuple[str, str], str] = {
    ("redirects", "failed"): _("改成 https 开头的完整地址，不带 # 号。"),
    ("redirects", "warned"): _("只能在开发者自己的电脑上用，正式上线前请改成 https 地址。"),
    ("discovery", "failed"): _("请运维人员检查本服务的域名、证书和反向代理。"),
    ("keys", "failed"): _("请应用发布可用的公钥：P-256、Ed25519，或 2048 位以上的 RSA。"),
    ("logout", "failed"): _("请检查这个地址能不能从公网用 POST 访问。"),
    ("sector", "warned"): _("地址换过域名，用户的编号还按旧的计算。这样没有问题，不必改。"),
    ("algorithms", "failed"): _("请在“修改登记”里改正。"),
    ("secret", "warned"): _("请更换密钥，并在一天内把新密钥装到应用里。"),
    ("tokens", "warned"): _("应用可能还没有接好，看看下面被拒绝的请求。"),
}
ACT_WORDS: Mapping[str, str] = {
    "change": _("修改登记"),
    "rotate": _("更换密钥"),
    "remove": _("删除应用"),
}
DONE: Mapping[str, str] = {
    "changed": _("已经修改，马上生效。"),
    "proposed": _("已经提交，等另一位有权限的人批准。"),
    "approved": _("已经批准并生效。"),
    "rejected": _("已经撤回。"),
    "gone": _("没有可以批准的改动：自己提交的要由别人批准，或者已经处理过了。"),
}
FIELD_WORDS: Mapping[str, str] = {
    "client_name": _("应用名称"),
    "redirect_uris": _("登录后返回的地址"),
    "post_logout_redirect_uris": _("退出后返回的地址"),
    "scope": _("最多可以申请的权限"),
    "profile": _("安全要求"),
    "jwks": _("应用的公钥"),
    "jwks_uri": _("公钥的地址"),
    "backchannel_logout_uri": _("退出通知的地址"),
    "token_endpoint_auth_method": _("应用怎样证明自己"),
}
