// node-oidc-provider with the two apps of the comparison. Its one argument is a JSON object:
// port, database, redirect, and for web and service [id, secret].
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';
import { openStorage } from './storage.mjs';

const given = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${given.port}`;

function signingKey(kind, alg, options) {
  const { privateKey } = generateKeyPairSync(kind, options);
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg, kid: alg };
}

const [web, service] = [given.web, given.service].map(([client_id, client_secret]) => ({
  client_id,
  client_secret,
  id_token_signed_response_alg: 'ES256',
}));

const provider = new Provider(issuer, {
  adapter: await openStorage(given.database),
  jwks: {
    keys: [
      signingKey('ec', 'ES256', { namedCurve: 'P-256' }),
      signingKey('rsa', 'RS256', { modulusLength: 3072 }),
    ],
  },
  cookies: { keys: ['only-for-a-benchmark-on-this-machine'] },
  clients: [
    { ...web, redirect_uris: [given.redirect], response_types: ['code'], grant_types: ['authorization_code', 'refresh_token'] },
    { ...service, redirect_uris: [], response_types: [], grant_types: ['client_credentials'] },
  ],
  scopes: ['openid', 'profile', 'offline_access', 'read'],
  claims: { openid: ['sub'], profile: ['name', 'updated_at'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: '演示·李明', updated_at: 1700000000 }) }),
  pkce: { required: () => true },
  ttl: { AccessToken: 600, AuthorizationCode: 60, ClientCredentials: 600, Grant: 86400, IdToken: 600, Interaction: 600, RefreshToken: 86400, Session: 86400 },
  features: {
    devInteractions: { enabled: true }, // its own pages of sign-in and consent
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      // a service's token is signed, as ours is
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: (_, audience) => ({ scope: 'read', audience, accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'ES256' } } }),
    },
  },
});
provider.on('server_error', (_, error) => console.error(error));
provider.listen(given.port, '127.0.0.1', () => console.log(`serving ${issuer}`));
