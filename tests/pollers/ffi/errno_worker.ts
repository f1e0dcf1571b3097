// A thread that makes failing calls, and tells how many had the wrong errno.
import { postToOwner, startData } from "../../../pollers/native/thread.ts";
import { countWrongErrnos } from "./failing_calls.ts";
import { libc } from "./setup.ts";

const times = startData();
if (typeof times === "number") postToOwner(countWrongErrnos(libc(), times));
