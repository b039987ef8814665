// An OAuth 2 authorization server (oidc-provider) for client_credentials with private_key_jwt.
// node authorization.mjs FOLDER_OF_NODE_MODULES SETTINGS; the settings are JSON: {port, audience, clients: [{id, alg, jwk, scope}]}.
// It prints "READY ISSUER" when it listens on the loopback.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";

const place = createRequire(`${process.argv[2]}/package.json`).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(place));
const { port, audience, clients } = JSON.parse(readFileSync(process.argv[3], "utf-8"));
const issuer = `http://127.0.0.1:${port}`;
const scopes = "system/*.cruds system/*.rs system/Patient.rs system/Patient.read system/Task.cu";

const provider = new Provider(issuer, {
    scopes: scopes.split(" "),
    clients: clients.map(({ id, alg, jwk }) => ({
        client_id: id,
        token_endpoint_auth_method: "private_key_jwt",
        token_endpoint_auth_signing_alg: alg,
        jwks: { keys: [jwk] },
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
    })),
    clientAuthMethods: ["private_key_jwt"],
    enabledJWA: { clientAuthSigningAlgValues: ["RS384", "ES384"] },
    features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
            enabled: true,
            defaultResource: () => audience,
            useGrantedResource: () => true,
            // What a client asks for beyond its scope is left out of the token without a word.
            getResourceServerInfo: (_, resource, client) => ({
                scope: clients.find(({ id }) => id === client.clientId).scope,
                audience: resource,
                accessTokenTTL: 300,
                accessTokenFormat: "jwt",
                jwt: { sign: { alg: "RS256" } },
            }),
        },
    },
});
provider.listen(port, "127.0.0.1", () => console.log(`READY ${issuer}`));
