// `npm run chaos`: servers that are killed, frozen, drained and moved under calls, and what became of the calls.
import { launch } from "../launch.mjs";
import { OPTIONS, USAGE } from "./options.mjs";

launch(new URL("./main.ts", import.meta.url), USAGE, OPTIONS);
