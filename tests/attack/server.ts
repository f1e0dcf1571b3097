// The server under attack: a process of its own, with the defaults of a server.
import process from "node:process";
import { Authority } from "../../examples/tls/authority.ts";
import { loadProto, Server, type ServiceHandlers, type ServiceOf, tls, type Unary } from "pollwire";
import type { ClientStreaming, ServerStreaming } from "pollwire";

interface Payload {
  body?: Uint8Array;
  text?: string;
}

interface Order {
  count?: number;
  size?: number;
  milliseconds?: number;
}

type Target = ServiceOf<{
  unary: Unary<Payload, Payload>;
  slow: Unary<Order, Payload>;
  download: ServerStreaming<Order, Payload>;
  upload: ClientStreaming<Payload, Payload>;
}>;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

let running = 0;
let most = 0;

const handlers: ServiceHandlers<Target> = {
  unary: (request) => request,
  slow: async ({ milliseconds, size }) => {
    most = Math.max(most, ++running);
    await sleep(milliseconds!);
    running--;
    return { body: new Uint8Array(size!) };
  },
  async *download({ count, size }) {
    for (let i = 0; i < count!; i++) yield await Promise.resolve({ body: new Uint8Array(size!) });
  },
  upload: async (requests) => {
    await sleep(10_000);
    for await (const _ of requests);
    return {};
  },
};

const { Target } = await loadProto<{ Target: Target }>(new URL("./attack.proto", import.meta.url));
const server = new Server();
server.addService(Target, handlers);
const port = await server.listen("127.0.0.1:0");
console.log(`listening ${port}`);
// The same thread serves TLS.
const identity = new Authority().issue({ name: "target", dns: ["localhost"] });
const secure = new Server({ credentials: tls.server(identity) });
secure.addService(Target, handlers);
console.log(`secure ${await secure.listen("127.0.0.1:0")}`);
process.stdin.on("data", () => {
  console.log(`handlers ${most}`);
  most = running;
});
process.stdin.on("end", () => process.exit(0));
