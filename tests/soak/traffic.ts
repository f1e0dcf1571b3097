// The calls of a soak: every kind there is, each of which knows how it must end.
import { Metadata, RpcError, Status } from "pollwire";
import type { SeededRandom } from "../../pollers/simulated/mod.ts";
import { checkPart, ECHO, failureText, type Part, part, type SoakClient } from "./service.ts";

/** No call takes this long unless it is stuck. */
const STUCK_MS = 30_000;

/** What the server is asked to wait where the call is to end before. */
const TOO_LONG_MS = 20_000;

/** What a call is made with. */
export interface Trip {
  readonly client: SoakClient;
  readonly random: SeededRandom;
  readonly number: number;
}

/** A kind of call; `run` resolves with whether the call ended with the error it was to end with, and rejects where it is wrong. */
export interface Kind {
  readonly name: string;
  /** How often, of the sum of all. */
  readonly weight: number;
  run(trip: Trip): Promise<boolean>;
}

const size = (random: SeededRandom) =>
  random.chance(0.8)
    ? random.below(1_000)
    : random.chance(0.9)
    ? random.below(64_000)
    : random.below(400_000);

/** The error that `call` ends with, which must have `code`. */
async function fails(call: Promise<unknown>, code: number): Promise<RpcError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof RpcError && error.code === code) return error;
    throw error;
  }
  throw new Error(`succeeded, and was to fail with ${code}`);
}

async function readAll(responses: AsyncIterable<Part>, call: number, count: number, bytes: number) {
  let place = 0;
  for await (const found of responses) checkPart(found, call, place++, bytes);
  if (place !== count) throw new Error(`had ${place} messages, expected ${count}`);
}

function* parts(call: number, count: number, bytes: number): Generator<Part> {
  for (let place = 0; place < count; place++) yield part(call, place, bytes);
}

const OPTIONS = { deadlineMs: STUCK_MS };

/** What is drawn from. */
export const KINDS: readonly Kind[] = [
  {
    name: "unary",
    weight: 40,
    async run({ client, random, number }) {
      const bytes = size(random);
      checkPart(await client.unary({ call: number, size: bytes }, OPTIONS), number, 0, bytes);
      return false;
    },
  },
  {
    name: "downloads",
    weight: 12,
    async run({ client, random, number }) {
      const [count, bytes] = [random.below(30), size(random) >> 2];
      await readAll(client.download({ call: number, count, size: bytes }, OPTIONS), number, count, bytes);
      return false;
    },
  },
  {
    name: "uploads",
    weight: 12,
    async run({ client, random, number }) {
      const [count, bytes] = [1 + random.below(30), size(random) >> 2];
      checkPart(await client.upload(parts(number, count, bytes), OPTIONS), number, count, 16);
      return false;
    },
  },
  {
    name: "chats",
    weight: 12,
    async run({ client, random, number }) {
      const [count, bytes] = [random.below(30), size(random) >> 2];
      await readAll(client.chat(parts(number, count, bytes), OPTIONS), number, count, bytes);
      return false;
    },
  },
  {
    name: "with metadata",
    weight: 6,
    async run({ client, number }) {
      const seen: Metadata[] = [];
      const metadata = new Metadata({ [ECHO]: `call ${number}` });
      const onHeaders = (headers: Metadata) => void seen.push(headers);
      const onTrailers = (trailers: Metadata) => void seen.push(trailers);
      const response = await client.unary({ call: number }, { ...OPTIONS, metadata, onHeaders, onTrailers });
      checkPart(response, number, 0, 0);
      const binary = seen[1]?.get(`${ECHO}-bin`);
      if (seen[0]?.get(ECHO) !== `call ${number}`) throw new Error("other initial metadata came back");
      if (!(binary instanceof Uint8Array) || binary.length !== 20 || binary[0] !== (number & 255)) {
        throw new Error("other trailing metadata came back");
      }
      return false;
    },
  },
  {
    name: "errors",
    weight: 8,
    async run({ client, random, number }) {
      const code = 1 + random.below(16);
      const error = await fails(client.unary({ call: number, failWith: code }, OPTIONS), code);
      if (error.details !== failureText(number)) throw new Error(`other words: ${error.message}`);
      return true;
    },
  },
  {
    name: "deadlines",
    weight: 5,
    async run({ client, random, number }) {
      const deadlineMs = 5 + random.below(100);
      await fails(
        client.unary({ call: number, pauseMs: TOO_LONG_MS }, { deadlineMs }),
        Status.DEADLINE_EXCEEDED,
      );
      return true;
    },
  },
  {
    name: "aborts",
    weight: 3,
    async run({ client, random, number }) {
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(), random.below(100));
      const responses = client.download({ call: number, count: 1_000, size: 500, pauseMs: 20 }, {
        ...OPTIONS,
        signal: controller.signal,
      });
      try {
        await fails(readAll(responses, number, 1_000, 500), Status.CANCELLED);
      } finally {
        clearTimeout(timer);
      }
      return true;
    },
  },
  {
    name: "loops left early",
    weight: 2,
    async run({ client, random, number }) {
      let left = 1 + random.below(20);
      let place = 0;
      for await (const found of client.download({ call: number, count: 1_000, size: 500 }, OPTIONS)) {
        checkPart(found, number, place++, 500);
        if (--left === 0) break;
      }
      return false;
    },
  },
];

const TOTAL = KINDS.reduce((sum, { weight }) => sum + weight, 0);

/** A kind, by its weight. */
export function draw(random: SeededRandom): Kind {
  let left = random.below(TOTAL);
  return KINDS.find(({ weight }) => (left -= weight) < 0)!;
}
