// Compressed messages fed arbitrary bytes, to a reader that takes them now and then.
import { ExecCtx } from "../../../pollers/contract/exec_ctx.ts";
import type { MessageEncoding } from "../../../transport/grpc/compression.ts";
import { NO_HEADERS } from "../../../transport/grpc/headers.ts";
import { ClientInflation } from "../../../transport/grpc/inflation.ts";
import { GrpcStatus } from "../../../transport/grpc/status_mapping.ts";
import { ReceivedMemory } from "../../../transport/http2/received_memory.ts";
import { type FuzzTarget, invariant } from "../target.ts";
import { reached } from "../trace.ts";

/** Above what is inflated ahead, so that messages wait. */
const LIMIT = 70_000;

const STATUS = {
  code: GrpcStatus.OK,
  message: "",
  metadata: NO_HEADERS,
  cause: undefined,
  unprocessed: false,
};

/** Three octets make as many of the last one as the first two say, fourfold. */
const TOY: MessageEncoding = {
  name: "toy",
  compress: (bytes) => bytes,
  inflate(bytes, maxBytes) {
    if (bytes.length !== 3) return { tooLarge: false, reason: `${bytes.length} octets` };
    const length = (bytes[0]! << 8 | bytes[1]!) * 4;
    return length > maxBytes
      ? { tooLarge: true, reason: `${length} octets` }
      : new Uint8Array(length).fill(bytes[2]!);
  },
};

/** Messages of a stream with an encoding. */
export const inflation: FuzzTarget = {
  name: "inflation",
  about:
    "compressed messages are the same however DATA is split and they are taken, none is above the limit, and the status is last",
  mostBytes: 500,
  seeds: () => [
    Uint8Array.from([15_000, 15_000, 15_000, 1].flatMap(packed)),
    Uint8Array.from([0, LIMIT / 4, LIMIT / 4 + 1].flatMap(packed)),
    Uint8Array.from([...packed(17_000), 0, 0, 0, 0, 1, 7, ...packed(17_000), 1, 0, 0, 0, 1, 0]),
    Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7),
  ],
  run(input) {
    const whole = messagesOf(input, () => input.length, 1);
    const split = messagesOf(input, (at) => 1 + (input[at]! % 50), 3);
    invariant(whole === split, `messages differ:\n${whole}\n${split}`);
  },
};

function packed(quarter: number): number[] {
  return [1, 0, 0, 0, 3, quarter >> 8, quarter & 255, quarter & 255];
}

/** What comes of `stream` where `most` messages are taken together. */
function messagesOf(
  stream: Uint8Array,
  size: (at: number) => number,
  most: number,
): string {
  const seen: string[] = [];
  const waiting: number[] = [];
  const execCtx = new ExecCtx(() => {}, (error) => {
    throw error;
  });
  let given = 0;
  let ended = false;
  const inflation: ClientInflation = new ClientInflation(
    {
      onMessageBytes: () => invariant(false, "a message passed its inflation"),
      onConsumed: (bytes) => void (given += bytes),
      onMessageError({ code, message }) {
        invariant(!ended, "an error came after the end");
        ended = true;
        reached(message);
        seen.push(`error ${code}`);
      },
    },
    TOY,
    new ReceivedMemory(),
    { receiveBytes: LIMIT, sendBytes: Infinity, encodings: { accepted: [TOY], execCtx } },
  );
  const take = (): void => {
    for (const wireBytes of waiting.splice(0)) given += inflation.reader.taken(wireBytes);
    execCtx.enter(() => {}, undefined);
  };
  inflation.sink = {
    onHeaders() {},
    onWritable() {},
    onSent() {},
    onMessage(bytes, wireBytes) {
      invariant(!ended, "a message came after the end");
      invariant(bytes.length <= LIMIT, `a message of ${bytes.length} octets`);
      seen.push(`${bytes.length} ${bytes[0]} ${bytes[bytes.length - 1]}`);
      waiting.push(wireBytes);
    },
    onStatus({ code }) {
      invariant(!ended, "a second end came");
      ended = true;
      if (code !== GrpcStatus.OK) seen.push(`error ${code}`);
    },
  };
  for (let at = 0; at < stream.length && !ended;) {
    const end = Math.min(stream.length, at + size(at));
    inflation.reader.read(stream.slice(at, end));
    if (waiting.length >= most) take();
    at = end;
  }
  if (!ended) inflation.onStatus(STATUS);
  while (waiting.length > 0) take();
  invariant(ended, "the status never came");
  invariant(given <= stream.length, `${given} octets were given back of ${stream.length}`);
  return lastOf(seen);
}

/** What waits when an error comes is dropped, and may be wrong itself: of such a stream only that there is an error is compared. */
function lastOf(seen: readonly string[]): string {
  const last = seen[seen.length - 1] ?? "";
  return last.startsWith("error") ? "error" : seen.join();
}
