// Call credentials and authority of calls in every style, over TLS.
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  type CallCredentials,
  callCredentials,
  Channel,
  type ClientInterceptor,
  CompletionQueue,
  createCall,
  createClient,
  createQueueClient,
  createReactorClient,
  genericClient,
  receiveInitialMetadata,
  receiveMessage,
  receiveStatusOnClient,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
  Server,
  Status,
  type StatusCode,
  tls,
} from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import { NODE_TLS } from "../../../transport/tls/node/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { test } from "../../harness.ts";
import { collect, echo, Trial } from "../serving.ts";

const ca = new Authority();
const provider = [OPENSSL, NODE_TLS].find((one) => one.probe().usable)!.name;
const shown = ca.issue({
  name: "server",
  dns: ["localhost", "service.example", "*.many.example"],
  ip: ["127.0.0.1"],
});

/** What a call says of itself. */
interface Identity {
  readonly callCredentials?: CallCredentials;
  readonly authority?: string;
}

/** How a call ended. */
type Outcome = readonly [code: StatusCode, details: string];

const passThrough: ClientInterceptor = (next) => (call) => next(call);

/** A unary call, or one like it, in each style. */
const STYLES: Record<string, (channel: Channel, identity: Identity) => Promise<Outcome>> = {
  promise: (channel, identity) => outcome(createClient(Trial, channel).one({}, identity)),
  "response stream": (channel, identity) =>
    outcome(collect(createClient(Trial, channel).down({ number: 1 }, identity))),
  "request stream": (channel, identity) =>
    outcome(createClient(Trial, channel).up([{ number: 1 }], identity)),
  intercepted: (channel, identity) =>
    outcome(createClient(Trial, channel, { interceptors: [passThrough] }).one({}, identity)),
  generic: (channel, identity) =>
    outcome(genericClient(channel).unary("/trial.Trial/One", new Uint8Array(), identity)),
  batch: async (channel, identity) => {
    const queue = new CompletionQueue<string>();
    const call = createCall(channel, "/trial.Trial/One", { queue, ...identity });
    const status = receiveStatusOnClient();
    call.startBatch([
      sendInitialMetadata(),
      sendMessage(new Uint8Array()),
      sendCloseFromClient(),
      receiveInitialMetadata(),
      receiveMessage(),
      status,
    ], "done");
    await queue.next();
    queue.shutdown();
    return [status.status!.code, status.status!.details];
  },
  queue: async (channel, identity) => {
    const queue = new CompletionQueue<string>();
    const call = createQueueClient(Trial, channel, queue).asyncOne({}, identity);
    call.finish("done");
    await queue.next();
    queue.shutdown();
    return [call.status!.code, call.status!.details];
  },
  reactor: (channel, identity) =>
    new Promise((resolve) => {
      createReactorClient(Trial, channel).one({}, (status) => {
        resolve([status.code, status.error?.details ?? ""]);
      }, identity);
    }),
};

async function outcome(call: PromiseLike<unknown>): Promise<Outcome> {
  try {
    await call;
    return [Status.OK, ""];
  } catch (error) {
    const { code, details } = error as { code: StatusCode; details: string };
    return [code, details];
  }
}

/** What a call showed: its authority, and "authorization". */
async function served(
  body: (channel: Channel, seen: Array<[string, unknown]>) => Promise<void>,
): Promise<void> {
  const seen: Array<[string, unknown]> = [];
  const server = new Server({ credentials: tls.server({ ...shown, provider }) });
  server.addService(Trial, echo);
  server.intercept((next) => (call) => {
    seen.push([call.authority, call.metadata.get("authorization")]);
    return next(call);
  });
  const port = await server.listen("127.0.0.1:0");
  const channel = new Channel(`localhost:${port}`, { credentials: tls.client({ ca: ca.cert, provider }) });
  try {
    await body(channel, seen);
  } finally {
    channel.close();
    server.close();
    await server.shutdown();
  }
}

const leaves = { leaves: "a runtime's TLS sockets have timers that end after them" };

for (const [style, call] of Object.entries(STYLES)) {
  test(
    `[C86] ${style}: call credentials, there at once and later, go over TLS`,
    () =>
      served(async (channel, seen) => {
        const later = () => new Promise<string>((resolve) => setTimeout(resolve, 1, "later"));
        for (const token of ["now", () => Promise.resolve("soon"), later]) {
          assertEquals(await call(channel, { callCredentials: callCredentials.bearer(token) }), [
            Status.OK,
            "",
          ]);
        }
        assertEquals(seen.map(([, shown]) => shown), ["Bearer now", "Bearer soon", "Bearer later"]);
      }),
    leaves,
  );

  test(
    `[C86] ${style}: without its credentials a call ends before anything is sent`,
    () =>
      served(async (channel, seen) => {
        for (
          const failing of [() => {
            throw new Error("none");
          }, () => Promise.reject(new Error("none"))]
        ) {
          const [code, details] = await call(channel, { callCredentials: callCredentials.bearer(failing) });
          assertEquals([code, details], [Status.UNAUTHENTICATED, "call credentials failed: none"]);
        }
        assertEquals(seen, []);
      }),
    leaves,
  );

  test(
    `[C88] ${style}: :authority may be what the server's certificate covers, and nothing else`,
    () =>
      served(async (channel, seen) => {
        const covered = ["service.example", "SERVICE.example:8443", "a.many.example", "127.0.0.1"];
        for (const authority of covered) assertEquals(await call(channel, { authority }), [Status.OK, ""]);
        assertEquals(seen.splice(0).map(([authority]) => authority), covered);
        for (
          const authority of ["other.example", "many.example", "a.b.many.example", "127.0.0.2", "[::1]:5"]
        ) {
          const [code, details] = await call(channel, { authority });
          assertEquals(code, Status.UNAUTHENTICATED);
          assertStringIncludes(details, `the server's certificate is not for the authority "${authority}"`);
        }
        assertEquals(seen, []);
      }),
    leaves,
  );
}

test(
  "[C88] channel.security is what the handshake established, while there is a connection",
  () =>
    served(async (channel) => {
      assertEquals(channel.security, undefined);
      await createClient(Trial, channel).one({});
      const { protocol, alpn, serverName, peerCertificate, cipher } = channel.security!;
      assertEquals([protocol, alpn, serverName], ["TLSv1.3", "h2", "localhost"]);
      assertStringIncludes(cipher, "TLS_");
      assertEquals(peerCertificate!.names.dns, ["localhost", "service.example", "*.many.example"]);
      channel.close();
      assertEquals(channel.security, undefined);
    }),
  leaves,
);
