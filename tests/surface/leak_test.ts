// Nothing of a call, a stream or a connection is left once it is over, nor of what listened to a call's signal, nor of TLS
// credentials and engines.
import { assertLess } from "@std/assert";
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtime, test } from "../harness.ts";

/** A leak of two bytes a call, or of 1 KiB a stream, is above it; noise of the heap is not. */
const ALLOWED_BYTES = 2 * 1024 * 1024;

/** Of 100: JavaScriptCore takes what looks like a pointer on the stack for one. */
const FEW_CONTEXTS = 10;

/** Of 20, for the same reason. */
const FEW_ENGINES = 5;

test("a million calls, streams, connections, listeners, TLS and engines leave nothing behind", async () => {
  const script = fileURLToPath(new URL("./leak/soak.ts", import.meta.url));
  const flags = runtime === "deno" ? ["run", "-A", "--no-check", "--v8-flags=--expose-gc"] : ["run"];
  const output = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, [...flags, script], (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stderr}`));
    })
  );
  const heap = JSON.parse(output) as Record<string, number>;
  for (const when of ["afterCalls", "afterStreams", "afterConnections", "afterListeners"]) {
    assertLess(heap[when]! - heap["before"]!, ALLOWED_BYTES, `${when}: ${output}`);
  }
  assertLess(heap["contexts"]!, FEW_CONTEXTS, output);
  assertLess(heap["engines"]!, FEW_ENGINES, output);
}, { timeoutMs: 90_000 });
