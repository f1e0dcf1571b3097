// Prints which pollers this runtime can use here, for the runner.
import { describePollers } from "../../pollers/mod.ts";

console.log(JSON.stringify(describePollers()));
