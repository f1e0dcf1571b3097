// Where JavaScriptCore keeps the fields of calls: in the objects themselves.

import { assertEquals } from "@std/assert";
import { NO_OPTIONS } from "../../../surface/client/call_options.ts";
import { SingleResponseCall } from "../../../surface/promise/client_calls.ts";
import { StreamingResponseCall } from "../../../surface/promise/streaming_calls.ts";
import { PromiseServerCall } from "../../../surface/promise/server_calls.ts";
import { runtime, test } from "../../harness.ts";

const skip = runtime === "bun" ? undefined : "V8 makes an object as large as its constructors fill";

test("a call's fields lie in its object: none in memory that moves as it grows", async () => {
  const { jscDescribe } = await import("bun:jsc" as string) as { jscDescribe(value: object): string };
  // deno-lint-ignore no-explicit-any
  const any = { callBegins() {}, observers: {}, kind: "unary" } as any;
  const calls = [
    () => new SingleResponseCall(any, any, any, {}, false, NO_OPTIONS),
    () => new StreamingResponseCall(any, any, any, {}, false, NO_OPTIONS),
    () => new PromiseServerCall(any, any, any, any, any, 0, any),
  ];
  for (const make of calls) {
    make(); // the first object of a class shows how large the others are to be
    const outside = /, (\d+)\/\d+\)\{/.exec(jscDescribe(make()))?.[1];
    assertEquals(outside, "0", make().constructor.name);
  }
}, { skip });
