// A program that runs a job on an executor and does not shut it down: the job holds the process, its thread does not.
import { Executor } from "../../../../mod.ts";

const executor = new Executor({ maxThreads: 2 });
void executor.run<number>(new URL("../jobs.ts", import.meta.url), "default", [1, 2]).then((sum) => {
  console.log(`sum ${sum}`);
});
