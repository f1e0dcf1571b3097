// `npm run route-guide -- server` and `npm run route-guide -- client`: the example on a runtime from npm.
import { runByHand } from "../../.ci/by_hand.mjs";

runByHand("route-guide", import.meta.url);
