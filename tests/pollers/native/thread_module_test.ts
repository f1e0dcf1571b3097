// Where a thread's module is: its file, or its text where a bundle has left the file behind.
import { assertEquals, assertThrows } from "@std/assert";
import { Thread, whyNoThread } from "../../../pollers/native/thread.ts";
import { threadModule } from "../../../pollers/native/thread_module.ts";
import { test } from "../../harness.ts";

const here = new URL(import.meta.url);
const missing = new URL("./no_such_worker.js", import.meta.url);
const noUrl = (): URL => new URL("./no_such_worker.js", undefined);

test("a thread's module is its file where that can be read, and else its text", () => {
  assertEquals(threadModule(() => here, "0")(), here);
  assertEquals(threadModule(() => missing, "0")().href, "data:text/javascript;base64,MA==");
  assertEquals(threadModule(noUrl, "0")().protocol, "data:");
  assertEquals(threadModule(() => missing)(), missing);
  assertThrows(threadModule(noUrl), TypeError);
});

test("a thread runs from the text of its module", async () => {
  const text =
    'import { parentPort } from "node:worker_threads"; parentPort.postMessage({ pollwire: "from the text" });';
  const locate = threadModule(noUrl, text);
  assertEquals(whyNoThread(locate), undefined);
  const got: unknown[] = [];
  const thread = new Thread(locate(), undefined, (message) => void got.push(message));
  await thread.ended;
  assertEquals(got, ["from the text"]);
});
