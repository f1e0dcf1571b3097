import { testBothWays } from "./both_ways.ts";
import { go } from "./peers.ts";

testBothWays("Go", go);
