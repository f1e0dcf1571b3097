// Messages and metadata larger than the peer takes: they cost their own call, which says so, and no call beside it.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect } from "node:http2";
import { Channel, createClient, Metadata, RpcError, Status } from "pollwire";
import { test } from "../harness.ts";
import { Bench as Frames, END_STREAM } from "../transport/http2/wire.ts";
import { rawServer } from "./raw_server.ts";
import {
  collect,
  echo,
  failure,
  gate,
  type Handlers,
  numbersOf,
  serving,
  Trial,
  type TrialClient,
} from "./serving.ts";

const large = (octets: number) => new Metadata({ "x-large": "v".repeat(octets) });

/** Runs `check` with `handlers` while a stream is open beside, which must end as it would have. */
function besideAStream(handlers: Handlers, check: (client: TrialClient) => Promise<void>): Promise<void> {
  const go = gate();
  const down: Handlers["down"] = async function* () {
    yield { number: 1 };
    await go.opened;
    yield { number: 2 };
  };
  return serving({ ...handlers, down }, async ({ client }) => {
    const notes = client.down({});
    assertEquals((await notes.next()).value, { text: "", number: 1, body: new Uint8Array(0) });
    await check(client);
    go.open();
    assertEquals(numbersOf(await collect(notes)), [2]);
  });
}

for (const octets of [17_000, 300_000]) {
  test(`an error text of ${octets} octets keeps its code and comes as far as the client takes it`, () => {
    const text = "é".repeat(octets / 2);
    return besideAStream({
      one: () => {
        throw new RpcError(Status.INVALID_ARGUMENT, text);
      },
    }, async (client) => {
      const { code, details } = await failure(client.one({}));
      assertEquals(code, Status.INVALID_ARGUMENT);
      // Of 16 KiB, an "é" takes 6 octets.
      assert(text.startsWith(details) && details.length > 2_600, `${details.length} characters came`);
    });
  });

  test(`trailing metadata of ${octets} octets is RESOURCE_EXHAUSTED, which says what the status was`, () =>
    besideAStream({
      one: () => {
        throw new RpcError(Status.ABORTED, "try later", { metadata: large(octets) });
      },
      up: (_requests, call) => {
        call.trailers.set("x-large", "v".repeat(octets));
        return { number: 3 };
      },
    }, async (client) => {
      const thrown = await failure(client.one({}));
      assertEquals([thrown.code, thrown.metadata.size], [Status.RESOURCE_EXHAUSTED, 0]);
      assertMatch(thrown.details, new RegExp(`x-large ${octets + 39},.*the status was ABORTED: try later$`));
      const ok = await failure(client.up([]));
      assertEquals(ok.code, Status.RESOURCE_EXHAUSTED);
      assertMatch(ok.details, /the status was OK$/);
    }));

  test(`initial metadata of ${octets} octets is RESOURCE_EXHAUSTED, and the handler is aborted`, () => {
    const aborted: unknown[] = [];
    return besideAStream({
      one: (_request, call) => {
        call.signal.addEventListener("abort", () => aborted.push((call.signal.reason as RpcError).code));
        call.sendMetadata(large(octets));
        return {};
      },
    }, async (client) => {
      const error = await failure(client.one({}));
      assertEquals(error.code, Status.RESOURCE_EXHAUSTED);
      assertMatch(error.details, new RegExp(`^initial metadata .*x-large ${octets + 39}`));
      assertEquals(aborted, [Status.RESOURCE_EXHAUSTED]);
    });
  });

  test(`request metadata of ${octets} octets is RESOURCE_EXHAUSTED before anything is sent, for calls of every kind`, () => {
    let begun = 0;
    const counting: Handlers = {
      ...echo,
      one: () => (begun++, {}),
      up: () => (begun++, {}),
      both: () => (begun++, []),
    };
    return besideAStream(counting, async (client) => {
      let asked = 0;
      const requests = function* () {
        asked++;
        yield {};
      };
      for (const waitForReady of [false, true]) {
        const options = { metadata: large(octets), waitForReady };
        for (
          const call of [
            client.one({}, options),
            client.up(requests(), options),
            collect(client.down({}, options)),
            collect(client.both(requests(), options)),
          ]
        ) {
          const error = await failure(call);
          assertEquals([error.code, error.endedBy], [Status.RESOURCE_EXHAUSTED, "library"]);
          assertMatch(error.details, new RegExp(`^request metadata .* of 16384: x-large ${octets + 39}`));
        }
      }
      assertEquals([begun, asked], [0, 0]);
      await client.one({}, { metadata: large(10_000) });
      assertEquals(begun, 1);
    });
  });
}

test("trailing metadata that the client does not take: the server's observers see the status that was sent", () =>
  serving({
    one: (_request, call) => {
      call.trailers.set("x-large", "v".repeat(17_000));
      return {};
    },
  }, async ({ client, server }) => {
    const seen: unknown[] = [];
    server.observe({ onCallEnd: ({ code, details, endedBy }) => void seen.push(code, details, endedBy) });
    const { code, details } = await failure(client.one({}));
    assertEquals(seen, [Status.RESOURCE_EXHAUSTED, details, "library"]);
    assertEquals(code, Status.RESOURCE_EXHAUSTED);
  }));

test("both sides take what their settings say", () => {
  const settings = { maxHeaderListSize: 1_000_000 };
  return serving({
    one: (_request, call) => {
      call.sendMetadata(new Metadata({ "x-head": "h".repeat(200_000) }));
      for (const [name, value] of call.metadata) call.trailers.append(name, value);
      throw new RpcError(Status.ABORTED, "m".repeat(200_000));
    },
  }, async ({ client }) => {
    let head = 0;
    const options = {
      metadata: large(200_000),
      onHeaders: (metadata: Metadata) => head = (metadata.get("x-head") as string).length,
    };
    const error = await failure(client.one({}, options));
    const trailer = (error.metadata.get("x-large") as string).length;
    assertEquals([error.code, error.details.length, head, trailer], [
      Status.ABORTED,
      200_000,
      200_000,
      200_000,
    ]);
  }, { server: { settings }, channel: { settings } });
});

test("trailers above our own limit: RESOURCE_EXHAUSTED that names the field and the option, for that call alone", async () => {
  const frames = new Frames("server"); // of which only the encoder is used
  const server = await rawServer(({ type, flags, id }, send) => {
    if (type !== "DATA" || (flags & END_STREAM) === 0) return;
    const head: Array<[string, string]> = [[":status", "200"], ["content-type", "application/grpc"]];
    const message = id === 1 ? "short" : "long ".repeat(3_250);
    send(frames.headers(id, [...head, ["grpc-status", "9"], ["grpc-message", message]], true));
  });
  const channel = new Channel(`127.0.0.1:${server.port}`);
  try {
    const client = createClient(Trial, channel);
    const [first, second] = await Promise.all([failure(client.one({})), failure(client.one({}))]);
    assertEquals([first!.code, second!.code], [Status.FAILED_PRECONDITION, Status.RESOURCE_EXHAUSTED]);
    assertMatch(
      second!.details,
      /above 16384 \(maxHeaderListSize\); the largest field is "grpc-message" with 162/,
    );
    assertEquals(channel.state, "READY");
  } finally {
    channel.close();
    server.close();
  }
});

test("[C82] a request above our own limit: 431, with a status that names the field and the option, for that call alone", () => {
  let begun = 0;
  return serving({ one: () => (begun++, {}) }, async ({ port }) => {
    const session = connect(`http://127.0.0.1:${port}`);
    const head = {
      ":method": "POST",
      ":path": "/trial.Trial/One",
      "content-type": "application/grpc",
      te: "trailers",
    };
    const answer = (extra: Record<string, string>) => {
      const stream = session.request({ ...head, ...extra });
      stream.end(new Uint8Array(5));
      stream.resume();
      return new Promise<Record<string, unknown>>((resolve, reject) =>
        stream.on("response", resolve).on("error", reject)
      );
    };
    const [large, beside] = await Promise.all([answer({ "x-large": "v".repeat(17_000) }), answer({})]);
    assertEquals([large[":status"], large["grpc-status"]], [431, String(Status.RESOURCE_EXHAUSTED)]);
    assertMatch(
      large["grpc-message"] as string,
      /^header list of \d+ bytes is above 16384 \(maxHeaderListSize\); the largest field is "x-large" with 17039$/,
    );
    assertEquals([beside[":status"], begun], [200, 1]);
    session.destroy();
  });
});
