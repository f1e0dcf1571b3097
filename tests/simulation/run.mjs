// `npm run simulate`: replays one seed with its trace, or looks for seeds that fail.
//
//   npm run simulate -- --seed=17 --steps=12
//   npm run simulate -- --seed=1 --seeds=100000 --runtime=bun
import { launch } from "../launch.mjs";

launch(new URL("./replay.ts", import.meta.url));
