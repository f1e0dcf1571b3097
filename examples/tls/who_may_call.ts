// Who may call what, in one program: identities by mutual TLS, a policy by identity and path, and tokens.
//
// Prints which of four clients may call which of three methods: `bun who_may_call.ts`, or `deno run -A who_may_call.ts`.
import {
  type AuthorizationPolicy,
  callCredentials,
  Channel,
  type ChannelOptions,
  createClient,
  parseProto,
  RpcError,
  Server,
  type ServerInterceptor,
  type ServiceOf,
  tls,
  type Unary,
} from "pollwire";
import { COMMON, readFlags } from "../route_guide/flags.ts";
import { Authority } from "./authority.ts";

interface Order {
  id?: number;
}

const { Orders } = parseProto<{
  Orders: ServiceOf<{
    list: Unary<Order, Order>;
    place: Unary<Order, Order>;
    drop: Unary<Order, Order>;
  }>;
}>(`
  syntax = "proto3";
  package shop;
  message Order { int32 id = 1; }
  service Orders {
    rpc List(Order) returns (Order);
    rpc Place(Order) returns (Order);
    rpc Drop(Order) returns (Order);
  }
`);

const { poller } = readFlags("Which of four clients may call what, by mutual TLS, a policy and tokens.", {
  poller: COMMON.poller,
});

/** Nobody drops; the front may do everything else; who has a certificate may look. */
const authorization: AuthorizationPolicy = {
  name: "shop",
  deny_rules: [{ name: "nobody drops", request: { paths: ["/shop.Orders/Drop"] } }],
  allow_rules: [
    { name: "the front", source: { principals: ["spiffe://example.org/front"] } },
    { name: "may look", source: { principals: ["*"] }, request: { paths: ["/shop.Orders/List"] } },
  ],
};

/** Orders are placed for a customer, whose token comes with the call. A real one would be verified. */
const withToken: ServerInterceptor = (next) => async (call) => {
  if (call.path === "/shop.Orders/Place" && call.metadata.get("authorization") !== "Bearer alice") {
    throw new RpcError("UNAUTHENTICATED", "for whom is the order? give a token");
  }
  return await next(call);
};

const authority = new Authority("Shop CA");
const server = new Server({
  poller,
  credentials: tls.server({
    ...authority.issue({ name: "shop", dns: ["localhost"] }),
    clientCa: authority.cert,
    requireClientCertificate: false, // who has none is for the policy to judge
  }),
  authorization,
  interceptors: [withToken],
});
const answer = (order: Order): Order => order;
server.addService(Orders, { list: answer, place: answer, drop: answer });
const target = `localhost:${await server.listen("127.0.0.1:0")}`;

const front = authority.issue({ name: "front", uri: ["spiffe://example.org/front"] });
const clients: Readonly<Record<string, ChannelOptions>> = {
  "the front, with a token": {
    credentials: tls.client({ ca: authority.cert, ...front }),
    callCredentials: callCredentials.bearer("alice"),
  },
  "the front, without": { credentials: tls.client({ ca: authority.cert, ...front }) },
  "another service": {
    credentials: tls.client({ ca: authority.cert, ...authority.issue({ name: "other" }) }),
  },
  "somebody without a certificate": { credentials: tls.client({ ca: authority.cert }) },
};
for (const [who, options] of Object.entries(clients)) {
  const channel = new Channel(target, { poller, ...options });
  const { list, place, drop } = createClient(Orders, channel);
  console.log(`${who}:`);
  for (const [name, call] of Object.entries({ list, place, drop })) {
    const outcome = await call({ id: 7 }).then(() => "OK", (error: RpcError) => error.message);
    console.log(`  ${name.padEnd(6)} ${outcome.split("\n")[0]}`);
  }
  channel.close();
}
await server.shutdown();
