// `npm run proxy`: the proxy on a runtime from npm.
import { runByHand } from "../../.ci/by_hand.mjs";

runByHand("proxy", import.meta.url, ["proxy"]);
