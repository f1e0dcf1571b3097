// `npm run fuzz`: long runs of the fuzz targets.
//
//   npm run fuzz -- --name=hpack --seconds=600
//   npm run fuzz -- --seconds=60 --seed=7 --runtime=bun
import { launch } from "../launch.mjs";

launch(new URL("./main.ts", import.meta.url));
