// A real provider of single sign-on, certified for OpenID Connect. Whoever it knows signs in by typing who they are.
// Arguments: its port, its only client as JSON. Who it knows is posted to /accounts: {"subject": {claims}}.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [port, client] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
let accounts = {};

const provider = new Provider(issuer, {
  clients: [JSON.parse(client)],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
  cookies: { keys: ["a key of the tests"] },
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  interactions: { url: (context, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (context, subject) =>
    accounts[subject] && { accountId: subject, claims: () => ({ sub: subject, ...accounts[subject] }) },
  // nobody is asked what the client may know
  async loadExistingGrant(context) {
    const { client, session, provider: { Grant } } = context.oidc;
    const grant = new Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope("openid email profile groups");
    await grant.save();
    return grant;
  },
});

const page = `<!doctype html><html lang="en"><title>Provider</title><h1>Provider</h1>
<form method="post"><label>Who are you? <input name="subject"></label> <button>Sign in</button></form>
<form method="post"><button>Cancel</button></form>`;

async function body(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

async function interact(request, response) {
  if (request.method === "GET") {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    return response.end(page);
  }
  const subject = new URLSearchParams(await body(request)).get("subject");
  const result = subject ? { login: { accountId: subject } } : { error: "access_denied" };
  return provider.interactionFinished(request, response, result);
}

async function know(request, response) {
  accounts = JSON.parse(await body(request));
  response.end();
}

const others = provider.callback();
createServer((request, response) => {
  const answer = request.url === "/accounts" ? know : request.url.startsWith("/interaction/") ? interact : others;
  Promise.resolve(answer(request, response)).catch((error) => {
    console.error(error);
    response.statusCode = 500;
    response.end();
  });
}).listen(Number(port), "127.0.0.1");
