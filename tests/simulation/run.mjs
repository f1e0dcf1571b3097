// `npm run simulate`: replays one seed with its trace, or looks for seeds that fail.
import { launch } from "../launch.mjs";
import { OPTIONS, USAGE } from "./options.mjs";

launch(new URL("./replay.ts", import.meta.url), USAGE, OPTIONS);
