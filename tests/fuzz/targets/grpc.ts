// gRPC framing fed arbitrary bytes.
import { MessageReader } from "../../../transport/grpc/message_reader.ts";
import { type FuzzTarget, invariant } from "../target.ts";
import { reached } from "../trace.ts";

const LIMIT = 10_000;

/** The message reader, against itself: pieces must not matter, and every octet goes back once. */
export const messageReader: FuzzTarget = {
  name: "messages",
  about:
    "messages are the same however DATA is split, none is above the limit, every octet is given back once",
  mostBytes: 5_000,
  seeds: () => [
    Uint8Array.of(0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0),
    Uint8Array.from([0, 0, 0, 2, 0, ...new Uint8Array(512), 0, 0, 0, 0, 1, 9]),
    Uint8Array.of(1, 0, 0, 0, 1, 0),
  ],
  run(input) {
    const whole = messagesOf(input, () => input.length);
    const split = messagesOf(input, (at) => 1 + (input[at]! % 50));
    invariant(whole === split, `messages differ:\n${whole}\n${split}`);
  },
};

function messagesOf(input: Uint8Array, size: (at: number) => number): string {
  const seen: string[] = [];
  let given = 0;
  let failed = false;
  const waiting: number[] = [];
  const reader: MessageReader = new MessageReader(
    {
      onMessageBytes(bytes, wireBytes) {
        invariant(!failed, "a message came after an error");
        invariant(bytes.length <= LIMIT, "a message is above the limit");
        seen.push(bytes.join());
        waiting.push(wireBytes);
        if (waiting.length === 2) { for (const one of waiting.splice(0)) given += reader.taken(one); }
      },
      onConsumed: (bytes) => void (given += bytes),
      onMessageError(error) {
        invariant(!failed, "two errors came");
        failed = true;
        reached(error.message);
        seen.push(`error ${error.code}`);
      },
    },
    LIMIT,
    "identity",
  );
  for (let at = 0; at < input.length;) {
    const end = Math.min(input.length, at + size(at));
    reader.read(input.slice(at, end));
    at = end;
  }
  for (const one of waiting) given += reader.taken(one);
  invariant(given <= input.length, `${given} octets were given back of ${input.length}`);
  if (!failed && reader.atBoundary) {
    invariant(given === input.length, `${given} of ${input.length} octets came back`);
  }
  return seen.join("\n");
}
