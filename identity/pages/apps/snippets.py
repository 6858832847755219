"""Ten lines with which a developer connects the app, with its own values in them."""

from collections.abc import Sequence

from identity.apps.clients import NO_SECRET, SECRET_METHODS, SERVICE, Client
from identity.asking.scopes import join

_PYTHON = """\
from authlib.integrations.starlette_client import OAuth

haihe = OAuth().register(
    "haihe",
    client_id="{client_id}",{secret}
    server_metadata_url="{issuer}/.well-known/openid-configuration",
    client_kwargs={{"scope": "{scope}", "code_challenge_method": "S256"}},
)
# send the person:  await haihe.authorize_redirect(request, "{redirect}")
# at that address:  user = (await haihe.authorize_access_token(request))["userinfo"]
"""
_NODE = """\
import * as client from 'openid-client'

const config = await client.discovery(new URL('{issuer}'), '{client_id}'{secret})
const code_verifier = client.randomPKCECodeVerifier()
const to = client.buildAuthorizationUrl(config, {{
  redirect_uri: '{redirect}', scope: '{scope}',
  code_challenge: await client.calculatePKCECodeChallenge(code_verifier),
  code_challenge_method: 'S256' }})
// at that address:
//   await client.authorizationCodeGrant(config, url, {{ pkceCodeVerifier: code_verifier }})
"""
_PYTHON_SERVICE = """\
import httpx

answer = httpx.post(
    "{issuer}/token",
    auth=("{client_id}", CLIENT_SECRET),
    data={{"grant_type": "client_credentials", "scope": "{scope}"}},
)
headers = {{"Authorization": "Bearer " + answer.json()["access_token"]}}
"""
_NODE_SERVICE = """\
import * as client from 'openid-client'

const config = await client.discovery(new URL('{issuer}'), '{client_id}', CLIENT_SECRET)
const tokens = await client.clientCredentialsGrant(config, {{ scope: '{scope}' }})
const headers = {{ authorization: `Bearer ${{tokens.access_token}}` }}
"""
_PYTHON_SIGNED = """\
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT

app = OAuth2Client("{client_id}", PRIVATE_KEY, scope="{scope}",
                   token_endpoint_auth_method="private_key_jwt", token_endpoint="{issuer}/token")
app.register_client_auth_method(PrivateKeyJWT("{issuer}", alg="ES256"))
# claims "iss" and "sub" are {client_id}, "aud" is {issuer}, each "jti" works once
"""
_NODE_SIGNED = """\
import * as client from 'openid-client'

const config = await client.discovery(new URL('{issuer}'), '{client_id}', undefined,
  client.PrivateKeyJwt(PRIVATE_KEY))
// fapi2 pushes its requests: client.buildAuthorizationUrlWithPAR(config, …)
// tokens are bound to a key: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
"""


def snippets_for(client: Client, issuer: str) -> Sequence[tuple[str, str]]:
    """Return a snippet for each language, with its name."""
    python, node = _templates(client)
    secretive = client.auth_method in SECRET_METHODS
    values = {
        "client_id": client.client_id,
        "issuer": issuer,
        "scope": join(client.scopes),
        "redirect": client.redirect_uris[0] if client.redirect_uris else "",
    }
    return (
        ("Python", python.format(**values, secret=_WITH_SECRET if secretive else "")),
        ("Node.js", node.format(**values, secret=", CLIENT_SECRET" if secretive else _NONE)),
    )


_WITH_SECRET = "\n    client_secret=CLIENT_SECRET,"  # noqa: S105
_NONE = ", undefined, client.None()"


def _templates(client: Client) -> tuple[str, str]:
    if client.auth_method not in {NO_SECRET, *SECRET_METHODS}:
        return _PYTHON_SIGNED, _NODE_SIGNED
    if client.kind == SERVICE:
        return _PYTHON_SERVICE, _NODE_SERVICE
    return _PYTHON, _NODE
