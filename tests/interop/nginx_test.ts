// Behind nginx, which ends each connection after so many requests (keepalive_requests): no call is lost.
import "../shared_engines.ts";
import { assertEquals } from "@std/assert";
import { Channel, createClient, type RpcError, Server } from "pollwire";
import { test } from "../harness.ts";
import { collect, echo, sum, Trial, type TrialClient } from "../surface/serving.ts";
import { behindNginx, nginxMissing } from "./nginx.ts";

const CALLS = 1_500;
/** No more than a connection takes: of more some are refused twice, and a call moves once (gRFC A6). */
const AT_ONCE = 5;

/** Of these most wait for a stream, and those that were refused go first. */
const QUEUED = 1_000;

const KINDS: Readonly<Record<string, (client: TrialClient, number: number) => Promise<number | undefined>>> =
  {
    unary: async (client, number) => (await client.one({ number })).number,
    "client streaming": async (client, number) => (await client.up([{ number }, { number: 0 }])).number,
    "server streaming": async (client) => sum(await collect(client.down({ number: 3 }))),
    bidirectional: async (client, number) => sum(await collect(client.both([{ number }]))),
  };

for (const [kind, call] of Object.entries(KINDS)) {
  test(`nginx ends connections after 5 requests: none of ${CALLS} ${kind} calls is lost`, async () => {
    const server = new Server();
    server.addService(Trial, echo);
    const port = await server.listen("127.0.0.1:0");
    await behindNginx(port, "keepalive_requests 5;", async (at) => {
      const channel = new Channel(`127.0.0.1:${at}`);
      const client = createClient(Trial, channel);
      const lost: string[] = [];
      let next = 0;
      await Promise.all(Array.from({ length: AT_ONCE }, async () => {
        while (next < CALLS) {
          const number = next++;
          try {
            const expected = { "server streaming": 6, bidirectional: 2 * number }[kind] ?? number;
            assertEquals(await call(client, number), expected);
          } catch (error) {
            lost.push((error as RpcError).message);
          }
        }
      }));
      channel.close();
      assertEquals(lost, []);
    });
    server.close();
    await server.shutdown();
  }, { timeoutMs: 60_000, skip: nginxMissing });
}

test(
  `nginx ends connections after 10 requests: none of ${QUEUED} calls that are begun at once is lost`,
  async () => {
    const server = new Server();
    server.addService(Trial, echo);
    const port = await server.listen("127.0.0.1:0");
    await behindNginx(port, "keepalive_requests 10; http2_max_concurrent_streams 4;", async (at) => {
      const channel = new Channel(`127.0.0.1:${at}`);
      const client = createClient(Trial, channel);
      const calls = Array.from({ length: QUEUED }, (_, number) => client.one({ number }));
      const ends = await Promise.allSettled(calls);
      channel.close();
      const gave = ends.map((end) => end.status === "fulfilled" ? end.value.number : `${end.reason}`);
      assertEquals(gave, Array.from({ length: QUEUED }, (_, number) => number));
    });
    server.close();
    await server.shutdown();
  },
  { timeoutMs: 60_000, skip: nginxMissing },
);
