"""The formats of signed licences. To add one, write a module like `sd_jwt` and list it here."""

from collections.abc import Mapping
from types import MappingProxyType

from certificates.formats import sd_jwt
from certificates.formats.credential import Format

_MODULES: tuple[Format, ...] = (sd_jwt,)
FORMATS: Mapping[str, Format] = MappingProxyType({each.MEDIA_TYPE: each for each in _MODULES})
