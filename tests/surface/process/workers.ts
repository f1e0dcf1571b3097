// Run by process_test.ts in a process of its own: one reactor worker, until SIGTERM. Prints its port, and each death.
import process from "node:process";
import { startReactorWorkers } from "pollwire";

const workers = await startReactorWorkers({
  module: new URL("../workers/trial_service.ts", import.meta.url),
  address: "127.0.0.1:0",
  threads: 1,
  onWorkerEnd: () => console.log("died."),
});
console.log(`port ${workers.port}.`);
process.once("SIGTERM", async () => {
  await workers.shutdown();
  console.log("stopped");
});
