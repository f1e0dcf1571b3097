// `npm run fuzz`: long runs of the fuzz targets.
import { launch } from "../launch.mjs";
import { OPTIONS, USAGE } from "./options.mjs";

launch(new URL("./main.ts", import.meta.url), USAGE, OPTIONS);
