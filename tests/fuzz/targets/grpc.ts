// gRPC framing and header sections fed arbitrary bytes.
import { parseRequest, parseResponse, parseTrailers } from "../../../transport/grpc/headers.ts";
import { MessageReader } from "../../../transport/grpc/message_reader.ts";
import { decodePercent, encodePercent } from "../../../transport/grpc/percent.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { malformedReason } from "../../../transport/http2/header_validation.ts";
import { requestRules } from "../../../transport/http2/request_validation.ts";
import { ReceivedMemory } from "../../../transport/http2/received_memory.ts";
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
    invariant(messagesOf(input, () => 1) === whole, "messages differ when octets come one by one");
  },
};

const latin1 = (text: string) => Uint8Array.from(text, (unit) => unit.charCodeAt(0));

/** Header sections: names and values as lines, all octets as they may come over the wire. */
export const headers: FuzzTarget = {
  name: "headers",
  about:
    "what HTTP/2 lets through is read as a call's beginning, answer or end, and a message survives its coding",
  mostBytes: 600,
  seeds: () =>
    [
      ":method\nPOST\n:scheme\nhttp\n:path\n/a.B/C\ncontent-type\napplication/grpc+proto\ngrpc-timeout\n15S\nx-bin\nAAE",
      ":status\n200\ncontent-type\napplication/grpc\ngrpc-encoding\nidentity\ngrpc-accept-encoding\ngzip",
      "grpc-status\n5\ngrpc-message\nno %C3%A9t%C3%A9 %\ngrpc-status-details-bin\nCAU=",
      ":status\n503\ncontent-type\ntext/html\ngrpc-message\nx",
    ].map(latin1),
  run(input) {
    const lines = Array.from(input, (byte) => String.fromCharCode(byte)).join("").split("\n");
    if (lines.length % 2 === 1) lines.pop();
    const read = { request: parseRequest, response: parseResponse, trailers: parseTrailers };
    for (const kind of ["request", "response", "trailers"] as const) {
      const list = HeaderList.ofStrings(lines);
      const reason = malformedReason(list, kind, kind === "request" ? requestRules : undefined);
      reached(reason ?? kind);
      if (reason === undefined) checkHead(read[kind](list));
    }
    const message = new TextDecoder("utf-8", { ignoreBOM: true }).decode(input);
    const sent = encodePercent(message);
    invariant(/^[ -~]*$/.test(sent) && sent.trim() === sent, `${JSON.stringify(sent)} is no field value`);
    invariant(decodePercent(sent) === message, `a message becomes ${JSON.stringify(decodePercent(sent))}`);
  },
};

/** What a head must be in any case. */
function checkHead(
  head: ReturnType<typeof parseRequest | typeof parseResponse | typeof parseTrailers>,
): void {
  if ("code" in head) {
    invariant(Number.isInteger(head.code) && head.code >= 0 && head.code <= 16, `status ${head.code}`);
  } else if ("timeoutMs" in head && head.timeoutMs !== undefined) {
    invariant(head.timeoutMs >= 0 && Number.isFinite(head.timeoutMs), `a timeout of ${head.timeoutMs} ms`);
  }
  for (const [name, part] of Object.entries(head)) {
    reached(`${name} ${typeof part === "string" ? part.slice(0, 20) : typeof part}`);
  }
}

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
    new ReceivedMemory(),
    LIMIT,
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
