// Handlers that tests run on an executor.
import { existsSync, writeFileSync } from "node:fs";
import process from "node:process";
import { threadId } from "node:worker_threads";
import { type ExecutorCall, Metadata, RpcError } from "../../../mod.ts";
import { HeaderList } from "../../../transport/mod.ts";
import type { Note } from "../serving.ts";

/** Says what it was given. */
export default function answer(
  { text, body }: Note,
  { path, metadata, timeRemainingMs }: ExecutorCall,
): Note {
  const token = metadata.find(([name]) => name === "token")?.[1];
  const inTime = timeRemainingMs !== undefined && timeRemainingMs > 0;
  return {
    text: `${text} ${path} ${token} ${inTime} ${threadId !== 0}`,
    number: threadId,
    body: body!.toReversed(),
  };
}

/** Longer than any test. */
const LIMIT_MS = 15_000;

/** Makes the file `text` plus "1" when it begins, and computes until there is one with "2". */
export function compute({ text }: Note): Note {
  writeFileSync(`${text}1`, "");
  for (const end = performance.now() + LIMIT_MS; !existsSync(`${text}2`);) {
    if (performance.now() > end) throw new Error("nobody has made the file");
  }
  return { number: threadId };
}

export function refuse({ text }: Note): Note {
  throw new RpcError("FAILED_PRECONDITION", `no ${text}`);
}

/** Throws what another server sent, which an application could not set. */
export function passOn(): Note {
  const metadata = Metadata.fromHeaders(HeaderList.of([["x-why", "Gr\u00fc\u00dfe"], ["raw-bin", "AAE"]]));
  throw new RpcError("NOT_FOUND", "gone", { metadata });
}

export function fail(): Note {
  throw new RangeError("a secret");
}

export function exit(): void {
  process.exit(3);
}

/** Ends its thread by an error that nobody awaits. */
export function throwLater(): Promise<Note> {
  setTimeout(() => {
    throw new Error("a secret");
  }, 1);
  return new Promise(() => {});
}
