// What a thread has of OpenSSL's memory is freed by its owner when the thread is gone, and no more than that.
import { assertEquals } from "@std/assert";
import { Thread } from "../../../pollers/native/thread.ts";
import { freeHoldings } from "../../../transport/tls/openssl/holdings.ts";
import { openOpenSsl } from "../../../transport/tls/openssl/library.ts";
import { test } from "../../harness.ts";
import { countingFrees } from "./counted_frees.ts";
import { authority, shown } from "./secured_pair.ts";

const opened = openOpenSsl();

test("what a thread that dies has of OpenSSL's is freed by its owner, once", async () => {
  let left!: Float64Array;
  const given = { ca: authority.cert, shown };
  const thread = new Thread(
    new URL("./dying_thread.ts", import.meta.url),
    given,
    (holdings) => left = holdings as Float64Array,
  );
  const { error, mayRun } = await thread.ended;
  assertEquals([error?.message.includes("died as asked"), mayRun], [true, false], error?.message);
  const { freed, end } = countingFrees();
  try {
    freeHoldings(left);
    assertEquals(freed, { SSL_SESSION_free: 1, SSL_free: 4, SSL_CTX_free: 2 });
    freeHoldings(left);
    assertEquals(freed, { SSL_SESSION_free: 1, SSL_free: 4, SSL_CTX_free: 2 });
  } finally {
    end();
  }
}, opened.ok ? {} : { skip: opened.because });
