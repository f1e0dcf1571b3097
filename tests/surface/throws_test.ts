// Every place where the library calls the application, with an application that throws there: what it throws ends its own
// call at most, is reported exactly once, and everything beside it and after it goes on.
import { assertEquals } from "@std/assert";
import { describePollers } from "pollwire";
import { runtime, test } from "../harness.ts";
import { Program } from "../pollers/program.ts";
import { PLACES, runPlace } from "./throwing_places.ts";

const program = new URL("./throwing_places.ts", import.meta.url);

for (const { name: poller, usable, because } of describePollers()) {
  if (poller === "node" || poller === "iocp") continue;
  const options = { skip: usable ? undefined : because, timeoutMs: 60_000 };

  test(`throws: every place where the library calls the application (${poller})`, async () => {
    for (const place of PLACES) {
      if (runtime === "deno" || !place.uncaught) await runPlace(place, poller);
    }
  }, options);

  test(`throws: what listeners throw that the runtime calls ends no process (${poller})`, async () => {
    const { code, output } = await new Program(program, [poller]).ended;
    assertEquals([output, code], ["2 places\n", 0]);
  }, options);
}
