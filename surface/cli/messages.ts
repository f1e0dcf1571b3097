// Request messages of a command: JSON of -d, of a file or of stdin, as messages of a method's type.

import type { JsonCodec } from "../proto/json/json_codec.ts";
import { JsonError, NOT_IN_REGISTRY } from "../proto/errors.ts";
import { CommandError } from "./exit_codes.ts";
import { jsonValues } from "./json_input.ts";
import { anyTypesInJson, codecWith } from "./schema/any_types.ts";
import type { Schema } from "./schema/schema.ts";
import type { Terminal } from "./terminal.ts";

/** What -d says: its octets. "@" is stdin, until its end or until `signal` is aborted; "@file" a file. */
export function dataOf(
  data: string | undefined,
  terminal: Terminal,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  if (data === "@") return inputOf(terminal, signal);
  return once(async () => {
    if (data === undefined) return new Uint8Array(0);
    if (!data.startsWith("@")) return new TextEncoder().encode(data);
    try {
      return await terminal.readFile(data.slice(1));
    } catch (error) {
      throw new CommandError((error as Error).message);
    }
  });
}

async function* inputOf(terminal: Terminal, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    const pieces = terminal.input()[Symbol.asyncIterator]();
    let end = (): void => {};
    signal.addEventListener("abort", () => end());
    while (true) {
      signal.throwIfAborted();
      // Whoever types may never end it, and nobody else can.
      const { done, value } = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        end = () => reject(signal.reason);
        pieces.next().then(resolve, reject);
      });
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw new CommandError(`Cannot read stdin: ${(error as Error).message}`);
  }
}

async function* once(read: () => Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield await read();
}

/** Messages of `codec`, one for each value of JSON, as soon as it is there. Throws CommandError that says which one is wrong. */
export async function* readMessages(
  schema: Schema,
  codec: JsonCodec,
  data: AsyncIterable<Uint8Array>,
  ignoreUnknownFields: boolean,
): AsyncGenerator<unknown> {
  let number = 0;
  for await (const text of jsonValues(data)) {
    number++;
    const names = anyTypesInJson(text);
    const whole = names.size === 0 ? codec : await codecWith(schema, codec, names);
    try {
      yield whole.fromJsonString(text, { ignoreUnknownFields });
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      const here = `is not in ${schema.origin}; give --proto files that declare it and the method`;
      const message = error.message.replace(NOT_IN_REGISTRY, () => here); // which is said to programs
      throw new CommandError(number === 1 ? message : `${message} (in message ${number})`);
    }
  }
}

/** The one message of a method that takes one; the empty message where there is none. */
export async function readMessage(
  schema: Schema,
  codec: JsonCodec,
  data: AsyncIterable<Uint8Array>,
  ignoreUnknownFields: boolean,
  method: string,
): Promise<unknown> {
  let found: { readonly message: unknown } | undefined;
  for await (const message of readMessages(schema, codec, data, ignoreUnknownFields)) {
    if (found !== undefined) {
      throw new CommandError(`Cannot call ${method}: it takes one message, and there are more`);
    }
    found = { message };
  }
  return found === undefined ? codec.decode(new Uint8Array(0)) : found.message;
}
