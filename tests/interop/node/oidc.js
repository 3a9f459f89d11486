// A real OpenID Connect provider for tests/it/sign_in/interop.rs.
//
// Prints the port it listens on, then reads one line: a JSON list of clients, each {id, secret, alg, redirect}.
// Prints "ready" and serves until its standard input ends. Whoever signs in is whoever the form says.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';

const jwk = (type, options) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
  use: 'sig',
});
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];

let answer = (_, response) => response.writeHead(503).end();
const server = createServer((request, response) => answer(request, response));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => {
  const provider = new Provider(`http://127.0.0.1:${server.address().port}`, {
    clients: JSON.parse(line).map(({ id, secret, alg, redirect }) => ({
      client_id: id,
      client_secret: secret,
      redirect_uris: [redirect],
      id_token_signed_response_alg: alg,
    })),
    enabledJWA: { idTokenSigningAlgValues: ALGORITHMS },
    jwks: {
      keys: [
        jwk('rsa', { modulusLength: 2048 }),
        jwk('ec', { namedCurve: 'P-256' }),
        jwk('ed25519', {}),
      ],
    },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    cookies: { keys: ['a test'] },
  });
  answer = provider.callback();
  console.log('ready');
});
lines.once('close', () => process.exit(0));
