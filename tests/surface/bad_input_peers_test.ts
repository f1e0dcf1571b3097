// Peers that are not there, or speak something else: the error names them, and nothing hangs or crashes.
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { Channel, type Client, createClient, selectPoller, Status } from "pollwire";
import { test } from "../harness.ts";
import { refusalMissed } from "../windows/wine.ts";
import { assertStillServes, collect, failure, serving, Trial, working } from "./serving.ts";

/** Far below the default of 20 s, and far above what a handshake on one machine takes. */
const SHORT_MS = 300;

/** Runs `check` with a channel to a plain TCP server that does `onSocket` with whoever connects. */
async function against(
  onSocket: (socket: Socket) => void,
  check: (client: Client<typeof Trial>, port: number) => Promise<void>,
): Promise<void> {
  const sockets: Socket[] = [];
  const listener = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  const port = await new Promise<number>((resolve) =>
    listener.listen(0, "127.0.0.1", () => resolve((listener.address() as { port: number }).port))
  );
  const channel = new Channel(`127.0.0.1:${port}`, { handshakeTimeoutMs: SHORT_MS });
  try {
    await check(createClient(Trial, channel), port);
  } finally {
    channel.close();
    for (const socket of sockets) socket.destroy();
    listener.close();
  }
}

/** Connects over plain TCP, says `text` and no more, and waits until the server has closed. */
function letGo(port: number, text: string): Promise<void> {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  if (text !== "") socket.write(text);
  return new Promise((resolve) => socket.on("close", () => resolve()));
}

test("connection refused: UNAVAILABLE that names address and cause", async () => {
  const port = 1; // tcpmux, which nothing serves
  const channel = new Channel(`127.0.0.1:${port}`);
  try {
    const client = createClient(Trial, channel);
    const error = await failure(client.one({}));
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, new RegExp(`127\\.0\\.0\\.1:${port}.*refused`, "i"));
    assertEquals(channel.state, "TRANSIENT_FAILURE");
    // While the channel backs off, further calls fail the same way at once.
    assertEquals((await failure(client.one({}))).details, error.details);
    assertEquals((await failure(collect(client.down({})))).code, Status.UNAVAILABLE);
  } finally {
    channel.close();
  }
}, { skip: selectPoller().name === "native" ? refusalMissed : undefined });

test("a unix socket that is not there: UNAVAILABLE that names it", async () => {
  const channel = new Channel("unix:/nonexistent/pollwire.sock");
  try {
    const error = await failure(createClient(Trial, channel).one({}));
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, /\/nonexistent\/pollwire\.sock/);
  } finally {
    channel.close();
  }
});

test("a name that does not resolve: UNAVAILABLE that names it", async () => {
  const channel = new Channel("no-such-host.invalid:50051");
  try {
    const error = await failure(createClient(Trial, channel).one({}, { deadlineMs: 15_000 }));
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, /no-such-host\.invalid/);
  } finally {
    channel.close();
  }
});

test("a peer that speaks HTTP/1.1: UNAVAILABLE that says so of its address", () =>
  against((socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
  }, async (client, port) => {
    const startedAt = performance.now();
    const error = await failure(client.one({}));
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, new RegExp(`127\\.0\\.0\\.1:${port}`));
    assertMatch(error.details, /HTTP\/1/);
    assertLess(performance.now() - startedAt, SHORT_MS);
  }));

test("a peer that closes at once: UNAVAILABLE that names its address", () =>
  against((socket) => socket.end(), async (client, port) => {
    const error = await failure(client.one({}));
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, new RegExp(`127\\.0\\.0\\.1:${port}`));
  }));

test("a peer that sends noise: UNAVAILABLE", () =>
  against((socket) => socket.write(new Uint8Array(4096).fill(0xa5)), async (client, port) => {
    const error = await failure(client.one({}));
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, new RegExp(`127\\.0\\.0\\.1:${port}`));
  }));

test("a peer that accepts and says nothing: UNAVAILABLE at handshakeTimeoutMs, which the message names", () =>
  against(() => {}, async (client, port) => {
    const startedAt = performance.now();
    const error = await failure(client.one({}));
    const took = performance.now() - startedAt;
    assertEquals(error.code, Status.UNAVAILABLE);
    assertMatch(error.details, new RegExp(`127\\.0\\.0\\.1:${port}.*timed out after ${SHORT_MS} ms`));
    assert(took >= SHORT_MS - 10 && took < 5_000, `${took} ms`);
  }));

test("a client that connects and says nothing is let go at handshakeTimeoutMs", () =>
  serving(working, async ({ port, client }) => {
    const startedAt = performance.now();
    await letGo(port, "");
    const took = performance.now() - startedAt;
    assert(took >= SHORT_MS - 10 && took < 5_000, `${took} ms`);
    await assertStillServes(client);
  }, { server: { handshakeTimeoutMs: SHORT_MS } }));

test("a client that speaks HTTP/1.1 is let go, and the server lives on", () =>
  serving(working, async ({ port, client }) => {
    await letGo(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await assertStillServes(client);
  }));
