// Has every test of the importing file wait until the engines that its channels and servers shared are gone: `close`
// waits for nothing, and what ends a moment later would count as the next test's.
import { engineCount } from "../surface/engines.ts";
import { afterTest } from "./harness.ts";

/** Engines that a test before has left, which says so itself: the others do not wait for them. */
let left = 0;

afterTest(async () => {
  for (let tries = 0; engineCount() > left && tries < 400; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  left = engineCount();
});
