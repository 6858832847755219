"""Roles and powers in plain words."""

from collections.abc import Mapping

from identity.people.mandates import APPS, AUDIT, ISSUE, LICENCES, MANDATES, VERIFY


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


ROLE_WORDS: Mapping[str, str] = {
    "legal_representative": _("法定代表人"),
    "administrator": _("管理员"),
    "agent": _("经办人"),
    "clerk": _("工作人员"),
    "auditor": _("审计人员"),
}
POWER_WORDS: Mapping[str, str] = {
    LICENCES: _("查看和出示证照"),
    ISSUE: _("签发证照"),
    VERIFY: _("核验证照"),
    AUDIT: _("查看存证账本"),
    MANDATES: _("授权他人"),
    APPS: _("管理应用"),
}
METHOD_WORDS: Mapping[str, str] = {
    "password": _("密码"),
    "code": _("动态验证码"),
    "passkey": _("通行密钥"),
    "scan": _("扫码"),
    "upstream": _("其他平台"),
    "otp": _("动态验证码"),
    "recovery": _("恢复码"),
}
