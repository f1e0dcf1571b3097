import { assert, assertEquals } from "@std/assert";
import { openLibc } from "../../../pollers/ffi/libc.ts";
import { Thread } from "../../../pollers/native/thread.ts";
import { test } from "../../harness.ts";
import { countWrongErrnos } from "./failing_calls.ts";
import { EBADF, EINVAL } from "./numbers.ts";
import { libc, noLibc } from "./setup.ts";

const skip = noLibc;
const CALLS = 50_000;

test("the C library is opened once a thread", () => {
  assertEquals(openLibc(), openLibc());
  const opened = openLibc();
  assert(opened.ok && opened.libc === libc());
}, { skip });

test("errno is that of the last call that failed", () => {
  assertEquals([libc().close(-1), libc().errno()], [-1, EBADF]);
  assertEquals([libc().eventfd(0, -1), libc().errno()], [-1, EINVAL]);
}, { skip });

test(
  "errno is right after each of many failing calls, on four threads at once and amid garbage",
  async () => {
    const wrong: unknown[] = [];
    const threads = [1, 2, 3].map(() =>
      new Thread(new URL("./errno_worker.ts", import.meta.url), CALLS, (message) => wrong.push(message))
    );
    const here = countWrongErrnos(libc(), CALLS);
    const ends = await Promise.all(threads.map((thread) => thread.ended));
    assertEquals(ends.map(({ error }) => error), [undefined, undefined, undefined]);
    assertEquals([here, ...wrong], [0, 0, 0, 0]);
  },
  { skip },
);
