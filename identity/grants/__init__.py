"""The grants, one module each. To add one: write its module, add its line."""

from collections.abc import Mapping, Sequence
from typing import Any

from identity.grants.authorization_code import CodeGrant
from identity.grants.client_credentials import OwnGrant
from identity.grants.decoupled import CibaGrant, DeviceGrant
from identity.grants.implicit import ImplicitGrant
from identity.grants.particulars import RequestParticulars
from identity.grants.pkce import Pkce
from identity.grants.profile import RequestProfile
from identity.grants.refresh_token import RefreshGrant
from identity.grants.token_exchange import ExchangeGrant

GRANTS: Mapping[type[Any], Sequence[Any]] = {
    CodeGrant: (RequestProfile(), Pkce(), RequestParticulars()),
    ImplicitGrant: (RequestProfile(),),
    RefreshGrant: (),
    OwnGrant: (),
    DeviceGrant: (),
    CibaGrant: (),
    ExchangeGrant: (),
}
