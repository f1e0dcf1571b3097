// Compression end to end: what applications say of it in every API style, and what crosses a socket then.
import { connect, createServer, type Socket } from "node:net";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  Channel,
  type ChannelOptions,
  ClientBidiReactor,
  createClient,
  createReactorClient,
  reactor,
  Server,
  ServerBidiReactor,
  type ServerCall,
  type ServerOptions,
  Status,
  uncompressed,
} from "pollwire";
import { test } from "../harness.ts";
import { ErrorCode } from "../../transport/mod.ts";
import { END_STREAM, rst } from "../transport/http2/wire.ts";
import { rawServer } from "./raw_server.ts";
import { failure, type Handlers, type Note, serving, Trial, until } from "./serving.ts";

/** Its octets compress to a few hundred. */
const BODY = new Uint8Array(50_000);
/** What a message of them is on the wire at least, and what one that is compressed is not. */
const PLAIN = 50_000;

/** A relay in front of a server that counts what crosses it. */
class Tap {
  up = 0;
  down = 0;
  private readonly sockets = new Set<Socket>();
  private constructor(readonly port: number, private readonly stop: () => void) {}

  static async before(port: number): Promise<Tap> {
    const server = createServer((client) => {
      const upstream = connect(port, "127.0.0.1");
      for (const socket of [client, upstream]) {
        tap.sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => [client, upstream].forEach((one) => one.destroy()));
      }
      client.on("data", (bytes) => {
        tap.up += bytes.length;
        upstream.write(bytes);
      });
      upstream.on("data", (bytes) => {
        tap.down += bytes.length;
        client.write(bytes);
      });
    });
    const own = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port))
    );
    const tap = new Tap(own, () => server.close());
    return tap;
  }

  /** What crossed it since the last time: "up", "down", "both" or "none" of the directions had plain messages. */
  plain(): string {
    const [up, down] = [this.up >= PLAIN, this.down >= PLAIN];
    this.up = this.down = 0;
    return up && down ? "both" : up ? "up" : down ? "down" : "none";
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.stop();
  }
}

/** A server and a channel with a tap between them. */
async function tapped(
  server: ServerOptions,
  channel: ChannelOptions,
  handlers: Handlers,
  check: (channel: Channel, tap: Tap) => Promise<void>,
): Promise<void> {
  await serving(handlers, async ({ port }) => {
    const tap = await Tap.before(port);
    const own = new Channel(`127.0.0.1:${tap.port}`, channel);
    try {
      await check(own, tap);
    } finally {
      await own[Symbol.asyncDispose]();
      tap.close();
    }
  }, { server });
}

const echo: Handlers = {
  one: (note) => note,
  async *both(notes) {
    for await (const note of notes) yield note;
  },
  async *down(note) {
    for (let i = 0; i < note.number!; i++) yield note;
  },
  async up(notes) {
    let last: Note = {};
    for await (const note of notes) last = note;
    return last;
  },
};

async function exchange(channel: Channel, notes: Note[]): Promise<number[]> {
  const lengths: number[] = [];
  for await (const { body } of createClient(Trial, channel).both(notes)) lengths.push(body!.length);
  return lengths;
}

test("[C73] messages are compressed where a side was asked to, and are not where it was not", async () => {
  const said = [
    [{}, {}, "both"],
    [{ compression: "gzip" }, {}, "up"],
    [{}, { compression: "gzip" }, "down"],
    [{ compression: "deflate" }, { compression: "gzip" }, "none"],
    [{ compression: "deflate" }, { compression: "deflate", acceptCompression: ["gzip"] }, "down"],
  ] as const;
  for (const [ofServer, ofChannel, plain] of said) {
    await tapped({ ...ofServer }, { ...ofChannel }, echo, async (channel, tap) => {
      const what = JSON.stringify([ofServer, ofChannel]);
      const client = createClient(Trial, channel);
      assertEquals((await client.one({ body: BODY })).body!.length, BODY.length);
      assertEquals(tap.plain(), plain, `unary ${what}`);
      assertEquals(await exchange(channel, [{ body: BODY }, { body: BODY }, { body: BODY }]), [
        BODY.length,
        BODY.length,
        BODY.length,
      ]);
      assertEquals(tap.plain(), plain, `stream ${what}`);
    });
  }
});

test("[C73] a call says otherwise than its channel, and a message otherwise than its call", async () => {
  await tapped({ compression: "gzip" }, { compression: "gzip" }, {
    ...echo,
    async *down() {
      yield { body: BODY };
      yield uncompressed({ body: BODY });
    },
  }, async (channel, tap) => {
    const client = createClient(Trial, channel);
    await client.one({ body: BODY }, { compression: "identity" });
    assertEquals(tap.plain(), "up");
    await client.one({ body: BODY }, { compression: "deflate" });
    assertEquals(tap.plain(), "none");
    await exchange(channel, [{ body: BODY }, uncompressed({ body: BODY })]);
    assertEquals([tap.up < 2 * PLAIN, tap.plain()], [true, "up"]);
    let count = 0;
    for await (const _ of client.down({})) count++;
    assertEquals([count, tap.down < 2 * PLAIN, tap.plain()], [2, true, "down"]);
    await client.one(uncompressed({ body: BODY }));
    assertEquals(tap.plain(), "up");
  });
  await tapped({}, {}, echo, async (channel, tap) => {
    await createClient(Trial, channel).one({ body: BODY }, { compression: "gzip" });
    assertEquals(tap.plain(), "down");
  });
});

test("[C73] a handler says otherwise than its server, before initial metadata", async () => {
  let thrown: unknown = undefined;
  const seen: string[] = [];
  const ask = (note: Note, call: ServerCall): Note => {
    call.compression = note.text === "off" ? "identity" : "gzip";
    seen.push(call.compression);
    if (note.text === "late") {
      call.sendMetadata({});
      try {
        call.compression = "identity";
      } catch (error) {
        thrown = error;
      }
    }
    return { body: BODY };
  };
  await tapped(
    { compression: "deflate" },
    { acceptCompression: ["gzip"] },
    { one: ask },
    async (channel, tap) => {
      const client = createClient(Trial, channel);
      await client.one({});
      assertEquals(tap.plain(), "none");
      await client.one({ text: "off" });
      assertEquals(tap.plain(), "down");
      await client.one({ text: "late" });
      assertEquals(tap.plain(), "none");
      assertMatch(String(thrown), /TypeError: Cannot change the compression: initial metadata was sent/);
    },
  );
  await tapped({}, { acceptCompression: [] }, { one: ask }, async (channel, tap) => {
    await createClient(Trial, channel).one({});
    assertEquals([tap.plain(), seen], ["down", ["gzip", "identity", "gzip", "identity"]]);
  });
});

test("[C75] a server that takes no such encoding says so, and which it takes", async () => {
  const options = { acceptCompression: ["gzip"] } as const;
  await tapped(options, { compression: "deflate" }, echo, async (channel) => {
    const error = await failure(createClient(Trial, channel).one({}));
    assertEquals([error.code, error.details], [
      12,
      'grpc-encoding "deflate" is not supported, only identity,gzip',
    ]);
  });
});

test("[C77] a message that inflates beyond the limit ends its call, on either side", async () => {
  const limits = { maxReceiveMessageBytes: PLAIN - 1 };
  await tapped({ ...limits }, { compression: "gzip" }, echo, async (channel) => {
    const error = await failure(createClient(Trial, channel).one({ body: BODY }));
    assertEquals(error.code, Status.RESOURCE_EXHAUSTED);
    assertMatch(error.details, /inflated from gzip, is above the limit of 49999 bytes/);
  });
  await tapped({ compression: "gzip" }, { ...limits }, echo, async (channel) => {
    const client = createClient(Trial, channel);
    assertEquals((await failure(client.one({ body: BODY }))).code, Status.RESOURCE_EXHAUSTED);
    const reading = (async () => {
      for await (const _ of client.down({ number: 3, body: BODY }));
    })();
    assertEquals((await failure(reading)).code, Status.RESOURCE_EXHAUSTED);
  });
});

test("[C77] a service config's limit is of inflated messages too", async () => {
  const most = (maxResponseMessageBytes: number): ChannelOptions => ({
    serviceConfig: { methodConfig: [{ name: [{}], maxResponseMessageBytes }] },
  });
  await tapped({ compression: "gzip" }, most(PLAIN + 100), echo, async (channel, tap) => {
    assertEquals((await createClient(Trial, channel).one({ body: BODY })).body!.length, BODY.length);
    assertEquals(tap.plain(), "up");
  });
  await tapped({ compression: "gzip" }, most(PLAIN), echo, async (channel) => {
    const error = await failure(createClient(Trial, channel).one({ body: BODY }));
    assertEquals(error.code, Status.RESOURCE_EXHAUSTED);
    assertMatch(error.details, /above the limit of 50000 bytes .*service config/);
  });
});

test("[C77] a slow reader of compressed messages gets all of them, in their order, and the end", async () => {
  const number = 200;
  await tapped({ compression: "gzip" }, { compression: "gzip" }, {
    async *down() {
      for (let i = 0; i < number; i++) yield { number: i, body: BODY };
    },
    async up(notes) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      let count = 0;
      for await (const note of notes) {
        if (note.number !== count++) throw new Error("out of order");
        await Promise.resolve();
      }
      return { number: count };
    },
  }, async (channel) => {
    const client = createClient(Trial, channel);
    const responses = client.down({})[Symbol.asyncIterator]();
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (let i = 0; i < number; i++) {
      const { value } = await responses.next();
      assertEquals([(value as Note).number, (value as Note).body!.length], [i, BODY.length]);
    }
    assertEquals((await responses.next()).done, true);
    const requests = Array.from({ length: number }, (_, i) => ({ number: i, body: BODY }));
    assertEquals((await client.up(requests)).number, number);
  });
});

/** Writes notes, one after another, each with its options. */
class Sender extends ClientBidiReactor<Note, Note> {
  readonly lengths: number[] = [];
  status = -1;
  constructor(private readonly writes: Array<{ noCompression: boolean }>) {
    super();
  }
  begin(): void {
    this.startRead();
    this.next();
    this.startCall();
  }
  private next(): void {
    const options = this.writes.shift();
    if (options === undefined) this.startWritesDone();
    else this.startWrite({ body: BODY }, options);
  }
  override onWriteDone(ok: boolean): void {
    if (ok) this.next();
  }
  override onReadDone(ok: boolean): void {
    if (!ok) return;
    this.lengths.push(this.message.body!.length);
    this.startRead();
  }
  override onDone({ code }: { code: number }): void {
    this.status = code;
  }
}

class Echo extends ServerBidiReactor<Note, Note> {
  private count = 0;
  override onReadDone(ok: boolean): void {
    if (!ok) return this.finish("OK");
    this.startWrite(this.message, { noCompression: this.count++ === 1 });
  }
  override onWriteDone(): void {
    this.startRead();
  }
  override onDone(): void {}
}

test("[C73] reactors: both sides, and noCompression of one write", async () => {
  await tapped({}, {}, {
    both: reactor((context) => {
      context.compression = "deflate";
      const echo = new Echo(context);
      echo.startRead();
      return echo;
    }),
  }, async (channel, tap) => {
    for (const [writes, plain] of [[[false], "none"], [[true], "up"], [[false, false], "down"]] as const) {
      const sender = new Sender(writes.map((noCompression) => ({ noCompression })));
      createReactorClient(Trial, channel).both(sender, { compression: "gzip" });
      sender.begin();
      await until(() => sender.status >= 0);
      assertEquals([sender.status, sender.lengths], [0, writes.map(() => BODY.length)]);
      assertEquals(tap.plain(), plain);
    }
  });
});

test("what is no compression is refused where it is given", () => {
  const bad = { compression: "brotli" } as unknown as ChannelOptions;
  assertThrows(
    () => new Channel("127.0.0.1:1", bad),
    TypeError,
    'compression has the string "brotli"; there is',
  );
  assertThrows(() => new Server(bad as ServerOptions), TypeError, "compression");
  for (const acceptCompression of ["gzip", ["identity"], [1]] as unknown as Array<["gzip"]>) {
    assertThrows(() => new Channel("127.0.0.1:1", { acceptCompression }), TypeError, "acceptCompression");
  }
  using channel = new Channel("127.0.0.1:1");
  const call = () => createClient(Trial, channel).one({}, bad as object);
  assertThrows(call, TypeError, "Cannot call /trial.Trial/One: compression has");
});

test("[C73] a call that is made again sends what it sent: compressed, but for what is not to be", async () => {
  const sent: number[][] = [[], []];
  const octets = [0, 0];
  const server = await rawServer((frame, send) => {
    if (frame.type !== "DATA") return;
    const attempt = frame.id === 1 ? 0 : 1;
    if (frame.payload.length > 0) sent[attempt]!.push(frame.payload[0]!);
    octets[attempt]! += frame.payload.length;
    if ((frame.flags & END_STREAM) === 0) return;
    send(rst(frame.id, attempt === 0 ? ErrorCode.REFUSED_STREAM : ErrorCode.CANCEL));
  });
  const channel = new Channel(`127.0.0.1:${server.port}`, { compression: "gzip" });
  try {
    const body = new Uint8Array(2_000);
    const call = createClient(Trial, channel).up([{ body }, uncompressed({ body }), { body }]);
    assertEquals((await failure(call)).code, Status.CANCELLED);
    assertEquals(sent, [[1, 0, 1], [1, 0, 1]]);
    assertEquals([octets[0] === octets[1], octets[0]! > 2_000, octets[0]! < 2_300], [true, true, true]);
  } finally {
    await channel[Symbol.asyncDispose]();
    server.close();
  }
});
