// serveEndpoint(): a connection that somebody else accepted is the server's, whose end it tells of, once.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Channel, createClient, Server } from "pollwire";
import { type Endpoint, IoError } from "../../../pollers/mod.ts";
import { useEngine } from "../../../surface/full/engines.ts";
import { counted } from "../../counted_engine.ts";
import { test } from "../../harness.ts";
import { Acceptor, connect, LOOPBACK, read } from "../../pollers/promised.ts";
import { Trial, until } from "../serving.ts";

/** A server, and a way to get the accepted side of whatever connects to `at`. */
async function start() {
  const server = new Server();
  server.addService(Trial, { one: ({ number = 0 }) => ({ number: number + 1 }) });
  const [acceptor, port] = await Acceptor.listen(server.engine, LOOPBACK);
  return { server, acceptor, at: { family: "ipv4", host: "127.0.0.1", port } as const };
}

test("serveEndpoint: calls are served, and the end of the connection comes once", async () => {
  const { server, acceptor, at } = await start();
  let ends = 0;
  for (let round = 1; round <= 2; round++) {
    const channel = new Channel(`127.0.0.1:${at.port}`);
    const call = createClient(Trial, channel).one({ number: round });
    server.serveEndpoint(await acceptor.accept(), () => ends++);
    assertEquals((await call).number, round + 1);
    assertEquals(ends, round - 1);
    channel.close();
    await until(() => ends === round);
  }
  await acceptor.shutdown();
  await server.shutdown();
  assertEquals(ends, 2);
});

test("serveEndpoint: after a shutdown the connection is closed, and its end told at once", async () => {
  const { server, acceptor, at } = await start();
  await server.shutdown();
  let ends = 0;
  const client: Endpoint = await connect(server.engine, at);
  server.serveEndpoint(await acceptor.accept(), () => ends++);
  assertEquals(ends, 1);
  const ended = await read(client);
  assert(ended instanceof IoError && ended.kind === "end-of-stream");
  client.close();
  await acceptor.shutdown();
});

test("serveEndpoint: an onClosed that throws keeps no shutdown waiting", async () => {
  const errors: unknown[] = [];
  const server = new Server({ onError: (error) => errors.push(error) });
  server.addService(Trial, { one: (request) => request });
  const [acceptor, port] = await Acceptor.listen(server.engine, LOOPBACK);
  const boom = new Error("boom");
  const throwing = (): never => {
    throw boom;
  };
  const channel = new Channel(`127.0.0.1:${port}`);
  const call = createClient(Trial, channel).one({ number: 1 });
  server.serveEndpoint(await acceptor.accept(), throwing);
  await call;
  const stopped = server.shutdown();
  channel.close();
  await stopped;
  assertEquals(errors, [boom]);
  const client = await connect(server.engine, { family: "ipv4", host: "127.0.0.1", port });
  server.serveEndpoint(await acceptor.accept(), throwing); // which is told at once
  assertEquals(errors, [boom, boom]);
  client.close();
  await acceptor.shutdown();
});

test("serveEndpoint: what is no endpoint is refused, and nothing is held for it", async () => {
  const use = useEngine();
  const accounts = counted(use.engine);
  const server = new Server({ poller: accounts.engine });
  const endpoint = { peer: LOOPBACK, local: LOOPBACK, close() {} } as unknown as Endpoint;
  for (const wrong of [undefined, 5, {}, { peer: LOOPBACK, close() {} }, new Map()]) {
    assertThrows(
      () => server.serveEndpoint(wrong as never),
      TypeError,
      "give an endpoint of the server's engine",
    );
  }
  assertThrows(() => server.serveEndpoint(endpoint, 5 as never), TypeError, "onClosed is the number 5");
  assertEquals(accounts.left(), []);
  await server.shutdown();
  await use.end();
});
