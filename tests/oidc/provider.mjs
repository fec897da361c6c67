// A provider of identities for tests: any name signs in, with the groups that PEOPLE gives it.
//     node provider.mjs PORT REDIRECT
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [port, redirect] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const PEOPLE = {
  mina: { name: '김민아', email: 'mina@example.com', email_verified: true, groups: ['HR', 'writers'] },
  jun: { name: 'Jun', email: 'jun@elsewhere.example', email_verified: true, groups: [] },
};

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'veracite',
    client_secret: process.env.OIDC_SECRET,
    redirect_uris: [redirect],
    response_types: ['code'],
    grant_types: ['authorization_code'],
  }],
  pkce: { required: () => true },
  cookies: { keys: ['for tests only'] },
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'], groups: ['groups'] },
  scopes: ['openid', 'profile', 'email', 'groups'],
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, preferred_username: id, ...PEOPLE[id] }),
  }),
});
createServer(provider.callback()).listen(Number(port), '127.0.0.1', () => console.log(`provider at ${issuer}`));
