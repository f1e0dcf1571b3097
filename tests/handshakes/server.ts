// A server of ours over TLS, and what its process holds of its connections.
import process from "node:process";
import { Server, tls } from "pollwire";
import { Authority } from "../../examples/tls/authority.ts";
import { answerResources } from "./collected.ts";

const [provider] = process.argv.slice(2);
const identity = new Authority().issue({ name: "server", dns: ["localhost"] });
const server = new Server({ credentials: tls.server({ ...identity, provider: provider! }) });
console.log(await server.listen("127.0.0.1:0"));
answerResources();
