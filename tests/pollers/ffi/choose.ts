// Prints which poller of the list in the first argument is chosen, or the error.
import process from "node:process";
import { selectPoller } from "../../../pollers/mod.ts";

try {
  console.log(selectPoller(process.argv[2]).name);
} catch (error) {
  console.log(String(error));
}
